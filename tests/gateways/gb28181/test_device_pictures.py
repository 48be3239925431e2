"""A person asks a camera of 2022 for a picture (order by SIP, picture by HTTP), on real sockets."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog, AuditQuery
from fengtai.domain.live.model import DevicePicture
from fengtai.domain.live.service import PICTURES_KEPT_HOURS, TICKS_A_LOOK, LiveDesk
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.gateways.gb28181.running import Running
from fengtai.gateways.gb28181.uploads import MOST_BYTES, PictureUploads
from fengtai.protocols.gb28181 import DeviceFaults, jpeg_size
from fengtai.storage.local_files import LocalFiles
from fengtai.vocabulary.errors import Conflict, NotFound, Unavailable

from .conftest import CAMERA, DEVICE, House, TracedMedia, Visit, a_jpeg
from .test_devices_on_sockets import until

DUTY = acting(Role.OPERATOR, name="li", user_id="2")


class NoStreams:
    """No live picture runs."""


@pytest.fixture
def files(tmp_path) -> LocalFiles:
    return LocalFiles(tmp_path / "objects")


@pytest.fixture
def live(house: House, files: LocalFiles) -> LiveDesk:
    point = Point(
        id="gate", number=1, code=CAMERA, name="东门", organisation_id="", device_id=DEVICE, channel_id=CAMERA
    )
    house.transactions.run(lambda uow: uow.store(PointStore).save(point))
    return LiveDesk(transactions=house.transactions, streams=NoStreams(), pictures=files)  # type: ignore[arg-type]


def acts(house: House) -> list[tuple[str, str, str]]:
    """Oldest first: action, outcome, cause."""
    page = house.transactions.look(lambda uow: uow.store(AuditLog).page(AuditQuery(limit=20)))
    told = [(one.entry.action, one.entry.outcome.value, str(one.entry.details.get("cause", ""))) for one in page]
    return [one for one in reversed(told) if one[0].startswith("live.")]


async def test_the_camera_takes_it_uploads_it_and_it_is_shown(
    house: House, live: LiveDesk, gateway: Running, visit: Visit
) -> None:
    device = await visit(gateway.port, edition="3.0")
    await device.registered()
    (picture,) = await live.device_pictures("gate", DUTY, "noise reported", commands=gateway)
    assert jpeg_size(await live.device_picture("gate", picture.id, DUTY)) == (32, 16)
    assert acts(house) == [
        ("live.device_snapshot", "intent", ""),
        ("live.device_snapshot", "done", ""),
        ("live.device_picture", "intent", ""),
        ("live.device_picture", "done", ""),
    ]
    assert gateway.status()["pictures_taken"] == 1


async def test_several_are_taken_one_after_the_other(live: LiveDesk, gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port, edition="3.0", transport="tcp")
    await device.registered()
    assert len({one.id for one in await live.device_pictures("gate", DUTY, count=2, commands=gateway)}) == 2


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (DeviceFaults(refuses_orders=True), "The device answers ERROR: not supported"),
        (DeviceFaults(uploads="nothing"), "could not upload the picture"),
        (DeviceFaults(uploads="text"), "is no picture: a JPEG begins with FF D8"),
    ],
    ids=["refuses", "nothing", "text"],
)
async def test_why_there_is_none_is_told_in_one_sentence(
    house: House, live: LiveDesk, gateway: Running, visit: Visit, faults: DeviceFaults, sentence: str
) -> None:
    device = await visit(gateway.port, edition="3.0", faults=faults)
    await device.registered()
    with pytest.raises(Unavailable, match=sentence):
        await live.device_pictures("gate", DUTY, commands=gateway)
    assert [(outcome, sentence in cause) for _, outcome, cause in acts(house)] == [("intent", False), ("failed", True)]


async def test_a_camera_that_sends_nothing_is_waited_for_so_long(house: House, live: LiveDesk, visit: Visit) -> None:
    gateway = await house.open(picture_wait_seconds=0.1)
    try:
        device = await visit(gateway.port, edition="3.0", faults=DeviceFaults(uploads="silence"))
        await device.registered()
        with pytest.raises(Unavailable, match=r"took the order, but no picture came within 0\.1 s"):
            await live.device_pictures("gate", DUTY, commands=gateway)
    finally:
        await gateway.stop()


async def test_a_camera_of_2016_is_not_asked(live: LiveDesk, gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port, edition="2.0")
    await device.registered()
    with pytest.raises(Conflict, match="an edition before 2022"):
        await live.device_pictures("gate", DUTY, commands=gateway)


async def test_pictures_go_when_they_have_had_their_time(house: House, live: LiveDesk, files: LocalFiles) -> None:
    now_ms = house.transactions.look(lambda uow: uow.now.utc_ms)
    old, new = (
        DevicePicture(id=f"{now_ms - hours * 3_600_000}-0123456789ab", point_id="gate", size_bytes=1)
        for hours in (PICTURES_KEPT_HOURS + 1, PICTURES_KEPT_HOURS - 1)
    )
    for one in (old, new):
        await files.put(one.key, b"x")
    for _ in range(TICKS_A_LOOK):
        await live.tick()
    assert await live.device_picture("gate", new.id, DUTY) == b"x"
    with pytest.raises(NotFound):
        await live.device_picture("gate", old.id, DUTY)
    with pytest.raises(NotFound):
        await live.device_picture("gate", "../../vault", DUTY)


# -- the receiver against strangers ------------------------------------------------------------------------------


@pytest.fixture
async def uploads() -> AsyncIterator[PictureUploads]:
    receiver = PictureUploads(host="127.0.0.1", advertised="127.0.0.1", port=0)
    yield receiver
    await receiver.stop()


async def put(address: str, content: bytes, **headers: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.put(address, content=content, headers=headers)).status_code


async def test_only_what_was_asked_is_taken_and_only_once(uploads: PictureUploads) -> None:
    session, address = await uploads.open(DEVICE, "127.0.0.1", count=1)
    assert len(session.id) == 48
    assert await put(address[:-1] + ("0" if address[-1] != "0" else "1"), a_jpeg()) == 404
    assert await put(address, b"GIF89a") == 415
    assert await put(address + "/3402000000132000000102.jpg", a_jpeg()) == 200
    assert await put(address, a_jpeg()) == 404
    assert len(session.pictures) == 1


async def test_after_the_question_nobody_listens(uploads: PictureUploads) -> None:
    session, address = await uploads.open(DEVICE, "127.0.0.1", count=1)
    await uploads.close(session)
    with pytest.raises(httpx.ConnectError):
        await put(address, a_jpeg())


async def test_another_host_is_turned_away_unless_the_settings_say_otherwise(uploads: PictureUploads) -> None:
    session, address = await uploads.open(DEVICE, "10.0.0.9", count=1)
    assert await put(address, a_jpeg()) == 403
    assert "not from the device" in session.refused
    anywhere = PictureUploads(host="127.0.0.1", advertised="127.0.0.1", port=0, from_anywhere=True)
    _, address = await anywhere.open(DEVICE, "10.0.0.9", count=1)
    assert await put(address, a_jpeg()) == 200
    await anywhere.stop()


async def test_a_form_is_read_as_well(uploads: PictureUploads) -> None:
    session, address = await uploads.open(DEVICE, "127.0.0.1", count=1)
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(address, files={"file": ("a.jpg", a_jpeg(), "image/jpeg")}, data={"name": "a"})
    assert answer.status_code == 200
    assert session.pictures == [a_jpeg()]


async def test_what_is_too_large_is_not_read(uploads: PictureUploads) -> None:
    session, address = await uploads.open(DEVICE, "127.0.0.1", count=1)
    port = int(address.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /pictures/{session.id} HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n"
    writer.write(head.encode())
    assert (await reader.read()).startswith(b"HTTP/1.1 413")
    writer.close()
    await until(lambda: uploads.refused == 1)


@pytest.mark.parametrize("junk", [b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"A" * 40_000])
async def test_noise_gets_an_error_and_harms_nothing(uploads: PictureUploads, junk: bytes) -> None:
    session, address = await uploads.open(DEVICE, "127.0.0.1", count=1)
    port = int(address.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(junk)
    writer.write_eof()
    await reader.read()
    writer.close()
    assert await put(address, a_jpeg()) == 200
    assert len(session.pictures) == 1


async def test_a_picture_is_taken_for_the_device_that_was_asked_only(
    live: LiveDesk, gateway: Running, visit: Visit, media: TracedMedia
) -> None:
    other = await visit(gateway.port, device_id="34020000001180000006", edition="3.0")
    await other.registered()
    with pytest.raises(Unavailable):  # the one that was asked is not there
        await live.device_pictures("gate", DUTY, commands=gateway)
    other.tell(lambda endpoint, now: endpoint.tell_snapshots("f" * 48, ["x"], now))
    await until(lambda: gateway.status()["devices_online"] == 1)
    assert media.calls == []

"""A gateway and a simulated device, on real UDP and TCP sockets."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from fengtai.apps.clocks import SystemClock
from fengtai.domain.devices.model import Device, Enrolment, OpenCall, Presence
from fengtai.domain.devices.ports import CallStore, DeviceStore
from fengtai.domain.live.model import Receiver, Stage, Transport
from fengtai.gateways.gb28181.running import Running
from fengtai.vocabulary.errors import Unavailable

from .conftest import CAMERA, CAMERAS, DEVICE, ENGINEER, House, TracedMedia, Visit

pytestmark = pytest.mark.parametrize("transport", ["udp", "tcp"])


async def until(true: Callable[[], object], *, within_seconds: float = 5.0) -> None:
    """Let the loop run until it is so; fails after the patience."""
    async with asyncio.timeout(within_seconds):
        while not true():
            await asyncio.sleep(0.002)


async def known(house: House) -> Device:
    return (await house.devices.get(DEVICE, by=ENGINEER)).device


def receiver(port: int = 30_000, transport: Transport = Transport.UDP, ssrc: int = 200_001_234) -> Receiver:
    return Receiver(stream_id="stream-1", host="127.0.0.1", port=port, ssrc=ssrc, transport=transport)


async def test_a_device_registers_and_its_catalogue_arrives(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    await until(lambda: house.transactions.told("devices.catalogue_changed"))
    await until(lambda: house.transactions.told("devices.came_online"))

    found = await house.devices.get(DEVICE, by=ENGINEER)
    assert found.device.enrolment is Enrolment.ACCEPTED
    assert found.device.presence is Presence.ONLINE
    assert found.device.binding is not None
    assert found.device.binding.transport == transport
    assert [channel.id for channel in found.channels] == [camera.id for camera in CAMERAS]
    assert found.channels[0].name == "东门 1"


async def test_a_wrong_password_is_refused(house: House, gateway: Running, visit: Visit, transport: str) -> None:
    device = await visit(gateway.port, transport=transport, password="wrong")

    assert await device.refused() == 403
    assert await house.devices.page(by=ENGINEER) == []


async def test_an_id_with_its_own_password_is_not_opened_by_the_shared_one(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    sealed = house.vault.seal(b"own-secret", label=f"device:{DEVICE}")
    house.transactions.run(
        lambda uow: uow.store(DeviceStore).save(Device(id=DEVICE, enrolment=Enrolment.ACCEPTED, sealed_password=sealed))
    )
    intruder = await visit(gateway.port, transport=transport)
    assert await intruder.refused() == 403

    owner = await visit(gateway.port, transport=transport, password="own-secret")
    await owner.registered()
    assert (await known(house)).presence is Presence.ONLINE


async def test_an_alarm_is_kept_and_then_answered(house: House, gateway: Running, visit: Visit, transport: str) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()

    assert await device.raise_alarm(CAMERA, 5, 6, 1, "越界入侵 <&>", position=(118.37, 31.33))

    (signal,) = house.alarms.signals
    assert (signal.account, signal.zone, signal.code_system, signal.code) == (DEVICE, CAMERA, "gb28181", "5/6")
    assert signal.text == "越界入侵 <&>"
    assert signal.position is not None
    assert "越界入侵".encode("gb18030") in signal.raw


async def test_an_alarm_that_cannot_be_kept_is_not_acknowledged(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    house.alarms.broken = True

    with pytest.raises(TimeoutError):
        await device.raise_alarm(CAMERA, 2, 0, 1, "help", within_seconds=0.3)
    house.alarms.broken = False
    assert await device.raise_alarm(CAMERA, 2, 0, 1, "help")


@pytest.mark.parametrize("way", [Transport.UDP, Transport.TCP_PASSIVE])
async def test_a_picture_is_asked_for_and_ended(
    gateway: Running, visit: Visit, media: TracedMedia, transport: str, way: Transport
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    stages: list[Stage] = []

    await gateway.streams.start(DEVICE, CAMERA, receiver(transport=way), lambda stage, _detail: stages.append(stage))

    assert stages[0] is Stage.INVITE_SENT
    assert stages[-2:] == [Stage.ANSWERED, Stage.ACKNOWLEDGED]
    await until(lambda: media.started)
    wire = "udp" if way is Transport.UDP else "tcp"
    assert media.started == [(CAMERA, "127.0.0.1", 30_000, wire, 200_001_234)]

    await gateway.streams.want_key_frame("stream-1")
    await until(lambda: media.key_frames == 1)

    await gateway.streams.stop("stream-1")
    await until(lambda: media.stopped == media.calls)
    await until(lambda: gateway.status()["streams"] == 0)


async def test_a_channel_that_the_device_does_not_have_is_explained(
    gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()

    with pytest.raises(Unavailable, match=r"does not know this channel \(404 Not Found\)\. Ask for its catalogue"):
        await gateway.streams.start(DEVICE, "34020000001329999999", receiver(), lambda *_: None)


async def test_a_device_that_is_offline_is_explained(house: House, gateway: Running, transport: str) -> None:
    await house.devices.enter(DEVICE, name="gate", password="", by=ENGINEER)
    with pytest.raises(Unavailable, match="The device is offline"):
        await gateway.streams.start(DEVICE, CAMERA, receiver(), lambda *_: None)


async def test_stopping_the_gateway_ends_the_streams_of_devices(
    house: House, visit: Visit, media: TracedMedia, transport: str
) -> None:
    gateway = await house.open()
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    await gateway.streams.start(DEVICE, CAMERA, receiver(), lambda *_: None)

    await gateway.stop()

    await until(lambda: media.stopped == media.calls)


async def test_registrations_survive_a_restart(house: House, visit: Visit, transport: str) -> None:
    first = await house.open()
    device = await visit(first.port, transport=transport, keepalive_seconds=0.05, retry_seconds=0.05)
    await device.registered()
    await first.stop()

    second = await house.open(first.port)
    try:
        assert second.status()["devices_online"] == 1
        if transport == "tcp":  # its connection is gone, so it has to come again
            await until(lambda: second.status()["registrations"])
        assert await device.raise_alarm(CAMERA, 5, 2, 3, "motion")
        assert (await known(house)).presence is Presence.ONLINE
        assert second.status()["registrations"] == (1 if transport == "tcp" else 0)
        assert second.status()["messages_refused"] == 0
    finally:
        await second.stop()


async def test_a_platform_that_has_lost_its_database_is_registered_with_anew(
    house: House, visit: Visit, transport: str, tmp_path: Path
) -> None:
    """Each device once, as soon as its next keepalive tells it; nobody has to be restarted."""
    first = await house.open()
    ids = [f"340200000013200000{serial:02d}" for serial in range(20)]
    devices = [
        await visit(first.port, device_id=one, transport=transport, keepalive_seconds=0.2, retry_seconds=0.2)
        for one in ids
    ]
    for device in devices:
        await device.registered()
    await first.stop()

    empty = House(tmp_path / "new")
    second = await empty.open(first.port)
    try:
        await until(lambda: second.status()["devices_online"] == len(ids))
        assert second.status()["registrations"] == len(ids)
        assert all([await device.raise_alarm(device.device_id, 5, 2, 3, "motion") for device in devices])
    finally:
        await second.stop()


async def test_a_device_signs_off(house: House, gateway: Running, visit: Visit, transport: str) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()

    await device.stop(sign_off=True)

    await until(lambda: house.transactions.told("devices.went_offline"))
    assert (await known(house)).presence is Presence.OFFLINE
    assert gateway.status()["devices_online"] == 0


async def test_a_device_that_nobody_entered_waits_for_an_engineer(
    house: House, visit: Visit, media: TracedMedia, transport: str
) -> None:
    gateway = await house.open(enrol="pending")
    try:
        device = await visit(gateway.port, transport=transport)
        await device.registered()
        assert (await known(house)).enrolment is Enrolment.PENDING
        assert await device.raise_alarm(CAMERA, 5, 6, 1, "its alarms are taken")

        with pytest.raises(Unavailable, match="An engineer has to accept it"):
            await gateway.streams.start(DEVICE, CAMERA, receiver(), lambda *_: None)

        await house.devices.accept(DEVICE, make_points=True, by=ENGINEER)
        await gateway.streams.start(DEVICE, CAMERA, receiver(), lambda *_: None)
        await until(lambda: media.started)
    finally:
        await gateway.stop()


async def test_a_refused_device_loses_its_registration_at_once(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport, keepalive_seconds=0.05)
    await device.registered()

    await house.devices.refuse(DEVICE, reason="stolen", by=ENGINEER)

    await until(lambda: gateway.status()["devices_online"] == 0)
    assert await device.refused() == 403


async def test_strangers_and_rubbish_do_not_stop_the_gateway(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    rubbish = [b"", b"\r\n\r\n", b"\x00" * 40, b"GET / HTTP/1.1\r\n\r\n", b"REGISTER sip:x SIP/2.0\r\n\r\n"]
    keepalive = (
        b"MESSAGE sip:34020000002000000001@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bKx\r\n"
        b"From: <sip:34020000001180000099@3402000000>;tag=1\r\nTo: <sip:34020000002000000001@3402000000>\r\n"
        b"Call-ID: stranger\r\nCSeq: 1 MESSAGE\r\nContent-Length: 4\r\n\r\n<a/>"
    )
    if transport == "udp":
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for data in [*rubbish, keepalive]:
            stranger.sendto(data, ("127.0.0.1", gateway.port))
        stranger.close()
    else:
        for data in [*rubbish, keepalive, b"A" * 9_000_000]:
            _reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(data)
            writer.close()

    device = await visit(gateway.port, transport=transport)
    await device.registered()
    assert await device.raise_alarm(CAMERA, 5, 6, 1, "still here")
    assert [found.id for found, _ in await house.devices.page(by=ENGINEER)] == [DEVICE]


async def test_calls_of_before_a_crash_are_ended_and_forgotten(
    house: House, visit: Visit, media: TracedMedia, transport: str
) -> None:
    call = OpenCall(
        id="lost@127.0.0.1",
        stream_id="lost",
        device_id=DEVICE,
        channel_id=CAMERA,
        local="<sip:34020000002000000001@3402000000>;tag=a",
        remote=f"<sip:{CAMERA}@3402000000>;tag=b",
        target=f"sip:{CAMERA}@127.0.0.1:5060",
        port=30012,
        ssrc=200001234,
        started_at=SystemClock().now().utc,
    )
    await house.devices.call_answered(call)
    gateway = await house.open()
    try:
        assert gateway.is_held(30012, 0)
        assert gateway.is_held(0, 200001234)
        assert not gateway.is_held(30014, 200001235)
        device = await visit(gateway.port, transport=transport)
        await device.registered()
        await until(lambda: not gateway.is_held(30012, 200001234))
        await until(lambda: not house.transactions.look(lambda uow: uow.store(CallStore).all()))
    finally:
        await gateway.stop()


async def test_the_conversation_with_a_device_can_be_read_without_its_secrets(
    gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    await until(lambda: any("Catalog" in message.text for message in gateway.trace(DEVICE)))
    lines = [(message.incoming, message.first_line) for message in gateway.trace(DEVICE)]
    assert lines[1] == (False, "SIP/2.0 401 Unauthorized")
    assert lines[3] == (False, "SIP/2.0 200 OK")
    (proof,) = [one for one in gateway.trace(DEVICE)[2].text.split("\r\n") if one.startswith("Authorization")]
    assert 'response="***"' in proof
    assert 'username="34020000001180000005"' in proof


async def test_a_device_tells_how_wrong_its_clock_is(
    house: House, gateway: Running, visit: Visit, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport)
    await device.registered()
    await until(lambda: gateway.status()["devices_to_ask"] == 0)
    async with asyncio.timeout(5):
        while (await known(house)).clock_error_ms is None:
            await asyncio.sleep(0.002)
    assert abs((await known(house)).clock_error_ms or 0) < 5000


async def test_a_device_that_reboots_in_the_middle_of_a_stream_comes_back_without_memory(
    gateway: Running, visit: Visit, media: TracedMedia, transport: str
) -> None:
    device = await visit(gateway.port, transport=transport, keepalive_seconds=0.05, retry_seconds=0.05)
    await until(lambda: device.topics() == {"Catalog", "Alarm"})
    await gateway.start(DEVICE, CAMERA, receiver(), lambda *_: None)
    await until(lambda: media.started)

    await device.reboot()
    assert device.topics() == set()
    assert media.stopped == media.calls[:1]
    await device.registered()
    await until(lambda: gateway.status()["registrations"] == 2)
    await until(lambda: device.topics() == {"Catalog", "Alarm"})

    await gateway.stop("stream-1")  # it knows nothing of that call, and says so
    await until(lambda: gateway.status()["streams"] == 0)
    await gateway.start(DEVICE, CAMERA, receiver(30_002), lambda *_: None)
    await until(lambda: len(media.started) == 2)

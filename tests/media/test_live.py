"""A real worker process, a real camera's packets, a real WebSocket client."""

import asyncio
import io
import json

import av
import pytest
from PIL import Image
from tests.media.conftest import POINT, House
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from fengtai.domain.live.model import Stage, Transport


async def first_messages(url: str) -> tuple[dict, bytes, bytes]:
    async with connect(url, max_size=None) as socket:
        hello = json.loads(await socket.recv())
        return hello, await socket.recv(), await socket.recv()


def first_picture(init: bytes, fragment: bytes):
    with av.open(io.BytesIO(init + fragment), "r", format="mp4") as file:
        return next(file.decode(video=0))


async def test_a_picture_is_watched_from_its_key_frame_on(house: House) -> None:
    place = await house.watch()

    hello, init, fragment = await first_messages(place.url)

    assert hello["type"] == "hello"
    assert hello["codec"].startswith("avc1.")
    assert (hello["width"], hello["height"]) == (320, 240)
    assert init[4:8] == b"ftyp"
    assert fragment[4:8] == b"moof"
    picture = first_picture(init, fragment)
    assert (picture.width, picture.height) == (320, 240)
    assert picture.key_frame
    assert picture.to_ndarray(format="gray").max() > 200


async def test_watchers_share_one_invitation(house: House) -> None:
    places = await asyncio.gather(*(house.watch(f"session{number}") for number in range(5)))

    assert len(house.cameras.invited) == 1
    assert len({place.stream_id for place in places}) == 1
    async with connect(places[0].url, max_size=None) as one, connect(places[1].url, max_size=None) as other:
        for socket in (one, other):
            assert json.loads(await socket.recv())["type"] == "hello"


async def test_a_camera_that_does_not_connect_by_tcp_is_asked_by_udp_and_remembered(house: House, monkeypatch) -> None:
    monkeypatch.setattr("fengtai.media.stream_start.FIRST_TRANSPORT_SECONDS", 0.3)
    house.cameras.speaks = frozenset({Transport.UDP})

    place = await house.watch()

    assert [receiver.transport for receiver in house.cameras.invited] == [Transport.TCP_PASSIVE, Transport.UDP]
    _, init, fragment = await first_messages(place.url)
    assert first_picture(init, fragment).key_frame
    first, second = house.cameras.invited
    assert first.stream_id in house.cameras.stopped
    assert (first.port, first.ssrc) != (second.port, second.ssrc)
    trace = house.streams.traces(POINT)[0]
    assert trace.failed == ""
    assert [one.stage for one in trace.stages][-3:] == [Stage.FIRST_PACKET, Stage.FIRST_KEY_FRAME, Stage.PLAYING]


async def test_a_ticket_opens_one_stream_of_one_session(house: House) -> None:
    place = await house.watch("session1")
    address, _, ticket = place.url.partition("?ticket=")
    for wrong in (address, f"{address}?ticket={ticket[:-2]}AA", f"{address[:-2]}00?ticket={ticket}"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(wrong).__aenter__()
        assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus):
        await connect(place.url, origin="http://evil.example").__aenter__()
    async with connect(place.url, origin="http://127.0.0.1:8090", max_size=None) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"


async def test_the_end_of_a_session_closes_its_pictures_and_kills_its_tickets(house: House) -> None:
    mine, theirs = await house.watch("mine"), await house.watch("theirs")
    async with connect(mine.url, max_size=None) as my_socket, connect(theirs.url, max_size=None) as their_socket:
        await my_socket.recv()
        await their_socket.recv()

        await house.streams.end_session("mine")

        texts = [message async for message in my_socket if isinstance(message, str)]
        assert json.loads(texts[-1])["stage"] == "stopped"
        assert isinstance(await their_socket.recv(), bytes)
    with pytest.raises(InvalidStatus):
        await connect(mine.url).__aenter__()


async def test_a_snapshot_is_a_jpeg_of_the_latest_key_frame(house: House) -> None:
    await house.watch()

    picture = Image.open(io.BytesIO(await house.streams.snapshot(POINT)))

    assert picture.format == "JPEG"
    assert picture.size == (320, 240)
    assert picture.convert("L").getextrema()[1] > 200

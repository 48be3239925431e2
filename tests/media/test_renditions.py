"""One stream for all who watch, each in the form that he can play: shared, re-coded once, never held up by the slowest."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from tests.media.camera import Cameras
from tests.media.conftest import House, close_house, new_books, open_house
from websockets.asyncio.client import ClientConnection, connect

from fengtai.domain.live.model import WatchWish


@pytest.fixture
async def modern(tmp_path: Path) -> AsyncIterator[House]:
    """A camera that sends H.265."""
    opened = await open_house(tmp_path, Cameras(codec="h265"), new_books())
    try:
        yield opened
    finally:
        await close_house(opened)


def see(url: str, more: str = "") -> connect:
    return connect(url + more, max_size=None, max_queue=None)


async def film_of(socket: ClientConnection, fragments: int) -> tuple[dict, bytes]:
    """The last hello and what followed it."""
    hello, data, count = {}, b"", 0
    async with asyncio.timeout(15):
        while count < fragments:
            message = await socket.recv()
            if isinstance(message, str):
                told = json.loads(message)
                assert told.get("stage") != "failed", told
                hello = told if told["type"] == "hello" else hello
            elif message[4:8] == b"ftyp":
                data, count = message, 0
            else:
                data, count = data + message, count + 1
    return hello, data


async def test_h265_comes_as_it_is_to_who_can_and_as_h264_to_who_cannot(modern: House) -> None:
    place = await modern.watch()
    async with see(place.url, "&h265=1") as able, see(place.url, "&h265=0") as unable, see(place.url, "&h265=0") as too:
        (as_it_is, _), (recoded, film), (_, same) = await asyncio.gather(
            film_of(able, 20), film_of(unable, 20), film_of(too, 20)
        )

        assert modern.workers.states[0]["streams"] <= 1
        await modern.until(lambda: modern.workers.states[0].get("streams_recoded") == 1)

    assert as_it_is["codec"].startswith("hvc1.")
    assert (recoded["codec"][:5], recoded["recoded"]) == ("avc1.", True)
    for one in (film, same):
        with av.open(io.BytesIO(one), format="mp4") as file:
            pictures = list(file.decode(video=0))
        assert len(pictures) >= 15
        assert (pictures[0].width, pictures[0].height) == (320, 240)
        assert pictures[0].to_ndarray(format="gray").max() > 200
    await modern.until(lambda: modern.workers.states[0].get("streams_recoded") == 0)
    assert len(modern.cameras.invited) == 1


async def test_the_sub_stream_in_h264_is_shown_where_the_device_has_one(modern: House) -> None:
    modern.cameras.substream = "h264"
    cannot = WatchWish(plays_h265=False)

    first, second = await modern.watch(wish=cannot), await modern.watch("other", wish=cannot)
    able = await modern.watch("able")

    assert first.stream_id == second.stream_id != able.stream_id
    assert [one.stream_number for one in modern.cameras.invited] == [0, 1]
    async with see(first.url, "&h265=0") as socket:
        hello, _ = await film_of(socket, 5)
    assert (hello["codec"][:5], hello["recoded"]) == ("avc1.", False)


async def test_a_device_that_has_no_other_stream_is_asked_once_and_re_coded(modern: House) -> None:
    cannot = WatchWish(plays_h265=False)

    first = await modern.watch(wish=cannot)
    second = await modern.watch(wish=cannot)

    assert [one.stream_number for one in modern.cameras.invited] == [0, 1]
    assert first.stream_id == second.stream_id == modern.cameras.invited[0].stream_id
    await modern.until(lambda: modern.cameras.stopped == [modern.cameras.invited[1].stream_id])
    assert [state.stage.value for state in modern.streams.states()] == ["playing"]


async def test_when_all_recoders_are_busy_the_viewer_is_told_so_in_words(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(codec="h265"), new_books(), recoded_streams=0)
    try:
        place = await house.watch()
        async with see(place.url, "&h265=0") as socket:
            told = [json.loads(message) async for message in socket if isinstance(message, str)]
    finally:
        await close_house(house)

    assert told[-1]["stage"] == "failed"
    assert told[-1]["detail"].startswith("this browser does not play H.265")


async def test_a_viewer_who_does_not_read_does_not_hold_up_the_others(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(pictures=50, gop=10), new_books())
    try:
        place = await house.watch()
        # read buffers of nearly nothing: this one takes what the kernel takes, and no more
        async with connect(place.url, max_queue=1, close_timeout=0.1) as lazy, see(place.url) as eager:
            await lazy.recv()
            _, film = await film_of(eager, 60)
        with av.open(io.BytesIO(film), format="mp4") as file:
            assert sum(1 for _ in file.decode(video=0)) >= 60
    finally:
        await close_house(house)


async def test_fifty_viewers_share_one_stream_and_one_invitation(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(), new_books())
    try:
        place = await house.watch()

        async def decoded() -> int:
            async with see(place.url) as socket:
                _, film = await film_of(socket, 15)
            with av.open(io.BytesIO(film), format="mp4") as file:
                return sum(1 for _ in file.decode(video=0))

        counts = await asyncio.gather(*(decoded() for _ in range(50)))

        assert min(counts) >= 15
        assert len(house.cameras.invited) == 1
    finally:
        await close_house(house)

"""Sound is recorded and heard where the point's policy says so, and nowhere else."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
from tests.media.camera import Cameras
from tests.media.conftest import CHANNEL, DEVICE, POINT, House, close_house, new_books, open_house
from websockets.asyncio.client import ClientConnection, connect

from fengtai.domain.live.model import WatchWish
from fengtai.domain.recordings.model import WantedPoint
from fengtai.media.shelf.names import data_path
from fengtai.protocols.elementary import AudioCodec
from fengtai.vocabulary.clock import from_ms

LOUD = WatchWish(carries_sound=True)


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """Its camera sends sound in the codec of the test's parameter."""
    opened = await open_house(tmp_path, Cameras(sound=request.param), new_books())
    try:
        yield opened
    finally:
        await close_house(opened)


def with_sound(*codecs: AudioCodec) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("house", codecs, indirect=True)


async def recorded(house: House, *, carries_sound: bool) -> bytes:
    """The file of two seconds and more."""
    house.wanted.points = [
        WantedPoint(point_id=POINT, device_id=DEVICE, channel_id=CHANNEL, carries_sound=carries_sound)
    ]
    house.keeper.wake()
    await house.until(lambda: house.gops_stored >= 6)
    house.wanted.points = []
    house.keeper.wake()
    await house.until(lambda: house.hours.page()[0].size_bytes)
    return data_path(house.settings.recordings, house.hours.page()[0].name).read_bytes()


@with_sound("g711a", "g711u", "aac")
async def test_sound_is_recorded_as_it_came(house: House) -> None:
    data = await recorded(house, carries_sound=True)

    names = {"g711a": "pcm_alaw", "g711u": "pcm_mulaw", "aac": "aac"}
    with av.open(io.BytesIO(data), format="mp4") as file:
        assert file.streams.audio[0].codec_context.name == names[house.cameras.sound]
        heard = list(file.decode(audio=0))
    seconds = sum(frame.samples / frame.sample_rate for frame in heard)
    assert seconds > 1.5
    assert max(abs(frame.to_ndarray()).max() for frame in heard) > (0.1 if house.cameras.sound == "aac" else 5_000)
    with av.open(io.BytesIO(data), format="mp4") as file:
        assert sum(1 for _ in file.decode(video=0)) >= 50


@with_sound("g711a", "aac")
async def test_a_clip_has_the_sound_that_was_recorded(house: House) -> None:
    await recorded(house, carries_sound=True)
    hour = house.hours.page()[0]

    clip = await house.clips.make_clip(POINT, from_ms(hour.from_ms + 600), from_ms(hour.from_ms + 1_800), "0" * 32)

    with av.open(str(house.settings.clips / clip.object_key)) as file:
        assert file.streams.audio[0].codec_context.name == "flac"
        frames = list(file.decode(audio=0))
        file.seek(0)
        assert sum(1 for _ in file.decode(video=0)) >= 30
    assert 0.9 < sum(frame.samples / frame.sample_rate for frame in frames) < 2.0
    assert max(abs(frame.to_ndarray()).max() for frame in frames) > 5_000


@with_sound("g722.1")
async def test_a_codec_that_we_do_not_know_is_kept_under_its_name(house: House) -> None:
    data = await recorded(house, carries_sound=True)

    assert b"g722" in data[:2_000]
    with av.open(io.BytesIO(data), format="mp4") as file:
        assert sum(1 for _ in file.decode(video=0)) >= 50


@with_sound("g711a")
async def test_without_the_policy_no_sound_goes_beyond_the_receiver(house: House) -> None:
    data = await recorded(house, carries_sound=False)

    with av.open(io.BytesIO(data), format="mp4") as file:
        assert not file.streams.audio
    house.cameras.hang_up(house.cameras.invited[-1].stream_id) if house.streams.is_running(POINT) else None
    place = await house.watch()
    async with connect(place.url, max_size=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "sound", "on": True}))
        told = [json.loads(message) async for message in first(socket, 30) if isinstance(message, str)]
    assert [one for one in told if one["type"] == "hello" and one["sound"]] == []


async def first(socket: ClientConnection, count: int) -> AsyncIterator[str | bytes]:
    for _ in range(count):
        yield await socket.recv()


async def listen(socket: ClientConnection, pieces: int) -> tuple[dict, bytes]:
    """From the hello that announces sound on: that hello, the init and some fragments."""
    async with asyncio.timeout(10):
        while True:
            message = await socket.recv()
            if isinstance(message, str) and json.loads(message).get("sound") is True:
                hello = json.loads(message)
                break
        data = b"".join([one async for one in first(socket, pieces) if isinstance(one, bytes)])
    return hello, data


@with_sound("g711a", "aac")
async def test_who_asks_hears_the_sound_and_nobody_else(house: House) -> None:
    place = await house.watch(wish=LOUD)
    async with (
        connect(place.url, max_size=None, max_queue=None) as listener,
        connect(place.url, max_size=None, max_queue=None) as other,
    ):
        assert json.loads(await listener.recv())["sound"] is False
        await listener.send(json.dumps({"type": "sound", "on": True}))

        hello, data = await listen(listener, 60)
        others = [json.loads(one) async for one in first(other, 60) if isinstance(one, str)]

    assert hello["codec"].startswith("avc1.")
    assert hello["codec"].endswith(",flac")
    with av.open(io.BytesIO(data), format="mp4") as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples for frame in frames) / frames[0].sample_rate > 1.0
    assert max(abs(frame.to_ndarray()).max() for frame in frames) > 5_000
    assert not any(one.get("sound") for one in others)
    assert any(one["type"] == "sound" and one["available"] for one in others)


@with_sound("g722.1")
async def test_sound_that_no_browser_plays_is_said_so(house: House) -> None:
    place = await house.watch(wish=LOUD)
    async with connect(place.url, max_size=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "sound", "on": True}))
        async with asyncio.timeout(10):
            while True:
                message = await socket.recv()
                if isinstance(message, str) and (told := json.loads(message)).get("detail"):
                    break

    assert told["available"] is False
    assert "g722.1" in told["detail"]


@with_sound("g711a")
async def test_a_policy_that_is_changed_ends_the_sound_at_once(house: House) -> None:
    place = await house.watch(wish=LOUD)
    async with connect(place.url, max_size=None, max_queue=None) as socket:
        await socket.recv()
        await socket.send(json.dumps({"type": "sound", "on": True}))
        await listen(socket, 5)

        house.streams.carry_sound(POINT, False)

        async with asyncio.timeout(10):
            while True:
                message = await socket.recv()
                if isinstance(message, str) and json.loads(message).get("sound") is False:
                    break
        later = b"".join([one async for one in first(socket, 20) if isinstance(one, bytes)])
    assert b"flac" not in later.lower()

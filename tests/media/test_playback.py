"""What was recorded is seen again: by time line, across files and gaps, with its sound where the policy says so."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import av
import pytest
from PIL import Image
from tests.media.camera import Cameras
from tests.media.conftest import CHANNEL, DEVICE, POINT, House, WallClock, close_house, new_books, open_house
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from fengtai.domain.recordings.model import (
    Gap,
    GapCause,
    PlaybackAsked,
    PlaybackPlace,
    PlaybackShown,
    WantedPoint,
)
from fengtai.media.shelf.names import data_path
from fengtai.protocols.fmp4 import read_fragments, read_init_segment
from fengtai.vocabulary.errors import Unavailable


@pytest.fixture
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, Cameras(**getattr(request, "param", {})), new_books())
    try:
        yield opened
    finally:
        await close_house(opened)


async def record(house: House, seconds: float, *, carries_sound: bool = False) -> tuple[int, int]:
    """A file of so many seconds; where it begins and ends."""
    before, gops = len(house.hours.page()), house.gops_stored
    house.wanted.points = [
        WantedPoint(point_id=POINT, device_id=DEVICE, channel_id=CHANNEL, carries_sound=carries_sound)
    ]
    house.keeper.wake()

    def newest():
        pages = sorted(house.hours.page(), key=lambda hour: hour.from_ms)
        return pages[-1] if len(pages) > before else None

    await house.until(lambda: newest() and (house.gops_stored - gops) * 0.4 > seconds)
    house.wanted.points = []
    house.keeper.wake()
    await house.until(lambda: newest().size_bytes)
    for running in house.streams.states():
        if running.stream_id in house.cameras._shows:
            house.cameras.hang_up(running.stream_id)
    return newest().from_ms, newest().until_ms


class Seen:
    """What a player has got."""

    def __init__(self) -> None:
        self.words: list[dict] = []
        self.films: list[bytes] = []
        """each from its init on"""

    async def read(self, socket: ClientConnection, *, until: str = "end") -> "Seen":
        async with asyncio.timeout(15):
            while not self.words or self.words[-1]["type"] != until:
                message = await socket.recv()
                if isinstance(message, str):
                    self.words.append(json.loads(message))
                elif message[4:8] == b"ftyp":
                    self.films.append(message)
                else:
                    self.films[-1] += message
        return self

    def said(self, kind: str) -> list[dict]:
        return [one for one in self.words if one["type"] == kind]

    def times_s(self) -> list[float]:
        pieces = [piece for film in self.films for piece in read_fragments(film, read_init_segment(film).end)]
        return [piece.base_time_90k / 90_000 for piece in pieces]


async def opened(
    house: House,
    from_ms: int,
    until_ms: int,
    gaps: Sequence[Gap] = (),
    *,
    carries_sound: bool = False,
) -> tuple[PlaybackPlace, list[PlaybackShown]]:
    shown: list[PlaybackShown] = []
    asked = PlaybackAsked(
        point_id=POINT,
        from_ms=from_ms,
        until_ms=until_ms,
        session_id="session1",
        host="127.0.0.1",
        carries_sound=carries_sound,
    )
    return await house.stand.open(asked, gaps, shown.append), shown


def play(place: PlaybackPlace, more: str = "") -> connect:
    return connect(place.url + more, max_size=None, max_queue=None)


async def test_a_range_is_played_from_its_gop_on_and_accounted_for(house: House) -> None:
    begin, end = await record(house, 2.0)
    place, shown = await opened(house, begin + 500, end)

    async with play(place) as socket:
        seen = await Seen().read(socket)

    hello = seen.said("hello")[0]
    assert (hello["width"], hello["height"], hello["origin_ms"], hello["sound"]) == (320, 240, begin + 500, False)
    with av.open(io.BytesIO(seen.films[0]), format="mp4") as file:
        assert sum(1 for _ in file.decode(video=0)) >= 40
    assert seen.times_s()[0] == 0.0  # the GOP begins before the range: its head is shown at its begin
    assert seen.said("gap") == []
    await house.until(lambda: shown)
    assert shown[0].seconds >= 1.5
    assert shown[0].first_ms <= begin + 500
    assert shown[0].last_ms == end


async def test_files_and_gaps_lie_on_one_time_line_with_their_causes(house: House) -> None:
    first_begin, first_end = await record(house, 1.0)
    await house.until(lambda: WallClock().now().utc_ms > first_end + 1_000)
    second_begin, second_end = await record(house, 1.0)
    gap = Gap(point_id=POINT, from_ms=first_end, until_ms=second_begin, cause=GapCause.STREAM_LOST)
    place, _ = await opened(house, first_begin, second_end + 5_000, [gap])

    async with play(place) as socket:
        seen = await Seen().read(socket)

    gaps = [(one["from_ms"], one["until_ms"], one["cause"]) for one in seen.said("gap")]
    assert gaps == [
        (first_end, second_begin, "stream-lost"),
        (second_end, second_end + 5_000, "not-recorded"),
    ]
    assert len(seen.said("hello")) == 1  # same camera, same form: the film goes on
    assert any(abs(time - (second_begin - first_begin) / 1_000) < 0.01 for time in seen.times_s())


async def test_a_player_gets_no_more_than_it_asked_for_and_seeks(house: House) -> None:
    begin, end = await record(house, 3.0)
    place, shown = await opened(house, begin, begin + 3_600_000)
    async with play(place) as socket:
        await socket.send(json.dumps({"type": "seek", "to_ms": begin + 2_000}))
        await socket.send("nonsense")
        await socket.send(json.dumps(["type"]))
        seen = await Seen().read(socket)

    later = seen.films[-1]
    first = next(read_fragments(later, read_init_segment(later).end)).base_time_90k / 90_000
    assert 1.5 <= first <= 2.0
    await house.until(lambda: shown)
    assert shown[0].last_ms == end


async def test_a_ticket_opens_one_player_and_dies_with_its_session(house: House) -> None:
    begin, end = await record(house, 1.0)
    place, shown = await opened(house, begin, end)
    with pytest.raises(InvalidStatus):
        await connect(place.url.replace("ticket=", "ticket=x")).__aenter__()
    async with play(place) as socket:
        await Seen().read(socket)
        with pytest.raises(InvalidStatus):
            await play(place).__aenter__()

        await house.streams.end_session("session1")

        with pytest.raises(ConnectionClosed):
            await socket.recv()
    await house.until(lambda: shown)


async def test_a_playback_that_nobody_opens_is_closed_and_told(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(), new_books(), ticket_seconds=0.1)
    try:
        _, shown = await opened(house, 1_000, 2_000)
        await house.until(lambda: shown)
        assert (shown[0].seconds, shown[0].first_ms) == (0, 0)
    finally:
        await close_house(house)


@pytest.mark.parametrize("house", [{"sound": "g711a"}], indirect=True)
async def test_recorded_sound_is_played_when_it_is_asked_for(house: House) -> None:
    begin, end = await record(house, 2.0, carries_sound=True)
    place, _ = await opened(house, begin, end, carries_sound=True)
    async with play(place) as socket:
        silent = await Seen().read(socket)
        await socket.send(json.dumps({"type": "seek", "to_ms": begin, "sound": True}))
        loud = await Seen().read(socket)

    assert "flac" not in silent.said("hello")[0]["codec"]
    assert loud.said("hello")[0]["codec"].endswith(",flac")
    with av.open(io.BytesIO(loud.films[0]), format="mp4") as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples for frame in frames) / 8_000 > 1.5
    assert max(abs(frame.to_ndarray()).max() for frame in frames) > 5_000

    place, _ = await opened(house, begin, end, carries_sound=False)
    async with play(place) as socket:
        await socket.send(json.dumps({"type": "seek", "to_ms": begin, "sound": True}))
        seen = await Seen().read(socket)
    assert not any(one["sound"] for one in seen.said("hello"))


@pytest.mark.parametrize("house", [{"codec": "h265"}], indirect=True)
async def test_h265_is_made_into_h264_for_a_browser_that_cannot_play_it(house: House) -> None:
    begin, end = await record(house, 1.5)
    place, _ = await opened(house, begin, end)
    async with play(place) as socket:
        as_it_came = await Seen().read(socket)
    place, _ = await opened(house, begin, end)
    async with play(place, "&h265=0") as socket:
        recoded = await Seen().read(socket)

    assert as_it_came.said("hello")[0]["codec"].startswith("hvc1.")
    hello = recoded.said("hello")[0]
    assert hello["codec"].startswith("avc1.")
    assert hello["recoded"] is True
    with av.open(io.BytesIO(recoded.films[0]), format="mp4") as file:
        pictures = list(file.decode(video=0))
    assert len(pictures) >= 30
    assert pictures[0].to_ndarray(format="gray").max() > 200


async def test_a_damaged_gop_is_a_gap_and_the_film_goes_on(house: House) -> None:
    begin, end = await record(house, 2.0)
    path = data_path(house.settings.recordings, house.hours.page()[0].name)
    whole = bytearray(path.read_bytes())
    second = list(read_fragments(bytes(whole), read_init_segment(bytes(whole)).end))[1]
    whole[second.end - 10] ^= 0xFF
    path.write_bytes(whole)
    place, _ = await opened(house, begin, end)

    async with play(place) as socket:
        seen = await Seen().read(socket)

    assert [one["cause"] for one in seen.said("gap")] == ["damaged"]
    assert len(seen.times_s()) >= 3


async def test_a_still_is_the_picture_of_the_moment(house: House) -> None:
    """The bar of the film moves by four columns a picture: its place tells which picture it is."""
    begin, _ = await record(house, 2.0)

    def column(jpeg: bytes) -> int:
        row = Image.open(io.BytesIO(jpeg)).convert("L").crop((0, 100, 320, 101)).tobytes()
        return next(at for at, value in enumerate(row) if value > 128)

    at = [column(await house.stand.still(POINT, begin + 400 + number * 40 + 5)) for number in (0, 3, 7)]

    assert [abs((one - at[0]) - wanted) <= 1 for one, wanted in zip(at, (0, 12, 28), strict=True)] == [True] * 3
    with pytest.raises(Unavailable, match="nothing was recorded"):
        await house.stand.still(POINT, begin - 60_000)

"""Why there is no picture: each way to fail has its sentence and its fix, and leaves nothing behind at the device."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.media.camera import Cameras
from tests.media.conftest import CHANNEL, DEVICE, POINT, House, close_house, new_books, open_house
from websockets.asyncio.client import connect

from fengtai.domain.live.model import Stage, Transport
from fengtai.domain.recordings.model import WantedPoint
from fengtai.vocabulary.errors import Unavailable


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[House]:
    """A house without patience."""
    opened = await open_house(
        tmp_path, Cameras(), new_books(), no_packet_seconds=0.4, no_viewer_seconds=1, quarantine_seconds=60
    )
    try:
        yield opened
    finally:
        await close_house(opened)


async def test_a_camera_that_agrees_and_does_not_send_names_the_address_to_check(hasty: House) -> None:
    hasty.cameras.mute = True

    with pytest.raises(Unavailable, match=r"sent a packet by UDP to 127\.0\.0\.1:\d+.*media\.advertised"):
        await hasty.watch()

    trace = hasty.streams.traces(POINT)[0]
    assert trace.stages[-1].stage is Stage.FAILED
    assert trace.failed.startswith("The device agreed to send")
    assert sorted(hasty.cameras.stopped) == sorted(one.stream_id for one in hasty.cameras.invited)
    assert [one.transport for one in hasty.cameras.invited] == list(Transport)
    assert len({one.port for one in hasty.cameras.invited}) == 1
    assert len({one.ssrc for one in hasty.cameras.invited}) == 3
    assert [state.stage for state in hasty.streams.states()] == [Stage.FAILED]


async def test_a_device_that_refuses_is_quoted(hasty: House) -> None:
    hasty.cameras.refuses = "the device answered 404 Not Found"

    with pytest.raises(Unavailable, match="the device answered 404 Not Found"):
        await hasty.watch()

    assert len(hasty.cameras.invited) == 1
    await hasty.until(lambda: len(hasty.books.told("live.stream_changed")) == 2)
    told = [event.payload["stage"] for event in hasty.books.told("live.stream_changed")]
    assert told == ["requested", "failed"]


async def test_a_stream_that_falls_silent_is_ended_and_its_viewers_are_told(hasty: House) -> None:
    hasty.cameras.speaks = frozenset({Transport.UDP})
    place = await hasty.watch()
    async with connect(place.url, max_size=None) as socket:
        await socket.recv()

        hasty.cameras.cut_the_cable()

        texts = [message async for message in socket if isinstance(message, str)]
    assert "The device stopped sending" in texts[0]
    await hasty.until(lambda: place.stream_id in hasty.cameras.stopped)
    assert not hasty.streams.is_running(POINT)


async def test_a_tcp_connection_that_is_lost_ends_the_stream_at_once(hasty: House) -> None:
    place = await hasty.watch()

    hasty.cameras.cut_the_cable()

    await hasty.until(lambda: place.stream_id in hasty.cameras.stopped)
    assert "connection was lost" in hasty.streams.states()[0].detail


async def test_a_stream_that_nobody_watches_is_ended_after_the_grace(hasty: House) -> None:
    place = await hasty.watch()
    async with connect(place.url, max_size=None) as socket:
        await socket.recv()
        assert hasty.cameras.stopped == []

    await hasty.until(lambda: hasty.cameras.stopped == [place.stream_id])


async def test_a_recorded_stream_goes_on_without_viewers_and_comes_back_when_lost(hasty: House) -> None:
    hasty.record()
    await hasty.until(lambda: hasty.hours.page())
    place = await hasty.watch()
    async with connect(place.url, max_size=None) as socket:
        await socket.recv()

    hasty.cameras.cut_the_cable()

    await hasty.until(lambda: len(hasty.hours.page()) == 2)
    assert hasty.cameras.stopped == [place.stream_id]
    await hasty.until(lambda: hasty.gaps.lasting(POINT) is None)
    assert [gap.cause.value for gap in hasty.gaps.of_point(POINT, 0, 1 << 60)] == ["stream-lost"]


async def test_a_device_that_is_offline_is_a_listed_gap_and_not_invited(hasty: House) -> None:
    hasty.wanted.points = [WantedPoint(point_id=POINT, device_id=DEVICE, channel_id=CHANNEL, online=False)]
    hasty.keeper.wake()

    await hasty.until(lambda: hasty.gaps.lasting(POINT))

    assert hasty.gaps.of_point(POINT, 0, 1 << 60)[0].cause.value == "device-offline"
    assert hasty.cameras.invited == []


async def test_recording_stops_before_the_disk_is_full(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(), new_books(), reserve_bytes=1 << 62)
    try:
        await house.until(lambda: house.workers.free_bytes is not None)
        house.wanted.points = [WantedPoint(point_id=POINT, device_id=DEVICE, channel_id=CHANNEL, point_class=9)]
        house.keeper.wake()

        await house.until(lambda: house.gaps.lasting(POINT))

        assert house.gaps.of_point(POINT, 0, 1 << 60)[0].cause.value == "disk"
        assert house.keeper.shed[0] == 9
        assert house.cameras.invited == []
    finally:
        await close_house(house)


async def test_the_device_may_end_the_stream_by_itself(hasty: House) -> None:
    place = await hasty.watch()

    hasty.cameras.hang_up(place.stream_id)

    assert not hasty.streams.is_running(POINT)
    assert hasty.streams.states()[0].detail == "The device ended the stream: the device sent BYE."
    again = await hasty.watch()
    assert again.stream_id != place.stream_id

"""What a worker records, and clips out of it."""

import hashlib
import os
import signal
from datetime import timedelta
from pathlib import Path

import av
import pytest
from tests.media.camera import Cameras
from tests.media.conftest import POINT, House, close_house, new_books, open_house

from fengtai.domain.recordings.model import HourState
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.errors import Unavailable


async def recorded(house: House, seconds: float) -> tuple[int, int]:
    """Record for so long; the range that is on the disk."""
    house.record()

    def span() -> int:
        rows = house.hours.of_point(POINT, 0, 1 << 60)
        return rows[-1].until_ms - rows[-1].from_ms if rows else 0

    await house.until(lambda: span() >= seconds * 1000, seconds + 15)
    row = house.hours.of_point(POINT, 0, 1 << 60)[-1]
    return row.from_ms, row.until_ms


async def test_a_clip_covers_what_was_asked_by_whole_gops(house: House) -> None:
    begin, _ = await recorded(house, 2.9)
    start, until = from_ms(begin + 700), from_ms(begin + 2_700)

    made = await house.clips.make_clip(POINT, start, until, "clip1")

    assert begin <= made.from_ms <= begin + 700
    assert made.until_ms >= begin + 2_700
    assert 2.0 <= made.seconds <= 2.0 + 0.4 + 0.08
    assert made.gaps == ()
    path = house.settings.clips / made.object_key
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made.sha256
    assert path.stat().st_size == made.size_bytes
    with av.open(str(path)) as file:
        assert file.duration is not None
        assert file.duration / av.time_base == pytest.approx(made.seconds, abs=0.05)
        pictures = list(file.decode(video=0))
    assert pictures[0].pts == 0
    assert pictures[0].key_frame
    assert len(pictures) == round(made.seconds * 25)


async def test_a_clip_reaches_into_the_gop_that_is_being_received(house: House) -> None:
    await recorded(house, 1.0)
    until = from_ms(house.hours.of_point(POINT, 0, 1 << 60)[-1].until_ms) + timedelta(seconds=1)

    made = await house.clips.make_clip(POINT, until - timedelta(seconds=2), until, "clip2")

    assert made.gaps == ()
    assert made.seconds >= 2.0


async def test_nothing_recorded_is_said_with_its_cause(house: House) -> None:
    begin, _ = await recorded(house, 0.5)

    with pytest.raises(Unavailable, match="nothing was recorded"):
        await house.clips.make_clip(POINT, from_ms(begin - 60_000), from_ms(begin - 30_000), "clip3")


async def test_a_clean_stop_leaves_closed_rows_and_an_empty_journal(tmp_path: Path) -> None:
    house = await open_house(tmp_path, Cameras(), new_books())
    await recorded(house, 1.0)

    await close_house(house)

    rows = house.hours.page()
    assert [row.state for row in rows] == [HourState.CLOSED]
    data = tmp_path / "recordings" / f"{rows[0].name}.mp4"
    assert data.stat().st_size == rows[0].size_bytes
    assert (tmp_path / "recordings/journal/worker-0").read_text() == ""


async def test_a_killed_worker_loses_seconds_and_tells_the_gap(house: House) -> None:
    await recorded(house, 1.5)
    killed = house.workers.pid(0)
    os.kill(killed, signal.SIGKILL)

    await house.until(lambda: len(house.cameras.invited) == 2)
    await house.until(lambda: len(house.hours.page()) == 2)

    first = house.hours.page()[0]
    assert first.state is HourState.CLOSED
    await house.until(lambda: house.gaps.of_point(POINT, 0, 1 << 60))
    gap = house.gaps.of_point(POINT, 0, 1 << 60)[0]
    assert gap.cause.value == "worker-restarted"
    await house.until(lambda: house.gaps.lasting(POINT) is None)
    assert house.workers.pid(0) != killed

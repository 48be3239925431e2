"""The thread that writes, on a disk that is full for a while."""

import asyncio
import errno
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.media.film import FRAME_90K, film

from fengtai.domain.recordings.model import HourState, RecordedHour
from fengtai.media.check import check_recordings
from fengtai.media.shelf.files import DiskFiles, Handle
from fengtai.media.shelf.hour_file import ClosedHour
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.scribe import Scribe, Told
from fengtai.media.worker.timeline import TimedUnit

POINT = "0190aaaabbbbccccddddeeeeffff0001"
BEGIN = 1_795_000_000_000


class FullForAWhile(DiskFiles):
    """A disk that refuses new data while it is full; deleting, cutting and small files still work."""

    def __init__(self) -> None:
        self.full = False

    def create(self, path: Path) -> Handle:
        handle = super().create(path)
        return Reluctant(self, handle)


class Reluctant:
    def __init__(self, disk: FullForAWhile, handle: Handle) -> None:
        self._disk, self._handle = disk, handle
        self.sync, self.close = handle.sync, handle.close

    def write(self, data: bytes) -> None:
        if self._disk.full:
            self._handle.write(data[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        self._handle.write(data)

    def write_all(self, pieces: Sequence[bytes]) -> None:
        self.write(b"".join(pieces))


class Desk:
    """A scribe, and what it told."""

    def __init__(self, root: Path, files: DiskFiles) -> None:
        self.opened: list[str] = []
        self.closed: list[ClosedHour] = []
        self.dropped: list[str] = []
        self.failed: list[str] = []
        told = Told(
            opened=lambda name, point_id, from_ms: self.opened.append(name),
            closed=self.closed.append,
            dropped=self.dropped.append,
            stored=lambda: None,
            failed=lambda point_id, reason: self._fail(reason),
        )
        self.scribe = Scribe(asyncio.get_running_loop(), files, root, 0, told)
        self.recorder = Recorder(POINT, self.scribe, lambda *_: None)

    def _fail(self, reason: str) -> None:
        self.failed.append(reason)
        self.recorder.failed()

    async def record(self, at_ms: int, pictures: int = 20) -> None:
        for number, unit in enumerate(film(pictures)):
            place = at_ms * 90 + number * FRAME_90K
            self.recorder.take(TimedUnit(unit, place, BEGIN + at_ms + number * 40))
        await self.scribe.flush()
        await asyncio.sleep(0)

    async def stop(self) -> None:
        self.recorder.stop()
        await self.scribe.close_all()
        for hour in self.closed:
            self.scribe.strike(hour.name)
        assert await self.scribe.journalled() == 0
        await self.scribe.stop()


def rows(desk: Desk) -> list[RecordedHour]:
    return [
        RecordedHour(
            name=hour.name,
            point_id=POINT,
            from_ms=hour.from_ms,
            until_ms=hour.until_ms,
            size_bytes=hour.size_bytes,
            index_bytes=hour.index_bytes,
            index_sha256=hour.index_sha256,
            gops=hour.gops,
            state=HourState.CLOSED,
        )
        for hour in desk.closed
    ]


@pytest.mark.parametrize("recorded_before", [True, False])
async def test_a_full_disk_stops_one_file_and_recording_goes_on_in_the_next(
    tmp_path: Path, recorded_before: bool
) -> None:
    disk = FullForAWhile()
    desk = Desk(tmp_path, disk)
    await desk.scribe.start([0])
    if recorded_before:
        await desk.record(0)
    disk.full = True
    await desk.record(800)
    disk.full = False
    await desk.record(1_600)
    assert desk.failed == ["No space left on device"]
    await desk.record(12_000)

    await desk.stop()

    assert [hour.from_ms - BEGIN for hour in desk.closed] == ([0] if recorded_before else []) + [12_000]
    assert list(check_recordings(tmp_path, rows(desk), digests=True)) == []


async def test_a_journal_with_nonsense_in_it_does_not_stop_a_worker(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal/worker-0").write_bytes(b"../../../etc/passwd\n\xff\xfe\n01/nothing/20261120T120000000Z\n")
    desk = Desk(tmp_path, DiskFiles())

    assert await desk.scribe.start([0]) == 0
    await desk.record(0)

    assert desk.opened
    desk.recorder.stop()
    await desk.scribe.close_all()
    await desk.scribe.stop()
    assert [hour.gops for hour in desk.closed] == [2]

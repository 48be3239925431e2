"""The thread that writes: it owns the journal and all open hour files of a worker, and does their jobs in order.

The loop never waits for a disk. What waits in the queue is bounded: beyond it GOPs are refused, and become a gap.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import structlog

from fengtai.media.shelf.files import Files
from fengtai.media.shelf.hour_file import ClosedHour, HourFile
from fengtai.media.shelf.journal import Journal
from fengtai.media.shelf.names import hour_name
from fengtai.media.shelf.recovery import discard, recover

log = structlog.get_logger()
MOST_WAITING_BYTES = 128 << 20
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Gop:
    """One whole GOP as it goes into a file."""

    point_id: str
    init: bytes | None
    """given: a new file begins with this GOP"""
    pieces: Sequence[bytes]
    """of its fragment, to be written one behind the other"""
    size_bytes: int
    start_ms: int
    duration_ms: int
    frames: int
    is_damaged: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What the scribe tells; called on the loop."""

    opened: Callable[[str, str, int], None]
    closed: Callable[[ClosedHour], None]
    dropped: Callable[[str], None]
    stored: Callable[[], None]
    """a GOP has been taken, and will be on the disk after a `flush`"""
    failed: Callable[[str, str], None]
    """point, reason: its file is closed, a later GOP with an init may try again"""


class Scribe:
    def __init__(self, loop: asyncio.AbstractEventLoop, files: Files, root: Path, worker: int, told: Told) -> None:
        self._loop, self._files, self._root, self._told = loop, files, root, told
        self._worker = worker
        self._journal = Journal(files, root, worker)
        self._open: dict[str, HourFile] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scribe")
        self._taken_bytes = self._settled_bytes = 0
        """of all GOPs; the second is counted in the thread, and only there: the loop is not woken for it"""
        self.figures = {"gops_stored": 0, "bytes_stored": 0, "store_faults": 0, "gops_refused": 0}

    # on the loop

    async def start(self, journals: list[int]) -> int:
        """Recover what earlier workers left; return how many files. Waits until those workers have really ended."""
        return await self._run(lambda: self._recover_all(journals))

    def store(self, gop: Gop) -> bool:
        """False when the disk is too far behind."""
        if self._taken_bytes - self._settled_bytes > MOST_WAITING_BYTES:
            self.figures["gops_refused"] += 1
            return False
        self._taken_bytes += gop.size_bytes
        self._submit(lambda: self._store(gop), gop)
        self._told.stored()
        return True

    def close_point(self, point_id: str) -> None:
        self._submit(lambda: self._close(point_id))

    async def flush(self) -> None:
        """All that was stored so far is on the disk and in its index on return."""
        await self._run(self._flush_all)

    def strike(self, name: str) -> None:
        self._submit(lambda: self._journal.strike([name]))

    async def discard(self, names: list[str]) -> list[str]:
        return await self._run(lambda: [name for name in names if not discard(self._files, self._root, name)])

    async def recorded_until(self) -> tuple[dict[str, int], int]:
        """Open hours with the end of their last stored GOP, and the free space."""
        return await self._run(self._state)

    async def close_all(self) -> None:
        await self._run(self._close_all)
        await asyncio.sleep(0)  # what it told was put on the loop before this answer

    async def journalled(self) -> int:
        """Names that wait for their row."""
        return await self._run(lambda: len(self._journal.names))

    async def stop(self) -> None:
        await self._run(self._journal.close)
        self._thread.shutdown(wait=True)

    def _submit(self, job: Callable[[], object], gop: Gop | None = None) -> None:
        def finished(future: "Future[object]") -> None:
            error = future.exception()
            if error is not None:  # a fault of ours: the recorder must know that this GOP is not on the disk
                self.figures["store_faults"] += 1
                log.error("scribe.job_failed", worker=self._worker, error=repr(error))
            if gop is not None:
                self._settled_bytes += gop.size_bytes
                if error is not None:
                    self._tell(self._told.failed, gop.point_id, repr(error))

        self._thread.submit(job).add_done_callback(finished)

    async def _run(self, job: Callable[[], Done]) -> Done:
        return await asyncio.wrap_future(self._thread.submit(job), loop=self._loop)

    def _tell(self, call: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    # in the thread

    def _recover_all(self, journals: list[int]) -> int:
        self._files.make_folder(self._root)
        self._journal.open()
        if self._journal.nonsense:
            log.error("recording.journal_damaged", worker=self._worker, lines=self._journal.nonsense[:10])
        recovered = self._recover_names(self._journal.names)
        for worker in journals:
            if worker != self._worker:
                other = Journal(self._files, self._root, worker)
                other.open()
                names = other.names
                for name in names:
                    self._journal.add(name)
                other.strike(names)
                other.close()
                recovered += self._recover_names(names)
        return recovered

    def _recover_names(self, names: list[str]) -> int:
        for name in names:
            try:
                self._recover_name(name)
            except OSError as error:
                # one bad file must not keep all cameras from being recorded: it stays in the journal
                log.error("recording.not_recovered", name=name, error=str(error))
        return len(names)

    def _recover_name(self, name: str, most_gops: int | None = None) -> None:
        hour = recover(self._files, self._root, name, most_gops=most_gops)
        if hour is None:
            self._journal.strike([name])
            self._tell(self._told.dropped, name)
        else:
            self._tell(self._told.closed, hour)

    def _store(self, gop: Gop) -> None:
        try:
            if gop.init is not None:
                self._close(gop.point_id)
                file = HourFile(
                    self._files, self._root, self._journal, point_id=gop.point_id, from_ms=gop.start_ms, init=gop.init
                )
                self._open[gop.point_id] = file
                self._tell(self._told.opened, file.name, gop.point_id, gop.start_ms)
            current = self._open.get(gop.point_id)
            if current is None:
                return  # its file failed; the recorder has been told and begins a new one
            current.append(
                gop.pieces,
                start_ms=gop.start_ms,
                duration_ms=gop.duration_ms,
                frames=gop.frames,
                is_damaged=gop.is_damaged,
            )
        except OSError as error:
            self._fail(gop.point_id, error, hour_name(gop.point_id, gop.start_ms) if gop.init is not None else "")
        else:
            self.figures["gops_stored"] += 1
            self.figures["bytes_stored"] += gop.size_bytes

    def _fail(self, point_id: str, error: OSError, unopened: str = "") -> None:
        """Tell, then make whole what can be; `unopened`: a file that may have been half made."""
        self.figures["store_faults"] += 1
        log.error("recording.write_failed", point_id=point_id, error=str(error))
        self._tell(self._told.failed, point_id, error.strerror or str(error))
        file = self._open.pop(point_id, None)
        if file is not None:
            file.abandon()
            self._make_whole(file.name, file.synced_gops)
        if unopened:
            self._make_whole(unopened)

    def _make_whole(self, name: str, most_gops: int | None = None) -> None:
        try:
            self._recover_name(name, most_gops)
        except OSError as error:
            # it stays in the journal, and is recovered at the next start
            log.error("recording.recovery_put_off", name=name, error=str(error))

    def _close(self, point_id: str) -> None:
        file = self._open.pop(point_id, None)
        if file is None:
            return
        try:
            hour = file.close()
        except OSError as error:
            self._open[point_id] = file
            self._fail(point_id, error)
        else:
            self._tell(self._told.closed, hour)

    def _flush_all(self) -> None:
        for point_id, file in list(self._open.items()):
            try:
                file.sync()
            except OSError as error:
                self._fail(point_id, error)

    def _state(self) -> tuple[dict[str, int], int]:
        space = os.statvfs(self._root)
        return (
            {file.name: file.synced_until_ms for file in self._open.values()},
            space.f_bavail * space.f_frsize,
        )

    def _close_all(self) -> None:
        for point_id in list(self._open):
            self._close(point_id)

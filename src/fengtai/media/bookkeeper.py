"""Brings what workers report about hours into the books, in order, and lets a worker strike a name when its row stands.

A row that cannot be written now is tried again; should the process end before, the worker's journal still has the name.
"""

import asyncio
import contextlib

import structlog

from fengtai.domain.recordings.model import Gap, GapCause, HourState, RecordedHour
from fengtai.domain.recordings.ports import HourReports
from fengtai.media import messages as m
from fengtai.media.supervisor import Supervisor

log = structlog.get_logger()
RETRY_SECONDS = 2.0
GROWTH_SECONDS = 10.0
"""how old the end of an open hour may be in the books: a statement a row each two seconds was a tenth of the main process's
work. When a worker is lost, what it told last is booked at once"""
_BOOKED = (m.HourOpened, m.HourClosed, m.HourDropped, m.GapSeen, m.RecordingFailed, m.Counters)


class Bookkeeper:
    def __init__(self, *, workers: Supervisor, hours: HourReports) -> None:
        self._workers, self._hours = workers, hours
        self._queue: asyncio.Queue[tuple[int, m.Report]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._growth: dict[str, int] = {}
        """told by workers, not booked yet"""
        self._grown_at = float("-inf")
        self.faults = 0
        workers.listen(self._hear)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """After the supervisor has stopped: finishes what was reported."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await self._queue.join()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def _hear(self, worker: int, report: m.Report | None) -> None:
        if isinstance(report, m.Counters):
            self._growth |= report.recorded_until
            if asyncio.get_running_loop().time() - self._grown_at >= GROWTH_SECONDS:
                self._book_growth(worker)
        elif report is None:
            self._book_growth(worker)
        elif isinstance(report, _BOOKED):
            self._queue.put_nowait((worker, report))

    def _book_growth(self, worker: int) -> None:
        growth, self._growth = self._growth, {}
        if growth:
            self._grown_at = asyncio.get_running_loop().time()
            self._queue.put_nowait((worker, m.Counters(recorded_until=growth, free_bytes=0, figures={})))

    async def _keep(self) -> None:
        while True:
            worker, report = await self._queue.get()
            try:
                await self._insist(worker, report)
            finally:
                self._queue.task_done()

    async def _insist(self, worker: int, report: m.Report) -> None:
        while True:
            if await self._book(worker, report):
                return
            await asyncio.sleep(RETRY_SECONDS)

    async def _book(self, worker: int, report: m.Report) -> bool:
        try:
            await self._write(worker, report)
        except Exception as error:  # noqa: BLE001 - top of a background loop
            self.faults += 1
            log.error("hours.not_booked", report=type(report).__name__, error=repr(error))
            return isinstance(report, m.Counters)  # the next ones say the same, fresher
        return True

    async def _write(self, worker: int, report: m.Report) -> None:
        match report:
            case m.HourOpened():
                await self._hours.hour_opened(
                    RecordedHour(
                        name=report.name, point_id=report.point_id, from_ms=report.from_ms, until_ms=report.from_ms
                    )
                )
            case m.HourClosed():
                await self._hours.hour_closed(_closed(report))
                self._workers.send(worker, m.HourKept(name=report.name))
            case m.HourDropped():
                await self._hours.hour_dropped(report.name)
            case m.GapSeen():
                await self._hours.gap_found(
                    Gap(
                        point_id=report.point_id,
                        from_ms=report.from_ms,
                        until_ms=report.until_ms,
                        cause=GapCause(report.cause),
                    )
                )
            case m.RecordingFailed():
                await self._hours.gap_began(report.point_id, GapCause(report.cause))
            case m.Counters():
                await self._hours.recorded_until(report.recorded_until)
            case _:
                raise AssertionError(f"{type(report).__name__} is not booked")


def _closed(report: m.HourClosed) -> RecordedHour:
    return RecordedHour(
        name=report.name,
        point_id=report.point_id,
        from_ms=report.from_ms,
        until_ms=report.until_ms,
        size_bytes=report.size_bytes,
        index_bytes=report.index_bytes,
        index_sha256=report.index_sha256,
        gops=report.gops,
        state=HourState.CLOSED,
    )

"""Keeps what should be recorded recording: compares what is wanted with what runs, and starts what is missing.

Starts are spread (jitter) and slowed down for a camera that fails again and again; after a worker's death they come at
once. When the disk is nearly full, classes stop in the order of `recordings.rules`.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from fengtai.domain.recordings.model import GapCause, WantedPoint
from fengtai.domain.recordings.ports import HourReports, RecordedPoints
from fengtai.domain.recordings.rules import recordable, shed_classes
from fengtai.media.faults import Fault
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()
ROUND_SECONDS = 5.0
BREATH_SECONDS = 0.2
"""between two rounds at least: devices that come by the thousand are looked at together"""
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 60.0
WITHOUT_WORKER_SECONDS = 0.1
STARTS_AT_ONCE = 32
_random = random.SystemRandom()


@dataclass
class _Effort:
    """What has been tried for one point."""

    failures: int = 0
    not_before: float = 0.0


class Keeper:
    """`wake` makes the next round come now: call it when a device has come online or a point was changed."""

    def __init__(
        self, *, streams: StreamTable, workers: Supervisor, points: RecordedPoints, hours: HourReports
    ) -> None:
        self._streams, self._workers, self._points, self._hours = streams, workers, points, hours
        self._efforts: dict[str, _Effort] = {}
        self._gapped: set[str] = set()
        self._shed: tuple[int, ...] = ()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._starts: dict[str, asyncio.Task[None]] = {}
        self._notes: set[asyncio.Task[None]] = set()
        self._limit = asyncio.Semaphore(STARTS_AT_ONCE)
        streams.on_lost(self._lost)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        tasks = [task for task in (self._task, *self._starts.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, *self._notes, return_exceptions=True)

    def wake(self) -> None:
        self._woken.set()

    @property
    def shed(self) -> Sequence[int]:
        """Point classes that are not recorded now, because the disk is nearly full."""
        return self._shed

    async def _keep(self) -> None:
        while True:
            self._woken.clear()  # before the round: what happens during it may be too late for it
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - top of a background loop
                log.error("keeper.round_failed", error=repr(error))
            pause = self._pause()
            breath = min(pause, BREATH_SECONDS)
            await asyncio.sleep(breath)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause - breath):
                    await self._woken.wait()

    def _pause(self) -> float:
        """Until the next round, or the first point that may be tried again."""
        now = asyncio.get_running_loop().time()
        due = [effort.not_before - now for effort in self._efforts.values() if effort.not_before > now]
        return max(0.05, min(ROUND_SECONDS, *due)) if due else ROUND_SECONDS

    async def _round(self) -> None:
        wanted = await self._points.wanted()
        self._weigh_disk()
        to_record = {point.point_id: point for point in recordable(wanted, self._shed)}
        for point_id in self._streams.recorded - to_record.keys():
            self._streams.release(point_id)
            self._efforts.pop(point_id, None)
            self._gapped.discard(point_id)
        for point in wanted:
            if point.point_id not in to_record:
                await self._note_gap(point.point_id, GapCause.DISK)
            elif self._streams.is_running(point.point_id):
                self._streams.carry_sound(point.point_id, point.carries_sound)
                if point.point_id not in self._streams.recorded:  # it is watched only, until now
                    self._begin(point)
            elif not point.online:
                await self._note_gap(point.point_id, GapCause.DEVICE_OFFLINE)
            else:
                self._begin(point)

    def _weigh_disk(self) -> None:
        free = self._workers.free_bytes
        if free is None:
            return
        shed = shed_classes(self._shed, free_bytes=free, reserve_bytes=self._workers.settings.reserve_bytes)
        if shed != self._shed:
            log.error("recording.classes_shed", classes=list(shed), free_bytes=free)
            self._shed = shed

    def _begin(self, point: WantedPoint) -> None:
        effort = self._efforts.setdefault(point.point_id, _Effort())
        if point.point_id in self._starts or asyncio.get_running_loop().time() < effort.not_before:
            return
        task = asyncio.create_task(self._start(point, effort))
        self._starts[point.point_id] = task
        task.add_done_callback(lambda _: self._starts.pop(point.point_id, None))

    async def _start(self, point: WantedPoint, effort: _Effort) -> None:
        try:
            async with self._limit:
                await self._streams.keep(
                    point.point_id, point.device_id, point.channel_id, carries_sound=point.carries_sound
                )
        except Unavailable as error:
            if self._workers.ready:
                effort.failures += 1
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (effort.failures - 1))
            else:  # no fault of the camera's: the start has waited for a worker, and the next one goes on with that
                pause = WITHOUT_WORKER_SECONDS
                self.wake()
            effort.not_before = asyncio.get_running_loop().time() + pause * _random.uniform(0.8, 1.2)
            log.warning("recording.not_started", point_id=point.point_id, failures=effort.failures, reason=str(error))
            await self._note_gap(point.point_id, GapCause.STREAM_LOST)
        else:
            effort.failures = 0
            self._gapped.discard(point.point_id)

    def _lost(self, point_id: str, fault: Fault) -> None:
        effort = self._efforts.setdefault(point_id, _Effort())
        if fault.gap is GapCause.WORKER_RESTARTED:  # no fault of the camera's; `STARTS_AT_ONCE` is spread enough
            pause = _random.uniform(0.0, 0.1)
        else:
            pause = FIRST_PAUSE_SECONDS / 2 + _random.uniform(0.0, 0.5)
        effort.not_before = asyncio.get_running_loop().time() + pause
        note = asyncio.create_task(self._note_gap(point_id, fault.gap))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)
        self.wake()

    async def _note_gap(self, point_id: str, cause: GapCause) -> None:
        """Once per gap: the ledger would refuse the second, but need not be asked each round."""
        if point_id in self._gapped:
            return
        self._gapped.add(point_id)
        try:
            await self._hours.gap_began(point_id, cause)
        except Exception as error:  # noqa: BLE001 - asked again in the next round
            self._gapped.discard(point_id)
            log.error("recording.gap_not_noted", point_id=point_id, error=repr(error))

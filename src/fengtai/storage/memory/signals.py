"""In-memory twin of the signal journal."""

import asyncio
from collections.abc import Sequence

from fengtai.domain.alarms.model import Backlog, JournalledSignal, Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.vocabulary.clock import Clock, from_ms
from fengtai.vocabulary.errors import NotFound


class MemorySignals:
    """Implements alarms.ports.SignalJournal. Nothing is durable: for tests, demonstrations and the simulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.journal: list[JournalledSignal] = []
        self.lanes: list[TriageLane] = []

    async def append(self, signal: Signal, lane: TriageLane = TriageLane.URGENT) -> JournalledSignal:
        return self._keep(signal, lane)

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        for signal, lane in signals:
            self._keep(signal, lane)
        asyncio.get_running_loop().call_soon(told, None)

    def _keep(self, signal: Signal, lane: TriageLane) -> JournalledSignal:
        journalled = JournalledSignal(
            seq=len(self.journal) + 1, received_at=from_ms(self._clock.now().utc_ms), signal=signal
        )
        self.journal.append(journalled)
        self.lanes.append(lane)
        return journalled

    async def after(self, seq: int, *, limit: int = 500, lane: TriageLane | None = None) -> Sequence[JournalledSignal]:
        if lane is None:
            return self.journal[max(seq, 0) :][:limit]
        return self._of(lane, seq)[:limit]

    async def newest(self) -> int:
        return len(self.journal)

    async def backlog(self, seq: int, lane: TriageLane) -> Backlog:
        waiting = self._of(lane, seq)
        return Backlog(signals=len(waiting), oldest_at=waiting[0].received_at if waiting else None)

    async def get(self, seq: int) -> JournalledSignal:
        if not 1 <= seq <= len(self.journal):
            raise NotFound(f"there is no signal {seq}")
        return self.journal[seq - 1]

    def _of(self, lane: TriageLane, seq: int) -> list[JournalledSignal]:
        start = max(seq, 0)
        return [one for one, its in zip(self.journal[start:], self.lanes[start:], strict=True) if its is lane]

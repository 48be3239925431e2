"""In-memory twin of the signal journal."""

from collections.abc import Sequence

from fengtai.domain.alarms.model import JournalledSignal, Signal
from fengtai.vocabulary.clock import Clock, from_ms
from fengtai.vocabulary.errors import NotFound


class MemorySignals:
    """Implements alarms.ports.SignalJournal. Nothing is durable: for tests, demonstrations and the simulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.journal: list[JournalledSignal] = []

    async def append(self, signal: Signal) -> JournalledSignal:
        journalled = JournalledSignal(
            seq=len(self.journal) + 1, received_at=from_ms(self._clock.now().utc_ms), signal=signal
        )
        self.journal.append(journalled)
        return journalled

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[JournalledSignal]:
        return self.journal[max(seq, 0) :][:limit]

    async def get(self, seq: int) -> JournalledSignal:
        if not 1 <= seq <= len(self.journal):
            raise NotFound(f"there is no signal {seq}")
        return self.journal[seq - 1]

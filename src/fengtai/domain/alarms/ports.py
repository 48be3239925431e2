"""What alarms need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fengtai.domain.alarms.model import JournalledSignal, Signal


class SignalJournal(Protocol):
    """Signals in the order in which they came, with their raw bytes, for ever. The hot path of the product: written by
    hand per engine (`storage.sqlite`, `storage.postgres`, `storage.memory`), outside the units of work.
    See docs/design/signal-journal.md."""

    async def append(self, signal: Signal) -> JournalledSignal:
        """Return when the signal is durable; only then may it be acknowledged. Raise Unavailable when it cannot be."""

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[JournalledSignal]: ...

    async def get(self, seq: int) -> JournalledSignal:
        """Raise NotFound if there is none."""

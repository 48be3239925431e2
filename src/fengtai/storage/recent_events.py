"""The newest events in memory, for all who read the same end of the log: consoles, subscribers, followers.

A reader near the end costs no query: what this process has committed is handed over at once, and one query brings the
rest for all of them. Who is further behind reads the database at its own pace. Nothing is kept that is not durable.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence

from fengtai.vocabulary.events import EventReader, LoggedEvent

KEPT = 5_000


class RecentEvents:
    """Implements vocabulary.events.EventReader over another one."""

    def __init__(self, log: EventReader, *, kept: int = KEPT) -> None:
        self._log, self._kept = log, kept
        self._events: list[LoggedEvent] = []
        self._after: int | None = None
        """everything behind this place is in `_events`, as far as it was read"""
        self._filling = asyncio.Lock()

    async def newest(self) -> int:
        return await self._log.newest()

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return await self._log.changed(seq, seconds=seconds)

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        if self._after is None:
            self._after = seq
        if seq < self._after:
            return await self._log.after(seq, limit=limit)
        found = self._from_memory(seq, limit)
        if not found:
            await self._fill(seq)
            if seq < self._after:  # so much came meanwhile that what follows `seq` is no longer in memory
                return await self._log.after(seq, limit=limit)
            found = self._from_memory(seq, limit)
        return found

    def _from_memory(self, seq: int, limit: int) -> Sequence[LoggedEvent]:
        start = bisect_right(self._events, seq, key=lambda event: event.seq)
        return self._events[start : start + limit]

    def expects(self, seq: int) -> bool:
        """Whether this is the event that comes next: somebody follows, and nothing is missing before it."""
        return self._last() == seq - 1

    def add(self, events: Sequence[LoggedEvent]) -> None:
        """Just committed; nobody needs to read them back. Only when `expects` said so."""
        self._events += events
        self._trim()

    async def _fill(self, seq: int) -> None:
        async with self._filling:
            if self._events and self._events[-1].seq > seq:
                return  # another reader has just done it
            found = await self._log.after(self._last() or 0, limit=self._kept)
            last = self._last() or 0  # more may have been added meanwhile
            self._events += [event for event in found if event.seq > last]
            self._trim()

    def _last(self) -> int | None:
        return self._events[-1].seq if self._events else self._after

    def _trim(self) -> None:
        surplus = len(self._events) - self._kept
        if surplus > 0:
            self._after = self._events[surplus - 1].seq
            del self._events[:surplus]

"""What the two SQL engines have in common: units by group commit, reads on snapshots, event log, signal journal.

`sqlite.database` and `postgres.database` say only how their database is opened, locked and listened to.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Engine

from fengtai.domain.alarms.model import Backlog, JournalledSignal, Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.storage import event_log, signal_rows
from fengtai.storage.group_commit import Figures, GroupCommit, Lane
from fengtai.storage.reading import ReaderPool
from fengtai.storage.recent_events import RecentEvents
from fengtai.storage.subscriber_rows import STORES as SUBSCRIBER_STORES
from fengtai.storage.subscribers import Handler, run_subscriber
from fengtai.storage.unit import StoreMaker
from fengtai.storage.wake_up import WakeUp
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import NotFound, Unavailable
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.transactions import UnitOfWork

Answer = TypeVar("Answer")


class SqlEngine:
    """Implements vocabulary.transactions.Transactions and vocabulary.events.EventReader; `signals` is the journal."""

    def __init__(
        self,
        lane: Lane,
        reading: Engine,
        clock: Clock,
        stores: Mapping[type[Any], StoreMaker],
        *,
        reader_threads: int,
    ) -> None:
        makers: dict[type[Any], StoreMaker] = {**SUBSCRIBER_STORES, **stores}
        self._wake_up = WakeUp()
        self._writer = GroupCommit(lane, clock, makers, self._told_in_thread)
        self._readers = ReaderPool(reading, clock, makers, threads=reader_threads)
        self._recent = RecentEvents(_StoredEvents(self._readers, self._wake_up))
        self._hears_of_all = lane.is_only_writer
        """no event is logged by another process, whose wake-up might be lost"""
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Open and begin to write. The tables must stand (`storage.schema.upgrade`); else Unavailable."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._writer.start)
        try:
            self._wake_up.tell(await self._readers.query(event_log.newest))
        except Unavailable:
            await self.close()
            raise

    async def close(self) -> None:
        """Commit what waits, then close."""
        await self._writer.stop()
        await self._readers.stop()

    @property
    def figures(self) -> Figures:
        return self._writer.figures

    async def write(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        answer: Answer = await self._writer.write(work)
        return answer

    async def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return await self._readers.read(work)

    @property
    def signals(self) -> "SqlSignals":
        """The signal journal on this database, through the same writer."""
        return SqlSignals(self._writer, self._readers)

    async def newest(self) -> int:
        return await self._recent.newest()

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        """Read and decoded once for all who stand near the end of the log; not at all when there is nothing new."""
        if self._hears_of_all and seq >= self._wake_up.newest:
            return ()
        return await self._recent.after(seq, limit=limit)

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return await self._recent.changed(seq, seconds=seconds)

    async def run_subscriber(self, name: str, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
        """See `storage.subscribers.run_subscriber`."""
        await run_subscriber(self, self, name, handlers, stop)

    def _told_in_thread(self, seq: int, events: Sequence[event_log.EventRow] = ()) -> None:
        """An event `seq` is durable (the last of `events`, when it is ours). Called in other threads."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._heard, seq, events)

    def _heard(self, seq: int, events: Sequence[event_log.EventRow]) -> None:
        if events and self._recent.expects(seq - len(events) + 1):
            self._recent.add(event_log.logged(seq, events))
        self._wake_up.tell(seq)


class _StoredEvents:
    """Implements vocabulary.events.EventReader on the database itself."""

    def __init__(self, readers: ReaderPool, wake_up: WakeUp) -> None:
        self._readers, self._wake_up = readers, wake_up

    async def newest(self) -> int:
        return await self._readers.query(event_log.newest)

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        return await self._readers.query(lambda connection: event_log.after(connection, seq, limit))

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return await self._wake_up.changed(seq, seconds=seconds)


class SqlSignals:
    """Implements alarms.ports.SignalJournal: appends share the commits of the units."""

    def __init__(self, writer: GroupCommit, readers: ReaderPool) -> None:
        self._writer, self._readers = writer, readers

    async def append(self, signal: Signal, lane: TriageLane = TriageLane.URGENT) -> JournalledSignal:
        return await self._writer.append(signal, lane)

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        self._writer.submit(signals, told)

    async def after(self, seq: int, *, limit: int = 500, lane: TriageLane | None = None) -> Sequence[JournalledSignal]:
        return await self._readers.query(lambda connection: signal_rows.after(connection, seq, limit, lane))

    async def newest(self) -> int:
        return await self._readers.query(signal_rows.newest)

    async def backlog(self, seq: int, lane: TriageLane) -> Backlog:
        return await self._readers.query(lambda connection: signal_rows.backlog(connection, seq, lane))

    async def get(self, seq: int) -> JournalledSignal:
        found = await self._readers.query(lambda connection: signal_rows.get(connection, seq))
        if found is None:
            raise NotFound(f"there is no signal {seq}")
        return found

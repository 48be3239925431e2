"""Runs one subscriber of the event log: each event once, in order, in a unit that also moves the subscriber's cursor.

Generic over engines. A page of events shares one unit, because in a storm a unit for each would be half of all writing;
when such a unit fails it is undone as a whole, and its events are handled one by one. A handler that keeps failing on one
event is given up for that event (quarantine); the rest flows. While the database does not answer, nothing is given up: it
waits.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from fengtai.storage.subscriber_rows import SubscriberBook
from fengtai.vocabulary.errors import Unavailable
from fengtai.vocabulary.events import EventReader, LoggedEvent
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

log = structlog.get_logger()

Handler = Callable[[UnitOfWork, LoggedEvent], None]

TRIES = 5
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 5.0
"""A wake-up that was lost (another process's, on PostgreSQL) costs this at most."""
PAGE = 500
PLACE_KEPT_SECONDS = 1.0
EVENTS_IN_ONE_UNIT = 50
"""No more, so that a unit does not hold up the acknowledging of signals for long."""


async def run_subscriber(
    transactions: Transactions,
    reader: EventReader,
    name: str,
    handlers: Mapping[str, Handler],
    stop: asyncio.Event,
) -> None:
    """Return soon after `stop` is set. One at a time per name: two would do the work twice at once and retry."""
    subscriber = _Subscriber(transactions, reader, name, handlers, stop)
    while not stop.is_set():
        try:
            await subscriber.catch_up()
        except Unavailable as error:
            log.warning("subscriber.waits", subscriber=name, error=str(error))
            await _pause(stop, LONGEST_PAUSE_SECONDS)


class _NotHandled(Exception):
    pass


class _Subscriber:
    def __init__(
        self,
        transactions: Transactions,
        reader: EventReader,
        name: str,
        handlers: Mapping[str, Handler],
        stop: asyncio.Event,
    ) -> None:
        self._transactions, self._reader, self._stop = transactions, reader, stop
        self._name, self._handlers = name, handlers
        self._kept, self._kept_at = 0, float("-inf")
        """the cursor in the book, and when (loop time) it was last moved over events that nobody here handles"""

    async def catch_up(self) -> None:
        """Handle what is new, then wait for more, until told to stop."""
        seq = self._kept = await self._transactions.read(lambda uow: uow.store(SubscriberBook).cursor(self._name))
        while not self._stop.is_set():
            events = await self._reader.after(seq, limit=PAGE)
            seq = await self._handle_page(seq, events)
            if not events:
                await self._wait_for_more(seq, await self._keep_place(seq))

    async def _keep_place(self, seq: int) -> float:
        """Move the cursor over events that nobody here handles, once a second at most: a storm of them costs nothing, and
        after a restart they are passed over once more. Return how long to wait for more at most."""
        now = asyncio.get_running_loop().time()
        left = self._kept_at + PLACE_KEPT_SECONDS - now
        if seq == self._kept:
            return LONGEST_WAIT_SECONDS
        if left > 0:
            return left
        await self._transactions.write(lambda uow: uow.store(SubscriberBook).move(self._name, seq))
        self._kept, self._kept_at = seq, now
        return LONGEST_WAIT_SECONDS

    async def _handle_page(self, seq: int, events: Sequence[LoggedEvent]) -> int:
        """Return the cursor afterwards."""
        if not any(event.kind in self._handlers for event in events):
            return events[-1].seq if events else seq
        for start in range(0, len(events), EVENTS_IN_ONE_UNIT):
            if self._stop.is_set():
                break
            seq = self._kept = await self._handle_some(seq, events[start : start + EVENTS_IN_ONE_UNIT])
        return seq

    async def _handle_some(self, seq: int, events: Sequence[LoggedEvent]) -> int:
        """All in one unit; if that fails, one by one, so that only the one that is at fault is set aside."""

        def together(uow: UnitOfWork) -> None:
            for event in events:
                if handler := self._handlers.get(event.kind):
                    try:
                        handler(uow, event)
                    except Unavailable as error:
                        raise _NotHandled(repr(error)) from error
            uow.store(SubscriberBook).move(self._name, events[-1].seq)

        try:
            await self._transactions.write(together)
            return events[-1].seq
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the top of a background loop: the culprit is found one by one
            log.info("subscriber.one_by_one", subscriber=self._name, events=len(events), error=repr(error))
        return await self._handle_one_by_one(seq, events)

    async def _handle_one_by_one(self, seq: int, events: Sequence[LoggedEvent]) -> int:
        stored = seq
        for event in events:
            if self._stop.is_set():
                break
            handler = self._handlers.get(event.kind)
            if handler is not None:
                await self._handle(event, handler)
                stored = event.seq
            seq = event.seq
        if seq > stored:
            await self._transactions.write(lambda uow: uow.store(SubscriberBook).move(self._name, seq))
        return seq

    async def _handle(self, event: LoggedEvent, handler: Handler) -> None:
        def once(uow: UnitOfWork) -> None:
            try:
                handler(uow, event)
            except Unavailable as error:
                raise _NotHandled(repr(error)) from error  # its own fault, not the database's: it counts
            uow.store(SubscriberBook).move(self._name, event.seq)

        pause_seconds = FIRST_PAUSE_SECONDS
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._transactions.write(once)
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 - the top of a background loop: counted, logged, quarantined
                log.warning(
                    "subscriber.failed", subscriber=self._name, seq=event.seq, kind=event.kind, error=repr(error)
                )
                if not tries_left:
                    return await self._give_up(event, error)
            await _pause(self._stop, pause_seconds)
            pause_seconds *= 2

    async def _give_up(self, event: LoggedEvent, error: Exception) -> None:
        def set_aside(uow: UnitOfWork) -> None:
            book = uow.store(SubscriberBook)
            book.quarantine(self._name, event, repr(error))
            book.move(self._name, event.seq)

        await self._transactions.write(set_aside)
        log.error("subscriber.quarantined", subscriber=self._name, seq=event.seq, kind=event.kind, error=repr(error))

    async def _wait_for_more(self, seq: int, seconds: float) -> None:
        """Until there is a newer event or the end is asked for, whichever comes first."""
        more = asyncio.ensure_future(self._reader.changed(seq, seconds=seconds))
        end = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({more, end}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            more.cancel()
            end.cancel()
            await asyncio.gather(more, end, return_exceptions=True)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return

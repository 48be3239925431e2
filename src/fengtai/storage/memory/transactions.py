"""The engine of the in-memory twins: the same promises as a database, without durability."""

import asyncio
import inspect
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from fengtai.storage.memory.subscribers import STORES as SUBSCRIBER_STORES
from fengtai.storage.new_ids import new_id
from fengtai.storage.subscribers import Handler, run_subscriber
from fengtai.storage.wake_up import WakeUp
from fengtai.vocabulary.clock import Clock, Instant
from fengtai.vocabulary.events import Event, LoggedEvent
from fengtai.vocabulary.transactions import Sealed, UnitOfWork

Answer = TypeVar("Answer")
Port = TypeVar("Port")


@runtime_checkable
class Bound(Protocol):
    """A twin that needs the unit it works in (its moment, its secrets): told of it before it is handed out."""

    def bind(self, unit: UnitOfWork) -> None: ...


class MemoryTransactions:
    """Runs each unit alone, on stores that keep their rows in dicts and lists of immutable values.

    `stores` maps a port to the twin that implements it: `MemoryTransactions(clock, {PointStore: MemoryPoints()})`.
    Whatever a unit changed in a store's dicts and lists is undone when it raises. `events` is the log so far; the
    engine is its own EventReader.
    """

    def __init__(self, clock: Clock, stores: Mapping[type[Any], object] | None = None) -> None:
        self._clock = clock
        self._stores: dict[type[Any], object] = {port: twin() for port, twin in SUBSCRIBER_STORES.items()}
        self._stores.update(stores or {})
        self._wake_up = WakeUp()
        self.events: list[LoggedEvent] = []

    async def write(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return self.run(work)

    async def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return self.look(work)

    def run(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        """`write` without a loop, for tests that read as stories."""
        before = self._snapshot()
        unit = _Unit(self, writable=True)
        try:
            answer = work(unit)
            if inspect.iscoroutine(answer):
                answer.close()
                raise TypeError("a use case is an ordinary function, not a coroutine function")
            unit.seal()
        except BaseException:
            self._restore(before)
            raise
        for event in unit.published:
            self.events.append(
                LoggedEvent(len(self.events) + 1, unit.now.utc_ms, event.kind, event.needs, event.payload())
            )
        self._wake_up.tell(len(self.events))
        return answer

    def look(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        """`read` without a loop."""
        before = self._snapshot()
        try:
            return work(_Unit(self, writable=False))
        finally:
            self._restore(before)

    def told(self, kind: str) -> list[LoggedEvent]:
        """The events of this kind so far, oldest first."""
        return [event for event in self.events if event.kind == kind]

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        return self.events[max(seq, 0) :][:limit]

    async def newest(self) -> int:
        return len(self.events)

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return await self._wake_up.changed(seq, seconds=seconds)

    async def run_subscriber(self, name: str, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
        """See `storage.subscribers.run_subscriber`."""
        await run_subscriber(self, self, name, handlers, stop)

    def clock_now(self) -> Instant:
        return self._clock.now()

    def offered(self, port: type[Port]) -> Port:
        try:
            return cast(Port, self._stores[port])
        except KeyError:
            raise LookupError(f"no store offers {port.__name__}") from None

    def _snapshot(self) -> list[tuple[object, dict[str, Any]]]:
        return [
            (
                store,
                {
                    name: value.copy() if isinstance(value, dict | list | set) else value
                    for name, value in vars(store).items()
                },
            )
            for store in self._stores.values()
        ]

    @staticmethod
    def _restore(before: list[tuple[object, dict[str, Any]]]) -> None:
        for store, state in before:
            vars(store).update(state)


class _Unit:
    def __init__(self, engine: MemoryTransactions, *, writable: bool) -> None:
        self._engine, self._writable = engine, writable
        self._used: dict[type[Any], object] = {}
        self.now = engine.clock_now()
        self.published: list[Event] = []

    def store(self, port: type[Port]) -> Port:
        found = self._engine.offered(port)
        if port not in self._used:
            self._used[port] = found
            if isinstance(found, Bound):
                found.bind(self)
        return found

    def publish(self, event: Event) -> None:
        if not self._writable:
            raise RuntimeError("a unit that reads cannot publish")
        self.published.append(event)

    def seal(self) -> None:
        for store in list(self._used.values()):
            if isinstance(store, Sealed):
                store.seal()

    def new_id(self) -> str:
        return new_id(self.now)

    def new_secret(self, size_bytes: int = 32) -> bytes:
        return secrets.token_bytes(size_bytes)

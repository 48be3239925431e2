"""The engine of the in-memory twins: the same promises as a database, without durability."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from fengtai.storage.new_ids import new_id
from fengtai.vocabulary.clock import Clock, Instant
from fengtai.vocabulary.events import Event, LoggedEvent
from fengtai.vocabulary.transactions import UnitOfWork

Answer = TypeVar("Answer")
Port = TypeVar("Port")


class MemoryTransactions:
    """Runs each unit alone, on stores that keep their rows in dicts and lists of immutable values.

    `stores` maps a port to the twin that implements it: `MemoryTransactions(clock, {PointStore: MemoryPoints()})`.
    Whatever a unit changed in a store's dicts and lists is undone when it raises. `events` is the log so far.
    """

    def __init__(self, clock: Clock, stores: Mapping[type[Any], object] | None = None) -> None:
        self._clock = clock
        self._stores = dict(stores or {})
        self.events: list[LoggedEvent] = []

    async def write(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return self.run(work)

    async def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        before = self._snapshot()
        try:
            return work(_Unit(self, writable=False))
        finally:
            self._restore(before)

    def run(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        """The same without a loop, for tests that read as stories."""
        before = self._snapshot()
        unit = _Unit(self, writable=True)
        try:
            answer = work(unit)
        except BaseException:
            self._restore(before)
            raise
        for event in unit.published:
            self.events.append(
                LoggedEvent(len(self.events) + 1, unit.now.utc_ms, event.kind, event.needs, event.payload())
            )
        return answer

    def told(self, kind: str) -> list[LoggedEvent]:
        """The events of this kind so far, oldest first."""
        return [event for event in self.events if event.kind == kind]

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
        self.now = engine.clock_now()
        self.published: list[Event] = []

    def store(self, port: type[Port]) -> Port:
        return self._engine.offered(port)

    def publish(self, event: Event) -> None:
        if not self._writable:
            raise RuntimeError("a unit that reads cannot publish")
        self.published.append(event)

    def new_id(self) -> str:
        return new_id(self.now)

    def new_secret(self, size_bytes: int = 32) -> bytes:
        return secrets.token_bytes(size_bytes)

"""A unit of work on a SQL connection: what a use case holds while it runs, on SQLite and on PostgreSQL alike.

Owns the life of the stores of one unit and the events it buffers. Must not know when or by whom it is committed.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

from sqlalchemy import Connection

from fengtai.storage import event_log
from fengtai.storage.new_ids import new_id
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.transactions import Sealed, UnitOfWork

Port = TypeVar("Port")
StoreMaker = Callable[[Connection, UnitOfWork], object]


@runtime_checkable
class SealedTogether(Protocol):
    """A store whose sealed rows are written for all units of one commit at once (`SqlAuditLog`): a statement for
    hundreds of units instead of one for each."""

    def take_sealed(self) -> Sequence[Any]:
        """What this unit adds, ready to be written; raise here what is wrong with it."""

    @classmethod
    def write_sealed(cls, connection: Connection, added: Sequence[Any], new_secret: Callable[[int], bytes]) -> None:
        """Give everything its place and write it. Under the order lock, as one of the last acts before the commit."""


class SqlUnit:
    """Good only inside the function it was given to; the engine calls `seal` once, as the last act of the unit."""

    def __init__(
        self, connection: Connection, now: Instant, makers: Mapping[type[Any], StoreMaker], *, writable: bool
    ) -> None:
        self._connection, self._makers, self._writable = connection, makers, writable
        self._stores: dict[type[Any], object] = {}
        self._published: list[Event] = []
        self.now = now

    def store(self, port: type[Port]) -> Port:
        made = self._stores.get(port)
        if made is None:
            try:
                maker = self._makers[port]
            except KeyError:
                raise LookupError(f"no store offers {port.__name__}") from None
            made = self._stores[port] = maker(self._connection, self)
        return cast(Port, made)

    def publish(self, event: Event) -> None:
        if not self._writable:
            raise RuntimeError("a unit that reads cannot publish")
        self._published.append(event)

    def new_id(self) -> str:
        return new_id(self.now)

    def new_secret(self, size_bytes: int = 32) -> bytes:
        return secrets.token_bytes(size_bytes)

    def seal(self) -> "SealedRows":
        """Give rows their places in the one order, or hand them over to get them before the commit."""
        together: dict[type[SealedTogether], Sequence[Any]] = {}
        for store in list(self._stores.values()):
            manner = _manner_of(type(store))
            if manner is SealedTogether:
                kept = cast(SealedTogether, store)
                together[type(kept)] = kept.take_sealed()
            elif manner is Sealed:
                cast(Sealed, store).seal()
        at_ms = self.now.utc_ms if self._published else 0
        return [event_log.as_row(at_ms, event) for event in self._published], together


_MANNERS: dict[type[Any], type[Any] | None] = {}


def _manner_of(store: type[Any]) -> type[Any] | None:
    """How it is sealed, found out once for each class: asking a Protocol of an object takes longer than writing its row."""
    if store not in _MANNERS:
        _MANNERS[store] = next((manner for manner in (SealedTogether, Sealed) if issubclass(store, manner)), None)
    return _MANNERS[store]


SealedRows = tuple[list[event_log.EventRow], dict[type[SealedTogether], Sequence[Any]]]

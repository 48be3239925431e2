"""A unit of work on a SQL connection: what a use case holds while it runs, on SQLite and on PostgreSQL alike.

Owns the life of the stores of one unit and the events it buffers. Must not know when or by whom it is committed.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from fengtai.storage import event_log
from fengtai.storage.new_ids import new_id
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.transactions import Sealed, UnitOfWork

Port = TypeVar("Port")
StoreMaker = Callable[[Connection, UnitOfWork], object]


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

    def seal(self) -> list[dict[str, Any]]:
        """Give rows their places in the one order. Return the rows of the events, which get theirs before the commit."""
        for store in list(self._stores.values()):
            if isinstance(store, Sealed):
                store.seal()
        return [event_log.as_row(self.now.utc_ms, event) for event in self._published]

"""Where each subscriber of the event log stands, and the events that it could not handle.

`SubscriberBook` is a store like any other, so that a cursor moves in the same unit as what the handler did: exactly once.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

subscriber_cursor = Table(
    "subscriber_cursor",
    metadata,
    Column("subscriber", String(64), primary_key=True, comment="name of the subscriber; stable over versions"),
    Column("seq", BigInteger, nullable=False, comment="newest event of event_log that it is done with"),
)

subscriber_quarantine = Table(
    "subscriber_quarantine",
    metadata,
    Column("subscriber", String(64), nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the event of event_log that it could not handle"),
    Column("at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC, when it was given up"),
    Column("kind", String(64), nullable=False),
    Column("error", Text, nullable=False, comment="the last exception, as text"),
    PrimaryKeyConstraint("subscriber", "seq"),
)


class SubscriberBook(Protocol):
    """Cursors and quarantine of the subscribers."""

    def cursor(self, subscriber: str) -> int:
        """0 for a subscriber that is new: it reads the log from its beginning."""

    def move(self, subscriber: str, seq: int) -> None: ...

    def quarantine(self, subscriber: str, event: LoggedEvent, error: str) -> None: ...

    def quarantined(self, subscriber: str) -> list[int]:
        """`seq` of the events that were given up, in order."""


class SqlSubscriberBook:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection, self._unit = connection, unit

    def cursor(self, subscriber: str) -> int:
        table = subscriber_cursor
        found = self._connection.execute(select(table.c.seq).where(table.c.subscriber == subscriber)).scalar()
        return found or 0

    def move(self, subscriber: str, seq: int) -> None:
        table = subscriber_cursor
        moved = self._connection.execute(update(table).where(table.c.subscriber == subscriber).values(seq=seq))
        if moved.rowcount == 0:
            self._connection.execute(insert(table).values(subscriber=subscriber, seq=seq))

    def quarantine(self, subscriber: str, event: LoggedEvent, error: str) -> None:
        self._connection.execute(
            insert(subscriber_quarantine).values(
                subscriber=subscriber, seq=event.seq, at_ms=self._unit.now.utc_ms, kind=event.kind, error=error[:4000]
            )
        )

    def quarantined(self, subscriber: str) -> list[int]:
        table = subscriber_quarantine
        rows = self._connection.execute(
            select(table.c.seq).where(table.c.subscriber == subscriber).order_by(table.c.seq)
        )
        return list(rows.scalars())


STORES: Mapping[type[Any], Callable[[Connection, UnitOfWork], object]] = {SubscriberBook: SqlSubscriberBook}

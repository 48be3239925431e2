"""The event log's table and its statements, for both SQL engines.

Owns: `event_log`, the one order of all that has happened. Must not know who reads it. `seq` has no holes and is taken
while the writer holds the order lock (docs/design/group-commit.md), so a reader by cursor never misses an event.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, String, Table, Text, func, insert, select

from fengtai.vocabulary.events import Event, LoggedEvent

metadata = MetaData()

event_log = Table(
    "event_log",
    metadata,
    Column(
        "seq",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
        comment="place in the one order, from 1, without holes",
    ),
    Column("at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC; the moment of the unit, not of the commit"),
    Column("kind", String(64), nullable=False, comment='"alarms.raised"; stable'),
    Column("needs", String(64), nullable=False, comment="permission that a person must hold to be told"),
    Column("payload", Text, nullable=False, comment="JSON object"),
)


def as_row(at_ms: int, event: Event) -> dict[str, Any]:
    """The row without its `seq`. Raise TypeError or ValueError for a payload that is not JSON."""
    payload = json.dumps(event.payload(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return {"at_ms": at_ms, "kind": event.kind, "needs": event.needs, "payload": payload}


def append(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Write the rows after the newest event. Return the last `seq`. Only under the order lock."""
    seq = newest(connection)
    connection.execute(insert(event_log), [{**row, "seq": place} for place, row in enumerate(rows, seq + 1)])
    return seq + len(rows)


def newest(connection: Connection) -> int:
    """The highest `seq`; 0 in an empty log. So whoever thins the log out leaves the newest event."""
    seq: int | None = connection.execute(select(func.max(event_log.c.seq))).scalar()
    return seq or 0


def after(connection: Connection, seq: int, limit: int) -> list[LoggedEvent]:
    rows = connection.execute(select(event_log).where(event_log.c.seq > seq).order_by(event_log.c.seq).limit(limit))
    return [LoggedEvent(row.seq, row.at_ms, row.kind, row.needs, json.loads(row.payload)) for row in rows]

"""The event log's table and its statements, for both SQL engines.

Owns: `event_log`, the one order of all that has happened. Must not know who reads it. `seq` has no holes and is taken
while the writer holds the order lock (docs/design/group-commit.md), so a reader by cursor never misses an event.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
)

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


EventRow = tuple[int, str, str, str]
"""at_ms, kind, needs, payload: a row without its `seq`"""

_as_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ROWS_AT_ONCE = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""On SQLite: the driver gives up the interpreter's lock for each statement that it steps, and must win it back from a
busy loop. Few sizes, so that the driver's cache knows each statement."""
_INSERTS = {size: f"INSERT INTO event_log VALUES {', '.join(['(?, ?, ?, ?, ?)'] * size)}" for size in _ROWS_AT_ONCE}  # noqa: S608 - no text of others


def as_row(at_ms: int, event: Event) -> EventRow:
    """Raise TypeError or ValueError for a payload that is not JSON."""
    told = [
        f'"{name}":{encode_basestring(value) if type(value) is str else _as_json(value)}'
        for name, value in event.payload().items()
    ]
    return at_ms, event.kind, event.needs, f"{{{','.join(told)}}}"


class _Told(Mapping[str, Any]):
    """The payload of an event that has just been committed, as a reader of the log would get it. Decoded when somebody
    asks: most followers look at the kind only, and a storm is a hundred thousand events of a kind."""

    __slots__ = ("_decoded", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoded: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._decoded is None:
            self._decoded = json.loads(self._text)
        return self._decoded

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())


def logged(last: int, rows: Sequence[EventRow]) -> list[LoggedEvent]:
    """The rows whose last one got this `seq`, as a reader of the log would get them."""
    first = last - len(rows) + 1
    return [
        LoggedEvent(seq, at_ms, kind, needs, _Told(text)) for seq, (at_ms, kind, needs, text) in enumerate(rows, first)
    ]


def append(connection: Connection, rows: Sequence[EventRow], last: int) -> int:
    """Write the rows after event `last`, the newest. Return the last `seq`. Only under the order lock."""
    placed = [(seq, *row) for seq, row in enumerate(rows, last + 1)]
    if connection.dialect.name == "sqlite":
        _insert_many(connection, placed)
    else:
        connection.execute(insert(event_log), [dict(zip(_COLUMNS, row, strict=True)) for row in placed])
    return last + len(rows)


_COLUMNS = tuple(column.name for column in event_log.columns)


def _insert_many(connection: Connection, rows: Sequence[tuple[int, *EventRow]]) -> None:
    driver, at = connection.connection.driver_connection, 0
    assert driver is not None
    for size, statement in _INSERTS.items():
        while len(rows) - at >= size:
            driver.execute(statement, tuple(chain.from_iterable(rows[at : at + size])))
            at += size


def newest(connection: Connection) -> int:
    """The highest `seq`; 0 in an empty log. So whoever thins the log out leaves the newest event."""
    seq: int | None = connection.execute(select(func.max(event_log.c.seq))).scalar()
    return seq or 0


def after(connection: Connection, seq: int, limit: int) -> list[LoggedEvent]:
    rows = connection.execute(_after, {"after_seq": seq, "most": limit})
    return [LoggedEvent(place, at_ms, kind, needs, json.loads(payload)) for place, at_ms, kind, needs, payload in rows]


_after = (
    select(event_log).where(event_log.c.seq > bindparam("after_seq")).order_by(event_log.c.seq).limit(bindparam("most"))
)

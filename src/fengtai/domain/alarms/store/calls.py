"""Calls that were taken down by hand, in SQL that SQLite and PostgreSQL both speak."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from fengtai.domain.access.model import Reach
from fengtai.domain.alarms.model import CallWords, TelephoneCall
from fengtai.domain.alarms.store.tables import call_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

_WORDS = tuple(field.name for field in fields(CallWords) if field.name != "position")


class SqlCalls:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, call_id: str) -> TelephoneCall:
        row = self._connection.execute(select(call_table).where(call_table.c.id == call_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no call {call_id}")
        return _call(row)

    def save(self, call: TelephoneCall) -> None:
        values = _values(call)
        changed = self._connection.execute(update(call_table).where(call_table.c.id == call.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(call_table).values(id=call.id, **values))

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[TelephoneCall]:
        table, statement = call_table.c, select(call_table)
        if within is not None and (reached := within.condition(table.organisation_id, table.area_code)) is not None:
            statement = statement.where(reached)
        if after:
            statement = statement.where(table.id < after)
        return self._all(statement.order_by(table.id.desc()).limit(limit))

    def of_number(self, caller_number: str, *, since: datetime, limit: int = 20) -> Sequence[TelephoneCall]:
        table = call_table.c
        wanted = (table.caller_number == caller_number) & (table.registered_at_ms >= to_ms(since))
        return self._all(select(call_table).where(wanted).order_by(table.id.desc()).limit(limit))

    def without_signal(self, *, limit: int = 50) -> Sequence[TelephoneCall]:
        table = call_table.c
        return self._all(select(call_table).where(table.signal_seq == 0).order_by(table.id).limit(limit))

    def _all(self, statement: Select[Any]) -> list[TelephoneCall]:
        return [_call(row) for row in self._connection.execute(statement)]


def _values(call: TelephoneCall) -> dict[str, Any]:
    here = call.words.position
    return {name: getattr(call.words, name) for name in _WORDS} | {
        "longitude": here.longitude if here else None,
        "latitude": here.latitude if here else None,
        "registered_at_ms": to_ms(call.registered_at),
        "by_id": call.by_id,
        "by_name": call.by_name,
        "organisation_id": call.organisation_id,
        "area_code": call.area_code,
        "signal_seq": call.signal_seq,
    }


def _call(row: Row[Any]) -> TelephoneCall:
    said = row._mapping
    placed = row.longitude is not None and row.latitude is not None
    return TelephoneCall(
        id=row.id,
        words=CallWords(
            **{name: said[name] for name in _WORDS},
            position=Position(row.longitude, row.latitude) if placed else None,
        ),
        registered_at=from_ms(row.registered_at_ms),
        by_id=row.by_id,
        by_name=row.by_name,
        organisation_id=row.organisation_id,
        area_code=row.area_code,
        signal_seq=row.signal_seq,
    )

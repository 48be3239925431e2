"""Bringing the staged rows of an import into the register, lot by lot and unseen, and the switch that shows them all.

A lot is a span of rows of the file: `after` < row ≤ `last`. Which rows are seen meanwhile: `in_force`. Design:
docs/design/register-import.md.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from fengtai.domain.points.model.imports import RegisterImport, Verdict
from fengtai.domain.points.ports import WHOLE, Span
from fengtai.domain.points.store.in_force import switches
from fengtai.domain.points.store.tables import COPIED, import_row_table, point_table, revision_table, switch_table
from fengtai.vocabulary.transactions import UnitOfWork

_row = import_row_table.c
_point = point_table.c
_standing = point_table.alias("standing")
_WHOLE_TABLES = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
_HISTORY = ["point_id", "version", "at_ms", "by_who", "by_name", "why", "import_id", "changes"]


class SqlBringingIn:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def unsettled(self) -> Mapping[str, bool]:
        rows = self._connection.execute(select(switch_table.c.import_id, switch_table.c.is_on))
        return {row.import_id: row.is_on for row in rows}

    def begin(self, import_id: str, *, at_ms: int) -> None:
        if import_id in self.unsettled():
            return
        highest = select(func.max(_row.number)).where(_row.import_id == import_id, _is_good())
        number = int(self._connection.execute(highest).scalar() or 0)
        row = {"import_id": import_id, "is_on": False, "at_ms": at_ms, "highest_number": number}
        self._connection.execute(insert(switch_table).values(row))

    def lot_after(self, import_id: str, row: int, *, limit: int) -> int:
        some = select(_row.row).where(_row.import_id == import_id, _row.row > row, _is_good())
        lot = some.order_by(_row.row).limit(limit).subquery()
        return int(self._connection.execute(select(func.max(lot.c.row))).scalar() or 0)

    def stale_rows(self, import_id: str, span: Span = WHOLE) -> int:
        if span == WHOLE:
            return self._stale(import_id, span)
        with self._row_by_row():
            return self._stale(import_id, span)

    def _stale(self, import_id: str, span: Span) -> int:
        seen = exists().where(_point.id == _row.point_id, _point.version == _row.seen_version, _point.ended_by == "")
        moved = self._count(_of(import_id, span), _row.verdict == Verdict.CHANGED.value, ~seen)
        taken = 0
        held = [_point.ended_by.not_in(on)] if (on := switches(self._connection).on) else []
        for twin in (
            _point.number == _row.number,
            _point.code == _row.code,
            and_(_row.device_id != "", _point.device_id == _row.device_id, _point.channel_id == _row.channel_id),
        ):
            stands = exists().where(twin, _point.id != _row.point_id, *held)
            taken += self._count(_of(import_id, span), _is_good(), stands)
        return moved + taken

    def bring(self, job: RegisterImport, span: Span) -> None:
        lot = and_(_of(job.id, span), _is_good())
        changed = select(_row.point_id).where(_of(job.id, span), _row.verdict == Verdict.CHANGED.value)
        ending = update(point_table).where(_point.id.in_(changed), _point.ended_by == "")
        with self._row_by_row():
            self._connection.execute(ending.values(ended_by=job.id))
        free = case((exists().where(_standing.c.seat == 2 * _row.number), 2 * _row.number + 1), else_=2 * _row.number)
        rows = select(free, _row.point_id, literal(job.id), *(_row[name] for name in COPIED)).where(lot)
        self._connection.execute(insert(point_table).from_select(["seat", "id", "made_by", *COPIED], rows))
        at_ms = select(switch_table.c.at_ms).where(switch_table.c.import_id == job.id).scalar_subquery()
        told = select(
            _row.point_id, _row.version, at_ms, literal(job.by), literal(job.by_name), literal(job.reason),
            literal(job.id), _row.changes,
        ).where(lot)  # fmt: skip
        self._connection.execute(insert(revision_table).from_select(_HISTORY, told))

    def take_back(self, import_id: str, span: Span) -> None:
        ids = select(_row.point_id).where(_of(import_id, span), _is_good())
        self._connection.execute(delete(point_table).where(_point.id.in_(ids), _point.made_by == import_id))
        ended = update(point_table).where(_point.id.in_(ids), _point.ended_by == import_id)
        self._connection.execute(ended.values(ended_by=""))
        told = revision_table.c
        self._connection.execute(delete(revision_table).where(told.point_id.in_(ids), told.import_id == import_id))

    def switch_on(self, import_id: str) -> None:
        self._connection.execute(update(switch_table).where(switch_table.c.import_id == import_id).values(is_on=True))

    def clear_away(self, import_id: str, span: Span) -> None:
        changed = select(_row.point_id).where(_of(import_id, span), _row.verdict == Verdict.CHANGED.value)
        self._connection.execute(delete(point_table).where(_point.id.in_(changed), _point.ended_by == import_id))

    def settle(self, import_id: str) -> None:
        self._connection.execute(delete(switch_table).where(switch_table.c.import_id == import_id))

    @contextmanager
    def _row_by_row(self) -> Iterator[None]:
        """A lot is looked up by indexes. PostgreSQL, which has no statistics of rows that were staged a moment ago, would
        read the whole register for it. Only until the end of this; when it fails, the savepoint sets it back."""
        if self._connection.dialect.name == "sqlite":
            yield
            return
        self._connection.execute(select(*(func.set_config(name, "off", True) for name in _WHOLE_TABLES)))
        yield
        self._connection.execute(select(*(func.set_config(name, "on", True) for name in _WHOLE_TABLES)))

    def _count(self, *conditions: Any) -> int:
        counted = select(func.count()).select_from(import_row_table).where(*conditions)
        return int(self._connection.execute(counted).scalar_one())


def _of(import_id: str, span: Span) -> ColumnElement[bool]:
    return and_(_row.import_id == import_id, _row.row > span.after, _row.row <= span.last)


def _is_good() -> ColumnElement[bool]:
    """In a form that no index serves: rows are walked by their place in the file, whatever a database without statistics
    thinks of it."""
    return _row.verdict.not_in((Verdict.UNCHANGED.value, Verdict.REFUSED.value))

"""Imports on SQL: the job, and the rows that it found. Staged rows have the register's own columns, so that bringing
them there (`bringing_in`) is a few set statements a lot."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from typing import Any

from msgspec.json import encode
from sqlalchemy import Connection, delete, insert, select, update

from fengtai.domain.points.model import Point
from fengtai.domain.points.model.imports import UNDER_WAY, ImportRow, ImportState, RegisterImport, RowProblem, Verdict
from fengtai.domain.points.store.rows import values_of
from fengtai.domain.points.store.tables import COPIED, import_row_table, import_table, point_table
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_row = import_row_table.c
_COLUMNS = [column.name for column in _row]
_in_order = itemgetter(*_COLUMNS)
_COPY = "COPY points_import_row ({}) FROM STDIN".format(", ".join(f'"{name}"' for name in _COLUMNS))
_INSERT = "INSERT INTO points_import_row ({}) VALUES ({})".format(  # noqa: S608 - our own columns
    ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join("?" * len(_COLUMNS))
)
_EMPTY: Mapping[str, Any] = (
    dict.fromkeys(COPIED)
    | dict.fromkeys((name for name in COPIED if not point_table.c[name].nullable), "")
    | {"number": 0, "point_class": 9, "records": False, "audio": False, "retention_days": 0}
    | {
        "counter_terror_target": False,
        "completeness": 0,
        "version": 0,
    }
)


class SqlImports:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, import_id: str) -> RegisterImport:
        row = self._connection.execute(select(import_table).where(import_table.c.id == import_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no import {import_id}")
        return _job(row.job)

    def save(self, job: RegisterImport) -> None:
        values = {
            "state": job.state.value,
            "started_at_ms": job.started_at_ms,
            "job": json.dumps(asdict(job), ensure_ascii=False, default=_enum),
        }
        changed = self._connection.execute(update(import_table).where(import_table.c.id == job.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(import_table).values(id=job.id, **values))

    def latest(self, *, limit: int) -> Sequence[RegisterImport]:
        at = import_table.c
        statement = select(at.job).order_by(at.started_at_ms.desc(), at.id.desc()).limit(limit)
        return [_job(text) for text in self._connection.execute(statement).scalars()]

    def under_way(self) -> Sequence[RegisterImport]:
        at = import_table.c
        statement = select(at.job).where(at.state.in_([state.value for state in UNDER_WAY])).order_by(at.started_at_ms)
        return [_job(text) for text in self._connection.execute(statement).scalars()]

    def prepared(self, rows: Sequence[ImportRow], points: Mapping[int, Point]) -> Sequence[tuple[Any, ...]]:
        return [_in_order(_values(row, points.get(row.row))) for row in rows]

    def add_rows(self, prepared: Sequence[tuple[Any, ...]]) -> None:
        """A hot statement: 200,000 rows while somebody waits. Not the unit's first: its savepoint is set by that."""
        driver = self._connection.connection.driver_connection
        assert driver is not None
        if self._connection.dialect.name == "sqlite":
            driver.executemany(_INSERT, prepared)
            return
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            for row in prepared:
                copy.write_row(row)

    def rows(
        self, import_id: str, *, verdict: Verdict | None = None, after_row: int = 0, limit: int = 100
    ) -> Sequence[ImportRow]:
        statement = select(import_row_table).where(_row.import_id == import_id, _row.row > after_row)
        if verdict is not None:
            statement = statement.where(_row.verdict == verdict.value)
        return [_staged(row) for row in self._connection.execute(statement.order_by(_row.row).limit(limit))]

    def drop_rows(self, import_id: str, *, limit: int, keep_refused: bool = False) -> int:
        some = select(_row.row).where(_row.import_id == import_id).order_by(_row.row).limit(limit)
        if keep_refused:
            some = some.where(_row.verdict != Verdict.REFUSED.value)
        dropped = self._connection.execute(
            delete(import_row_table).where(_row.import_id == import_id, _row.row.in_(some.scalar_subquery()))
        )
        return dropped.rowcount


def _values(row: ImportRow, point: Point | None) -> dict[str, Any]:
    copied = values_of(point) if point else {**_EMPTY, "name": row.name[:200], "number": row.number}
    return copied | {
        "import_id": row.import_id,
        "row": row.row,
        "verdict": row.verdict.value,
        "point_id": row.point_id,
        "seen_version": row.seen_version,
        "changes": encode(row.changes).decode(),
        "problems": encode([[each.column, each.reason] for each in row.problems]).decode() if row.problems else "[]",
    }


def _staged(row: Any) -> ImportRow:
    return ImportRow(
        import_id=row.import_id,
        row=row.row,
        verdict=Verdict(row.verdict),
        point_id=row.point_id,
        seen_version=row.seen_version,
        name=row.name,
        number=row.number,
        changes={name: (before, after) for name, (before, after) in json.loads(row.changes).items()},
        problems=tuple(RowProblem(column=column, reason=reason) for column, reason in json.loads(row.problems)),
    )


def _job(text: str) -> RegisterImport:
    told = json.loads(text)
    told["state"] = ImportState(told["state"])
    told["headers"] = tuple(told["headers"])
    told["sample"] = tuple(tuple(row) for row in told["sample"])
    return RegisterImport(**told)


def _enum(value: Any) -> Any:
    return value.value

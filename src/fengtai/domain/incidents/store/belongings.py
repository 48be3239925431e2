"""Rows of what belongs to an incident: dispatches, calls, log lines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from fengtai.domain.incidents.model import Call, CallResult, Dispatch, DispatchState, LogLine
from fengtai.domain.incidents.store.incidents import moment_or_none, ms_or_none
from fengtai.domain.incidents.store.tables import call_table, dispatch_table, log_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class SqlDispatches:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, dispatch_id: str) -> Dispatch:
        row = self._connection.execute(select(dispatch_table).where(dispatch_table.c.id == dispatch_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no dispatch {dispatch_id}")
        return _dispatch(row)

    def of_incident(self, incident_id: str) -> Sequence[Dispatch]:
        rows = self._connection.execute(
            select(dispatch_table)
            .where(dispatch_table.c.incident_id == incident_id)
            .order_by(dispatch_table.c.dispatched_at_ms, dispatch_table.c.id)
        )
        return [_dispatch(row) for row in rows]

    def save(self, dispatch: Dispatch) -> None:
        values = {
            "incident_id": dispatch.incident_id,
            "unit_id": dispatch.unit_id,
            "unit_name": dispatch.unit_name,
            "state": dispatch.state.value,
            "dispatched_at_ms": to_ms(dispatch.dispatched_at),
            "dispatched_by": dispatch.dispatched_by,
            "accepted_at_ms": ms_or_none(dispatch.accepted_at),
            "arrived_at_ms": ms_or_none(dispatch.arrived_at),
            "finished_at_ms": ms_or_none(dispatch.finished_at),
            "feedback": dispatch.feedback,
        }
        changed = self._connection.execute(
            update(dispatch_table).where(dispatch_table.c.id == dispatch.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(dispatch_table).values(id=dispatch.id, **values))


class SqlIncidentLog:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def append(self, incident_id: str, *, at: datetime, who: str, kind: str, text: str) -> LogLine:
        last = self._connection.execute(
            select(func.max(log_table.c.line)).where(log_table.c.incident_id == incident_id)
        ).scalar()
        line = LogLine(incident_id=incident_id, line=int(last or 0) + 1, at=at, who=who, kind=kind, text=text)
        self._connection.execute(
            insert(log_table).values(
                incident_id=incident_id, line=line.line, at_ms=to_ms(at), who=who, kind=kind, text=text
            )
        )
        return line

    def of_incident(self, incident_id: str) -> Sequence[LogLine]:
        rows = self._connection.execute(
            select(log_table).where(log_table.c.incident_id == incident_id).order_by(log_table.c.line)
        )
        return [
            LogLine(
                incident_id=row.incident_id,
                line=row.line,
                at=from_ms(row.at_ms),
                who=row.who,
                kind=row.kind,
                text=row.text,
            )
            for row in rows
        ]

    def add_call(self, call: Call) -> None:
        self._connection.execute(
            insert(call_table).values(
                id=call.id,
                incident_id=call.incident_id,
                keyholder_id=call.keyholder_id,
                name=call.name,
                result=call.result.value,
                note=call.note,
                at_ms=to_ms(call.at),
                by_name=call.by,
            )
        )

    def calls_of_incident(self, incident_id: str) -> Sequence[Call]:
        rows = self._connection.execute(
            select(call_table)
            .where(call_table.c.incident_id == incident_id)
            .order_by(call_table.c.at_ms, call_table.c.id)
        )
        return [_call(row) for row in rows]


def _dispatch(row: Any) -> Dispatch:
    return Dispatch(
        id=row.id,
        incident_id=row.incident_id,
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        state=DispatchState(row.state),
        dispatched_at=from_ms(row.dispatched_at_ms),
        dispatched_by=row.dispatched_by,
        accepted_at=moment_or_none(row.accepted_at_ms),
        arrived_at=moment_or_none(row.arrived_at_ms),
        finished_at=moment_or_none(row.finished_at_ms),
        feedback=row.feedback,
    )


def _call(row: Any) -> Call:
    return Call(
        id=row.id,
        incident_id=row.incident_id,
        keyholder_id=row.keyholder_id,
        name=row.name,
        result=CallResult(row.result),
        note=row.note,
        at=from_ms(row.at_ms),
        by=row.by_name,
    )

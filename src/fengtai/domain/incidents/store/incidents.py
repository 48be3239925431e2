"""Rows of incidents and the counter of their numbers."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, insert, or_, select, text, update

from fengtai.domain.access.model import Reach
from fengtai.domain.incidents.model import Camera, CameraReason, Disposition, Incident, IncidentState, Step
from fengtai.domain.incidents.ports import Matching
from fengtai.domain.incidents.store.tables import incident_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

_NEXT_SERIAL = text(
    "INSERT INTO incidents_day (day, serial) VALUES (:day, 1) "
    "ON CONFLICT (day) DO UPDATE SET serial = incidents_day.serial + 1 RETURNING serial"
)
"""One statement on both databases; undone with its unit, so numbers have neither gaps nor twins."""


class SqlIncidents:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, incident_id: str) -> Incident:
        row = self._connection.execute(select(incident_table).where(incident_table.c.id == incident_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no incident {incident_id}")
        return _incident(row)

    def of_premises(self, premises_id: str, *, since: datetime, drill: bool) -> Sequence[Incident]:
        rows = self._connection.execute(
            select(incident_table)
            .where(
                incident_table.c.premises_id == premises_id,
                incident_table.c.opened_at_ms >= to_ms(since),
                incident_table.c.drill.is_(drill),
                or_(incident_table.c.state != IncidentState.CLOSED.value, incident_table.c.joined_to != ""),
            )
            .order_by(incident_table.c.id.desc())
            .limit(20)
        )
        return [_incident(row) for row in rows]

    def joined_into(self, incident_ids: Collection[str]) -> Sequence[Incident]:
        wanted = incident_table.c.joined_to.in_(sorted(set(incident_ids) - {""}))
        rows = self._connection.execute(select(incident_table).where(wanted).order_by(incident_table.c.id))
        return [_incident(row) for row in rows]

    def page(
        self,
        *,
        only_open: bool,
        after: str = "",
        limit: int = 100,
        within: Reach | None = None,
        matching: Matching | None = None,
    ) -> Sequence[Incident]:
        statement = select(incident_table)
        table = incident_table.c
        if within is not None and (reached := within.condition(table.organisation_id, table.area_code)) is not None:
            statement = statement.where(reached)
        if only_open:
            statement = statement.where(incident_table.c.state != IncidentState.CLOSED.value)
        if matching is not None:
            words = [table.number.contains(matching.text, autoescape=True), _without_case(table.title, matching.text)]
            statement = statement.where(or_(*words, table.premises_id.in_(sorted(matching.premises_ids))))
        if after:
            statement = statement.where(incident_table.c.id < after)
        rows = self._connection.execute(statement.order_by(incident_table.c.id.desc()).limit(limit))
        return [_incident(row) for row in rows]

    def open_count(self, within: Reach | None = None) -> int:
        table = incident_table.c
        statement = select(func.count()).where(table.state != IncidentState.CLOSED.value)
        if within is not None and (reached := within.condition(table.organisation_id, table.area_code)) is not None:
            statement = statement.where(reached)
        return int(self._connection.execute(statement).scalar_one())

    def next_serial(self, day: str) -> int:
        return int(self._connection.execute(_NEXT_SERIAL, {"day": day}).scalar_one())

    def save(self, incident: Incident) -> None:
        values = _values(incident)
        changed = self._connection.execute(
            update(incident_table).where(incident_table.c.id == incident.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(incident_table).values(id=incident.id, **values))


def _without_case(column: Column[str], words: str) -> ColumnElement[bool]:
    return func.lower(column).contains(words.lower(), autoescape=True)


def _values(incident: Incident) -> dict[str, Any]:
    return {
        "number": incident.number,
        "state": incident.state.value,
        "version": incident.version,
        "opened_at_ms": to_ms(incident.opened_at),
        "received_at_ms": to_ms(incident.received_at),
        "dispatched_at_ms": ms_or_none(incident.dispatched_at),
        "arrived_at_ms": ms_or_none(incident.arrived_at),
        "closed_at_ms": ms_or_none(incident.closed_at),
        "holder_id": incident.holder_id,
        "holder_name": incident.holder_name,
        "title": incident.title,
        "category": incident.category,
        "priority": incident.priority,
        "drill": incident.drill,
        "premises_id": incident.premises_id,
        "longitude": incident.position.longitude if incident.position else None,
        "latitude": incident.position.latitude if incident.position else None,
        "alarm_ids": json.dumps(list(incident.alarm_ids)),
        "cameras": json.dumps(
            [
                {"point_id": each.point_id, "why": each.why.value, "distance_m": each.distance_m}
                for each in incident.cameras
            ]
        ),
        "steps": json.dumps([_step_json(step) for step in incident.steps], ensure_ascii=False),
        "disposition": incident.disposition.value if incident.disposition else "",
        "closing_note": incident.closing_note,
        "organisation_id": incident.organisation_id,
        "area_code": incident.area_code,
        "joined_to": incident.joined_to,
    }


def _incident(row: Any) -> Incident:
    placed = row.longitude is not None and row.latitude is not None
    return Incident(
        id=row.id,
        number=row.number,
        state=IncidentState(row.state),
        version=row.version,
        opened_at=from_ms(row.opened_at_ms),
        received_at=from_ms(row.received_at_ms),
        dispatched_at=moment_or_none(row.dispatched_at_ms),
        arrived_at=moment_or_none(row.arrived_at_ms),
        closed_at=moment_or_none(row.closed_at_ms),
        holder_id=row.holder_id,
        holder_name=row.holder_name,
        title=row.title,
        category=row.category,
        priority=row.priority,
        drill=bool(row.drill),
        premises_id=row.premises_id,
        position=Position(row.longitude, row.latitude) if placed else None,
        alarm_ids=tuple(json.loads(row.alarm_ids)),
        cameras=tuple(
            Camera(point_id=each["point_id"], why=CameraReason(each["why"]), distance_m=each["distance_m"])
            for each in json.loads(row.cameras)
        ),
        steps=tuple(_step(each) for each in json.loads(row.steps)),
        disposition=Disposition(row.disposition) if row.disposition else None,
        closing_note=row.closing_note,
        organisation_id=row.organisation_id,
        area_code=row.area_code,
        joined_to=row.joined_to,
    )


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "index": step.index,
        "text_zh": step.text_zh,
        "text_en": step.text_en,
        "done_at_ms": ms_or_none(step.done_at),
        "done_by": step.done_by,
    }


def _step(kept: dict[str, Any]) -> Step:
    return Step(
        index=kept["index"],
        text_zh=kept["text_zh"],
        text_en=kept["text_en"],
        done_at=moment_or_none(kept["done_at_ms"]),
        done_by=kept["done_by"],
    )


def ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def moment_or_none(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)

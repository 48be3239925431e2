"""The table of units, for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Float, Integer, MetaData, String, Table, insert, select, update

from fengtai.domain.access.model import Reach
from fengtai.domain.duty.model import Unit, UnitState
from fengtai.domain.duty.ports import UnitStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

unit_table = Table(
    "duty_unit",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("call_sign", String(80), nullable=False),
    Column("kind", String(80), nullable=False, comment="free word of the site"),
    Column("organisation_id", String(32), nullable=False, index=True),
    Column("state", String(16), nullable=False, comment="free, dispatched, busy, off"),
    Column("version", Integer, nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("incident_id", String(32), nullable=False, index=True, comment="no foreign key: incidents lie above duty"),
    Column("incident_number", String(16), nullable=False),
    Column("dispatched_by", String(120), nullable=False, comment="name of the person, for a second dispatcher"),
)


class SqlUnits:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, unit_id: str) -> Unit:
        row = self._connection.execute(select(unit_table).where(unit_table.c.id == unit_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no unit {unit_id}")
        return _unit(row)

    def all(self, within: Reach | None = None) -> Sequence[Unit]:
        statement = select(unit_table)
        if within is not None and (limit := within.condition(unit_table.c.organisation_id)) is not None:
            statement = statement.where(limit)
        found = [_unit(row) for row in self._connection.execute(statement)]
        # Sorted here, because collations of the two databases differ.
        return sorted(found, key=lambda unit: (unit.call_sign, unit.id))

    def save(self, unit: Unit) -> None:
        values = {
            "name": unit.name,
            "call_sign": unit.call_sign,
            "kind": unit.kind,
            "organisation_id": unit.organisation_id,
            "state": unit.state.value,
            "version": unit.version,
            "longitude": unit.position.longitude if unit.position else None,
            "latitude": unit.position.latitude if unit.position else None,
            "incident_id": unit.incident_id,
            "incident_number": unit.incident_number,
            "dispatched_by": unit.dispatched_by,
        }
        changed = self._connection.execute(update(unit_table).where(unit_table.c.id == unit.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(unit_table).values(id=unit.id, **values))


def _unit(row: Any) -> Unit:
    placed = row.longitude is not None and row.latitude is not None
    return Unit(
        id=row.id,
        name=row.name,
        call_sign=row.call_sign,
        kind=row.kind,
        organisation_id=row.organisation_id,
        state=UnitState(row.state),
        version=row.version,
        position=Position(row.longitude, row.latitude) if placed else None,
        incident_id=row.incident_id,
        incident_number=row.incident_number,
        dispatched_by=row.dispatched_by,
    )


STORES: Mapping[type[Any], type[Any]] = {UnitStore: SqlUnits}

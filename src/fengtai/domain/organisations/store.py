"""The table of organisations, for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, select, update

from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

organisation_table = Table(
    "organisations_organisation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("level", String(16), nullable=False, comment="city, district or station"),
    Column("parent_id", String(32), nullable=False, index=True, comment="empty: the root"),
    Column("area_code", String(8), nullable=False, comment="GB/T 2260; empty: that of the parent"),
)


class SqlOrganisations:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, organisation_id: str) -> Organisation:
        row = self._connection.execute(
            select(organisation_table).where(organisation_table.c.id == organisation_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no organisation {organisation_id}")
        return _organisation(row)

    def root(self) -> Organisation | None:
        statement = select(organisation_table).where(organisation_table.c.parent_id == "")
        row = self._connection.execute(statement.order_by(organisation_table.c.id).limit(1)).one_or_none()
        return None if row is None else _organisation(row)

    def all(self) -> Sequence[Organisation]:
        found = [_organisation(row) for row in self._connection.execute(select(organisation_table))]
        # Sorted here, because collations of the two databases differ.
        return sorted(found, key=lambda organisation: (organisation.parent_id != "", organisation.name))

    def save(self, organisation: Organisation) -> None:
        values = {
            "name": organisation.name,
            "level": organisation.level.value,
            "parent_id": organisation.parent_id,
            "area_code": organisation.area_code,
        }
        changed = self._connection.execute(
            update(organisation_table).where(organisation_table.c.id == organisation.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(organisation_table).values(id=organisation.id, **values))


def _organisation(row: Any) -> Organisation:
    return Organisation(
        id=row.id, name=row.name, level=Level(row.level), parent_id=row.parent_id, area_code=row.area_code
    )


STORES: Mapping[type[Any], type[Any]] = {OrganisationStore: SqlOrganisations}

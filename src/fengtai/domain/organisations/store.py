"""The tables of organisations, for SQLite and PostgreSQL."""

import json
from collections.abc import Mapping, Sequence
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
    insert,
    literal,
    select,
    update,
)

from fengtai.domain.organisations.model import Level, Organisation, OrganisationRevision, TenantKind
from fengtai.domain.organisations.ports import OrganisationHistory, OrganisationStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

organisation_table = Table(
    "organisations_organisation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("level", String(16), nullable=False, comment="province, city, district, station or unit"),
    Column("parent_id", String(32), nullable=False, index=True, comment="empty: the root"),
    Column("area_code", String(12), nullable=False, comment="GB/T 2260; empty: that of the parent"),
    Column("tenant_kind", String(16), nullable=False, server_default="police"),
    Column("credit_code", String(18), nullable=False, server_default="", comment="GB 32100"),
    Column("version", Integer, nullable=False, server_default="1"),
)
_at = organisation_table.c

revision_table = Table(
    "organisations_revision",
    metadata,
    Column("organisation_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by_who", Text, nullable=False, comment="as in the audit: user:<id>, system:<part>"),
    Column("why", Text, nullable=False),
    Column("changes", Text, nullable=False, comment="JSON: field → [before, after]"),
)


class SqlOrganisations:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, organisation_id: str) -> Organisation:
        row = self._connection.execute(select(organisation_table).where(_at.id == organisation_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no organisation {organisation_id}")
        return _organisation(row)

    def root(self) -> Organisation | None:
        statement = select(organisation_table).where(_at.parent_id == "")
        row = self._connection.execute(statement.order_by(_at.id).limit(1)).one_or_none()
        return None if row is None else _organisation(row)

    def all(self) -> Sequence[Organisation]:
        found = [_organisation(row) for row in self._connection.execute(select(organisation_table))]
        # Sorted here, because collations of the two databases differ.
        return sorted(found, key=lambda organisation: (organisation.parent_id != "", organisation.name))

    def subtree_ids(self, organisation_id: str) -> frozenset[str]:
        top = select(_at.id).where(_at.id == literal(organisation_id)).cte("below", recursive=True)
        below = top.union(select(_at.id).where(_at.parent_id == top.c.id))
        return frozenset(row.id for row in self._connection.execute(select(below.c.id)))

    def save(self, organisation: Organisation) -> None:
        values = {
            "name": organisation.name,
            "level": organisation.level.value,
            "parent_id": organisation.parent_id,
            "area_code": organisation.area_code,
            "tenant_kind": organisation.tenant_kind.value,
            "credit_code": organisation.credit_code,
            "version": organisation.version,
        }
        changed = self._connection.execute(update(organisation_table).where(_at.id == organisation.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(organisation_table).values(id=organisation.id, **values))


class SqlOrganisationHistory:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def add(self, revision: OrganisationRevision) -> None:
        self._connection.execute(
            insert(revision_table).values(
                organisation_id=revision.organisation_id,
                version=revision.version,
                at_ms=revision.at_ms,
                by_who=revision.by,
                why=revision.why,
                changes=json.dumps(revision.changes, ensure_ascii=False),
            )
        )

    def of(self, organisation_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[OrganisationRevision]:
        at = revision_table.c
        statement = select(revision_table).where(at.organisation_id == organisation_id)
        if before_version:
            statement = statement.where(at.version < before_version)
        return [_revision(row) for row in self._connection.execute(statement.order_by(at.version.desc()).limit(limit))]


def _organisation(row: Any) -> Organisation:
    return Organisation(
        id=row.id,
        name=row.name,
        level=Level(row.level),
        parent_id=row.parent_id,
        area_code=row.area_code,
        tenant_kind=TenantKind(row.tenant_kind),
        credit_code=row.credit_code,
        version=row.version,
    )


def _revision(row: Any) -> OrganisationRevision:
    changes = {name: (before, after) for name, (before, after) in json.loads(row.changes).items()}
    return OrganisationRevision(
        organisation_id=row.organisation_id,
        version=row.version,
        at_ms=row.at_ms,
        by=row.by_who,
        why=row.why,
        changes=changes,
    )


STORES: Mapping[type[Any], type[Any]] = {
    OrganisationStore: SqlOrganisations,
    OrganisationHistory: SqlOrganisationHistory,
}

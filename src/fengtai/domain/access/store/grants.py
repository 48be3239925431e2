"""Grants in SQL."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from fengtai.domain.access.model import Effect, Grant, GrantTerms, Permission, Reach, Role
from fengtai.domain.access.store.tables import grant_table, upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class SqlGrants:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, grant_id: str) -> Grant:
        row = self._connection.execute(select(grant_table).where(grant_table.c.id == grant_id)).first()
        if row is None:
            raise NotFound("there is no such grant")
        return _grant(row)

    def of_person(self, user_id: str) -> Sequence[Grant]:
        return self._in_force(grant_table.c.user_id == user_id)

    def all_in_force(self) -> Sequence[Grant]:
        return self._in_force()

    def over(self, now: datetime) -> Sequence[Grant]:
        return self._in_force(grant_table.c.valid_until_ms <= to_ms(now))

    def _in_force(self, *conditions: Any) -> Sequence[Grant]:
        wanted = select(grant_table).where(grant_table.c.ended_at_ms.is_(None), *conditions)
        return [_grant(row) for row in self._connection.execute(wanted.order_by(grant_table.c.id))]

    def page(
        self, reach: Reach, *, user_id: str = "", with_ended: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[Grant]:
        wanted = select(grant_table)
        if (within := reach.condition(grant_table.c.organisation_id, grant_table.c.area_code)) is not None:
            wanted = wanted.where(within)
        if user_id:
            wanted = wanted.where(grant_table.c.user_id == user_id)
        if not with_ended:
            wanted = wanted.where(grant_table.c.ended_at_ms.is_(None))
        if after:
            wanted = wanted.where(grant_table.c.id < after)
        rows = self._connection.execute(wanted.order_by(grant_table.c.id.desc()).limit(limit))
        return [_grant(row) for row in rows]

    def save(self, grant: Grant) -> None:
        terms = grant.terms
        values = {
            "id": grant.id,
            "user_id": grant.user_id,
            "role": terms.role.value,
            "effect": terms.effect.value,
            "permissions": json.dumps(sorted(permission.value for permission in terms.permissions)),
            "organisation_id": terms.organisation_id,
            "area_code": terms.area_code,
            "point_classes": json.dumps(sorted(terms.point_classes)),
            "valid_until_ms": None if terms.valid_until is None else to_ms(terms.valid_until),
            "granted_by": grant.granted_by,
            "granted_at_ms": to_ms(grant.granted_at),
            "reason": grant.reason,
            "ended_at_ms": None if grant.ended_at is None else to_ms(grant.ended_at),
            "ended_by": grant.ended_by,
            "end_reason": grant.end_reason,
        }
        upsert(self._connection, grant_table, grant_table.c.id, values)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        user_id=row.user_id,
        terms=GrantTerms(
            role=Role(row.role),
            effect=Effect(row.effect),
            permissions=frozenset(Permission(value) for value in json.loads(row.permissions)),
            organisation_id=row.organisation_id,
            area_code=row.area_code,
            point_classes=frozenset(json.loads(row.point_classes)),
            valid_until=None if row.valid_until_ms is None else from_ms(row.valid_until_ms),
        ),
        granted_by=row.granted_by,
        granted_at=from_ms(row.granted_at_ms),
        reason=row.reason,
        ended_at=None if row.ended_at_ms is None else from_ms(row.ended_at_ms),
        ended_by=row.ended_by,
        end_reason=row.end_reason,
    )

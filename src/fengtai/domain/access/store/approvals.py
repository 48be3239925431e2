"""Requests for a second person in SQL."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from fengtai.domain.access.model import Approval, ApprovalState, ApprovedAct, Place, Reach
from fengtai.domain.access.store.tables import approval_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_OPEN = (ApprovalState.WAITING.value, ApprovalState.APPROVED.value)


class SqlApprovals:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, approval_id: str) -> Approval:
        row = self._connection.execute(select(approval_table).where(approval_table.c.id == approval_id)).first()
        if row is None:
            raise NotFound("there is no such request")
        return _approval(row)

    def open_of(self, user_id: str) -> Sequence[Approval]:
        return self._found(approval_table.c.asked_by == user_id, approval_table.c.state.in_(_OPEN))

    def over(self, now: datetime) -> Sequence[Approval]:
        return self._found(approval_table.c.state.in_(_OPEN), approval_table.c.expires_at_ms <= to_ms(now))

    def _found(self, *conditions: Any) -> Sequence[Approval]:
        wanted = select(approval_table).where(*conditions).order_by(approval_table.c.id)
        return [_approval(row) for row in self._connection.execute(wanted)]

    def page(
        self,
        reach: Reach | None,
        *,
        asked_by: str = "",
        only_waiting: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Approval]:
        table = approval_table.c
        wanted = select(approval_table).order_by(table.id.desc()).limit(limit)
        if reach is not None:
            within = reach.condition(table.organisation_id, table.area_code, table.point_class)
            wanted = wanted if within is None else wanted.where(within)
        if asked_by:
            wanted = wanted.where(table.asked_by == asked_by)
        if only_waiting:
            wanted = wanted.where(table.state == ApprovalState.WAITING.value)
        if after:
            wanted = wanted.where(table.id < after)
        return [_approval(row) for row in self._connection.execute(wanted)]

    def add(self, approval: Approval) -> None:
        self._connection.execute(insert(approval_table).values(**_values(approval)))

    def move(self, approval: Approval, *, seen: ApprovalState) -> bool:
        table = approval_table
        moved = update(table).where(table.c.id == approval.id, table.c.state == seen.value).values(**_values(approval))
        return self._connection.execute(moved).rowcount == 1


def _values(approval: Approval) -> dict[str, Any]:
    return {
        "id": approval.id,
        "act": approval.act.value,
        "object": approval.object,
        "terms": json.dumps(dict(approval.terms), ensure_ascii=False),
        "title": approval.title,
        "organisation_id": approval.place.organisation_id,
        "area_code": approval.place.area_code,
        "point_class": approval.place.point_class,
        "reason": approval.reason,
        "asked_by": approval.asked_by,
        "asked_by_name": approval.asked_by_name,
        "asked_at_ms": to_ms(approval.asked_at),
        "expires_at_ms": to_ms(approval.expires_at),
        "state": approval.state.value,
        "decided_by": approval.decided_by,
        "decided_by_name": approval.decided_by_name,
        "decided_at_ms": None if approval.decided_at is None else to_ms(approval.decided_at),
        "note": approval.note,
    }


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        id=row.id,
        act=ApprovedAct(row.act),
        object=row.object,
        terms=json.loads(row.terms),
        title=row.title,
        place=Place(row.organisation_id, row.area_code, row.point_class),
        reason=row.reason,
        asked_by=row.asked_by,
        asked_by_name=row.asked_by_name,
        asked_at=from_ms(row.asked_at_ms),
        expires_at=from_ms(row.expires_at_ms),
        state=ApprovalState(row.state),
        decided_by=row.decided_by,
        decided_by_name=row.decided_by_name,
        decided_at=None if row.decided_at_ms is None else from_ms(row.decided_at_ms),
        note=row.note,
    )

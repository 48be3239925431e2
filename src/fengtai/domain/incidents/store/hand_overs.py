"""Hand-overs of shifts, in SQL that SQLite and PostgreSQL both speak."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from fengtai.domain.access.model import Reach
from fengtai.domain.incidents.model import HandedItem, HandedKind, HandOver, HandOverState
from fengtai.domain.incidents.store.incidents import moment_or_none, ms_or_none
from fengtai.domain.incidents.store.tables import hand_over_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_AS_IT_IS = (
    "post",
    "version",
    "written_by",
    "written_by_name",
    "notes",
    "dark_devices",
    "accepted_by",
    "accepted_by_name",
    "remark",
    "organisation_id",
    "area_code",
)


class SqlHandOvers:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, hand_over_id: str) -> HandOver:
        row = self._connection.execute(
            select(hand_over_table).where(hand_over_table.c.id == hand_over_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no hand-over {hand_over_id}")
        return _hand_over(row)

    def save(self, hand_over: HandOver) -> None:
        table, values = hand_over_table, _values(hand_over)
        changed = self._connection.execute(update(table).where(table.c.id == hand_over.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(table).values(id=hand_over.id, **values))

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[HandOver]:
        table, statement = hand_over_table.c, select(hand_over_table)
        if within is not None and (reached := within.condition(table.organisation_id, table.area_code)) is not None:
            statement = statement.where(reached)
        if after:
            statement = statement.where(table.id < after)
        return [_hand_over(row) for row in self._connection.execute(statement.order_by(table.id.desc()).limit(limit))]

    def waiting_of(self, post: str, *, organisation_id: str) -> HandOver | None:
        table = hand_over_table.c
        is_theirs = (table.post == post) & (table.organisation_id == organisation_id)
        wanted = is_theirs & (table.state == HandOverState.WAITING.value)
        row = self._connection.execute(select(hand_over_table).where(wanted).order_by(table.id).limit(1)).one_or_none()
        return None if row is None else _hand_over(row)


def _values(hand_over: HandOver) -> dict[str, Any]:
    items = [{"kind": item.kind.value, "id": item.id, "facts": dict(item.facts)} for item in hand_over.items]
    return {name: getattr(hand_over, name) for name in _AS_IT_IS} | {
        "state": hand_over.state.value,
        "written_at_ms": to_ms(hand_over.written_at),
        "accepted_at_ms": ms_or_none(hand_over.accepted_at),
        "on_duty": json.dumps(hand_over.on_duty, ensure_ascii=False),
        "items": json.dumps(items, ensure_ascii=False),
        "left_out": json.dumps(hand_over.left_out),
    }


def _hand_over(row: Any) -> HandOver:
    said = row._mapping
    return HandOver(
        **{name: said[name] for name in _AS_IT_IS},
        id=row.id,
        state=HandOverState(row.state),
        written_at=from_ms(row.written_at_ms),
        accepted_at=moment_or_none(row.accepted_at_ms),
        on_duty=tuple(json.loads(row.on_duty)),
        left_out=json.loads(row.left_out),
        items=tuple(
            HandedItem(kind=HandedKind(item["kind"]), id=item["id"], facts=item["facts"])
            for item in json.loads(said["items"])
        ),
    )

"""The tables of live pictures: by which transport each device's media come, where that had to be learnt; layouts of the
wall."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)

from fengtai.domain.live.model import Transport, TransportLesson, WallLayout
from fengtai.domain.live.ports import TransportStore, WallLayouts
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

TRANSPORTS = Table(
    "live_transport",
    metadata,
    Column("device_id", String(32), primary_key=True, comment="20-digit code"),
    Column("transport", String(16), nullable=False, comment="tcp-passive, udp, tcp-active: tried first"),
    Column("learnt_at_ms", BigInteger, nullable=False, comment="UTC milliseconds"),
    Column("why", Text, nullable=False, comment="what the transports before it died of"),
)

LAYOUTS = Table(
    "live_layout",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True, comment="person"),
    Column("owner_name", Text, nullable=False, comment="when it was kept"),
    Column("name", Text, nullable=False),
    Column("shared", Boolean, nullable=False, index=True, comment="whether everybody may open it"),
    Column("panes", Integer, nullable=False, comment="pictures at once"),
    Column("point_ids", Text, nullable=False, comment="JSON list by pane; empty words for empty panes"),
    Column("turn_seconds", Integer, nullable=False, comment="seconds; 0: the points stand"),
    Column("version", Integer, nullable=False),
)


class SqlTransports:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, device_id: str) -> TransportLesson | None:
        row = self._connection.execute(select(TRANSPORTS).where(TRANSPORTS.c.device_id == device_id)).one_or_none()
        if row is None:
            return None
        return TransportLesson(
            device_id=row.device_id,
            transport=Transport(row.transport),
            learnt_at=from_ms(row.learnt_at_ms),
            why=row.why,
        )

    def save(self, lesson: TransportLesson) -> None:
        values = {
            "transport": lesson.transport.value,
            "learnt_at_ms": to_ms(lesson.learnt_at),
            "why": lesson.why,
        }
        mine = TRANSPORTS.c.device_id == lesson.device_id
        if not self._connection.execute(update(TRANSPORTS).where(mine).values(values)).rowcount:
            self._connection.execute(insert(TRANSPORTS).values(device_id=lesson.device_id, **values))

    def delete(self, device_id: str) -> None:
        self._connection.execute(delete(TRANSPORTS).where(TRANSPORTS.c.device_id == device_id))


class SqlWallLayouts:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, layout_id: str) -> WallLayout | None:
        row = self._connection.execute(select(LAYOUTS).where(LAYOUTS.c.id == layout_id)).one_or_none()
        return None if row is None else _layout(row)

    def of(self, user_id: str) -> Sequence[WallLayout]:
        theirs = or_(LAYOUTS.c.owner_id == user_id, LAYOUTS.c.shared.is_(True))
        layouts = [_layout(row) for row in self._connection.execute(select(LAYOUTS).where(theirs))]
        return sorted(layouts, key=lambda layout: (layout.name, layout.id))

    def save(self, layout: WallLayout) -> None:
        values = {
            "owner_id": layout.owner_id,
            "owner_name": layout.owner_name,
            "name": layout.name,
            "shared": layout.shared,
            "panes": layout.panes,
            "point_ids": json.dumps(layout.point_ids),
            "turn_seconds": layout.turn_seconds,
            "version": layout.version,
        }
        if not self._connection.execute(update(LAYOUTS).where(LAYOUTS.c.id == layout.id).values(values)).rowcount:
            self._connection.execute(insert(LAYOUTS).values(id=layout.id, **values))

    def remove(self, layout_id: str) -> None:
        self._connection.execute(delete(LAYOUTS).where(LAYOUTS.c.id == layout_id))


def _layout(row: Any) -> WallLayout:
    values = row._asdict()
    return WallLayout(**{**values, "shared": bool(row.shared), "point_ids": tuple(json.loads(row.point_ids))})


STORES: Mapping[type[Any], type[Any]] = {TransportStore: SqlTransports, WallLayouts: SqlWallLayouts}

"""The table of live pictures: by which transport each device's media come, where that had to be learnt."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, Text, delete, insert, select, update

from fengtai.domain.live.model import Transport, TransportLesson
from fengtai.domain.live.ports import TransportStore
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


STORES: Mapping[type[Any], type[Any]] = {TransportStore: SqlTransports}

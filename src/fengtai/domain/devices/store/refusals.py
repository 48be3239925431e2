"""Subscriptions that devices have refused, on SQLite and PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from fengtai.domain.devices.model import Topic, TopicRefusal
from fengtai.domain.devices.store.tables import refusal_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork


class SqlRefusals:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def save(self, refusal: TopicRefusal) -> None:
        self.remove(refusal.device_id, refusal.topic)
        values = {
            "device_id": refusal.device_id,
            "topic": refusal.topic.value,
            "cause": refusal.cause[:255],
            "at_ms": to_ms(refusal.at),
        }
        self._connection.execute(insert(refusal_table).values(values))

    def remove(self, device_id: str, topic: Topic) -> None:
        columns = refusal_table.c
        mine = (columns.device_id == device_id) & (columns.topic == topic.value)
        self._connection.execute(delete(refusal_table).where(mine))

    def all(self) -> Sequence[TopicRefusal]:
        columns = refusal_table.c
        rows = self._connection.execute(select(refusal_table).order_by(columns.device_id, columns.topic))
        return [
            TopicRefusal(device_id=row.device_id, topic=Topic(row.topic), cause=row.cause, at=from_ms(row.at_ms))
            for row in rows
        ]

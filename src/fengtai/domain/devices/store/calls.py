"""Open calls on SQLite and PostgreSQL."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from fengtai.domain.devices.model import OpenCall
from fengtai.domain.devices.store.tables import call_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork


class SqlCalls:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def save(self, call: OpenCall) -> None:
        self.remove(call.id)
        values = {
            **{name: getattr(call, name) for name in _CALL_FIELDS},
            "route": json.dumps(call.route),
            "started_at_ms": to_ms(call.started_at),
        }
        self._connection.execute(insert(call_table).values(values))

    def remove(self, call_id: str) -> None:
        self._connection.execute(delete(call_table).where(call_table.c.id == call_id))

    def all(self) -> Sequence[OpenCall]:
        query = select(call_table).order_by(call_table.c.started_at_ms, call_table.c.id)
        return [
            OpenCall(
                **{name: getattr(row, name) for name in _CALL_FIELDS},
                route=tuple(json.loads(row.route)),
                started_at=from_ms(row.started_at_ms),
            )
            for row in self._connection.execute(query)
        ]


_CALL_FIELDS = ("id", "stream_id", "device_id", "channel_id", "local", "remote", "target", "sequence", "port", "ssrc")

"""Last reported positions on SQLite and PostgreSQL."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select, tuple_

from fengtai.domain.devices.model import ReportedPosition
from fengtai.domain.devices.store.tables import position_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork

_PLAIN = ("device_id", "channel_id", "longitude", "latitude", "speed_kmh", "direction_degrees", "altitude_m")
ROWS_A_STATEMENT = 200


class SqlPositions:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def of_device(self, device_id: str) -> Sequence[ReportedPosition]:
        columns = position_table.c
        query = select(position_table).where(columns.device_id == device_id).order_by(columns.channel_id)
        return [
            ReportedPosition(
                **{name: getattr(row, name) for name in _PLAIN},
                at=from_ms(row.at_ms),
                device_time=None if row.device_time_ms is None else from_ms(row.device_time_ms),
            )
            for row in self._connection.execute(query)
        ]

    def save_all(self, positions: Iterable[ReportedPosition]) -> None:
        last = {(one.device_id, one.channel_id): one for one in positions}
        keys = sorted(last)
        for start in range(0, len(keys), ROWS_A_STATEMENT):
            lot = keys[start : start + ROWS_A_STATEMENT]
            columns = position_table.c
            self._connection.execute(
                delete(position_table).where(tuple_(columns.device_id, columns.channel_id).in_(lot))
            )
            rows = [
                {
                    **{name: getattr(last[key], name) for name in _PLAIN},
                    "at_ms": to_ms(last[key].at),
                    "device_time_ms": None if (told := last[key].device_time) is None else to_ms(told),
                }
                for key in lot
            ]
            self._connection.execute(insert(position_table), rows)

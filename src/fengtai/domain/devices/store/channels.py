"""Channels on SQLite and PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from fengtai.domain.devices.model import Channel
from fengtai.domain.devices.store.tables import channel_table
from fengtai.vocabulary.transactions import UnitOfWork


class SqlChannels:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def of_device(self, device_id: str) -> Sequence[Channel]:
        query = select(channel_table).where(channel_table.c.device_id == device_id).order_by(channel_table.c.id)
        return [_channel(row) for row in self._connection.execute(query)]

    def get_all(self, device_id: str, channel_ids: Sequence[str]) -> Mapping[str, Channel]:
        found: dict[str, Channel] = {}
        for lot in _lots(channel_ids):
            query = select(channel_table).where(channel_table.c.device_id == device_id, channel_table.c.id.in_(lot))
            found |= {row.id: _channel(row) for row in self._connection.execute(query)}
        return found

    def save_all(self, channels: Iterable[Channel]) -> None:
        by_device: dict[str, list[Channel]] = {}
        for channel in channels:
            by_device.setdefault(channel.device_id, []).append(channel)
        for device_id, given in by_device.items():
            known: set[str] = set()
            for lot in _lots([channel.id for channel in given]):
                query = select(channel_table.c.id).where(
                    channel_table.c.device_id == device_id, channel_table.c.id.in_(lot)
                )
                known.update(self._connection.execute(query).scalars())
            fresh = [_channel_values(channel) for channel in given if channel.id not in known]
            changed = [_channel_values(channel) for channel in given if channel.id in known]
            if fresh:
                self._connection.execute(insert(channel_table), fresh)
            if changed:
                self._connection.execute(_channel_update, [_as_parameters(values) for values in changed])

    def counts(self, device_ids: Sequence[str]) -> Mapping[str, int]:
        query = (
            select(channel_table.c.device_id, func.count())
            .where(channel_table.c.device_id.in_(device_ids), channel_table.c.stale.is_(False))
            .group_by(channel_table.c.device_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}


IDS_A_QUESTION = 500


def _lots(channel_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(channel_ids), IDS_A_QUESTION):
        yield channel_ids[start : start + IDS_A_QUESTION]


_CHANGING = [column.name for column in channel_table.columns if not column.primary_key]
_channel_update = (
    update(channel_table)
    .where(channel_table.c.device_id == bindparam("new_device_id"), channel_table.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def _as_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _channel_values(channel: Channel) -> dict[str, Any]:
    return {
        "device_id": channel.device_id,
        "id": channel.id,
        "name": channel.name,
        "is_on": channel.on,
        "manufacturer": channel.manufacturer,
        "model": channel.model,
        "longitude": channel.longitude,
        "latitude": channel.latitude,
        "ptz_type": channel.ptz_type,
        "parent_id": channel.parent_id,
        "stale": channel.stale,
    }


def _channel(row: Any) -> Channel:
    return Channel(
        device_id=row.device_id,
        id=row.id,
        name=row.name,
        on=row.is_on,
        manufacturer=row.manufacturer,
        model=row.model,
        longitude=row.longitude,
        latitude=row.latitude,
        ptz_type=row.ptz_type,
        parent_id=row.parent_id,
        stale=row.stale,
    )

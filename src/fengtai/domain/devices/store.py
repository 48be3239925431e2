"""The tables of devices and channels, for SQLite and PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, Presence
from fengtai.domain.devices.ports import ChannelStore, DeviceStore
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

device_table = Table(
    "devices_device",
    metadata,
    Column("id", String(32), primary_key=True, comment="20-digit code"),
    Column("name", String(255), nullable=False),
    Column("enrolment", String(16), nullable=False, comment="pending, accepted, refused"),
    Column("presence", String(16), nullable=False, comment="online, offline"),
    Column("transport", String(8), nullable=False, comment="of the binding: udp, tcp; empty: there is no binding"),
    Column("host", String(64), nullable=False),
    Column("port", Integer, nullable=False),
    Column("expires_at_ms", BigInteger, comment="UTC milliseconds, end of the registration"),
    Column("edition", String(8), nullable=False, comment="X-GB-ver"),
    Column("call_id", String(255), nullable=False),
    Column("last_seen_at_ms", BigInteger, comment="UTC milliseconds, written in batches"),
    Column("registered_at_ms", BigInteger, comment="UTC milliseconds, first registration"),
    Column("manufacturer", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("firmware", String(64), nullable=False),
    Column("sealed_password", LargeBinary, nullable=False, comment="sealed by the vault; empty: shared password"),
    Column("organisation_id", String(32), nullable=False),
)

channel_table = Table(
    "devices_channel",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("id", String(32), primary_key=True, comment="20-digit code; unique on its device only"),
    Column("name", String(255), nullable=False),
    Column("is_on", Boolean, nullable=False, comment="Status of the catalogue item"),
    Column("manufacturer", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("ptz_type", Integer, nullable=False, comment="GB/T 28181 PTZType; 0 not said"),
    Column("parent_id", String(64), nullable=False),
    Column("stale", Boolean, nullable=False, comment="missing from the last complete catalogue"),
)


class SqlDevices:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, device_id: str) -> Device | None:
        row = self._connection.execute(select(device_table).where(device_table.c.id == device_id)).one_or_none()
        return None if row is None else _device(row)

    def save(self, device: Device) -> None:
        values = _device_values(device)
        changed = self._connection.execute(update(device_table).where(device_table.c.id == device.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(device_table).values(id=device.id, **values))

    def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[Device]:
        query = select(device_table).where(device_table.c.id > after_id)
        if text:
            wanted = text.lower()
            query = query.where(
                or_(
                    device_table.c.id.contains(wanted, autoescape=True),
                    func.lower(device_table.c.name).contains(wanted, autoescape=True),
                )
            )
        return [_device(row) for row in self._connection.execute(query.order_by(device_table.c.id).limit(limit))]

    def bound(self) -> Sequence[Device]:
        query = select(device_table).where(device_table.c.transport != "").order_by(device_table.c.id)
        return [_device(row) for row in self._connection.execute(query)]

    def touch(self, seen: Mapping[str, datetime]) -> None:
        if not seen:
            return
        statement = (
            update(device_table)
            .where(device_table.c.id == bindparam("touched_id"))
            .values(last_seen_at_ms=bindparam("touched_at_ms"))
        )
        rows = [{"touched_id": device_id, "touched_at_ms": to_ms(at)} for device_id, at in sorted(seen.items())]
        self._connection.execute(statement, rows)


class SqlChannels:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def of_device(self, device_id: str) -> Sequence[Channel]:
        query = select(channel_table).where(channel_table.c.device_id == device_id).order_by(channel_table.c.id)
        return [_channel(row) for row in self._connection.execute(query)]

    def save_all(self, channels: Iterable[Channel]) -> None:
        by_device: dict[str, list[Channel]] = {}
        for channel in channels:
            by_device.setdefault(channel.device_id, []).append(channel)
        for device_id, given in by_device.items():
            query = select(channel_table.c.id).where(channel_table.c.device_id == device_id)
            known = set(self._connection.execute(query).scalars())
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


_CHANGING = [column.name for column in channel_table.columns if not column.primary_key]
_channel_update = (
    update(channel_table)
    .where(channel_table.c.device_id == bindparam("new_device_id"), channel_table.c.id == bindparam("new_id"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def _as_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"new_{name}": value for name, value in values.items()}


def _device_values(device: Device) -> dict[str, Any]:
    binding = device.binding
    return {
        "name": device.name,
        "enrolment": device.enrolment.value,
        "presence": device.presence.value,
        "transport": binding.transport if binding else "",
        "host": binding.host if binding else "",
        "port": binding.port if binding else 0,
        "expires_at_ms": to_ms(binding.expires_at) if binding else None,
        "edition": binding.edition if binding else "",
        "call_id": binding.call_id[:255] if binding else "",
        "last_seen_at_ms": _ms(device.last_seen_at),
        "registered_at_ms": _ms(device.registered_at),
        "manufacturer": device.manufacturer,
        "model": device.model,
        "firmware": device.firmware,
        "sealed_password": device.sealed_password,
        "organisation_id": device.organisation_id,
    }


def _device(row: Any) -> Device:
    binding = None
    if row.transport:
        binding = Binding(
            transport=row.transport,
            host=row.host,
            port=row.port,
            expires_at=from_ms(row.expires_at_ms),
            edition=row.edition,
            call_id=row.call_id,
        )
    return Device(
        id=row.id,
        name=row.name,
        enrolment=Enrolment(row.enrolment),
        presence=Presence(row.presence),
        binding=binding,
        last_seen_at=_moment(row.last_seen_at_ms),
        registered_at=_moment(row.registered_at_ms),
        manufacturer=row.manufacturer,
        model=row.model,
        firmware=row.firmware,
        sealed_password=bytes(row.sealed_password),
        organisation_id=row.organisation_id,
    )


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


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


STORES: Mapping[type[Any], type[Any]] = {DeviceStore: SqlDevices, ChannelStore: SqlChannels}

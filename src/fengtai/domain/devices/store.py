"""The tables of devices, channels and open calls, for SQLite and PostgreSQL."""

import json
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
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, OpenCall, Presence, Standing
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore
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
    Column("clock_error_ms", BigInteger, comment="device's clock minus ours; NULL: not said"),
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

call_table = Table(
    "devices_call",
    metadata,
    Column("id", String(255), primary_key=True, comment="Call-ID"),
    Column("stream_id", String(64), nullable=False),
    Column("device_id", String(32), nullable=False),
    Column("channel_id", String(32), nullable=False),
    Column("local", Text, nullable=False, comment="our party of the dialog, tag included"),
    Column("remote", Text, nullable=False, comment="the device's party, with its tag when it gave one"),
    Column("target", Text, nullable=False, comment="the device's Contact: where the BYE goes"),
    Column("route", Text, nullable=False, comment="JSON list of Route values"),
    Column("sequence", Integer, nullable=False, comment="CSeq number of our last request"),
    Column("port", Integer, nullable=False, comment="of our receiver: nobody else gets it before the end is confirmed"),
    Column("ssrc", BigInteger, nullable=False, comment="likewise"),
    Column("started_at_ms", BigInteger, nullable=False, comment="UTC milliseconds"),
)


class SqlDevices:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"

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

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        query = select(device_table).where(device_table.c.id.in_(device_ids))
        return {row.id: _device(row) for row in self._connection.execute(query)}

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        if self._is_sqlite:
            found = json.loads(
                self._connection.execute(_sqlite_standings, {"wanted": json.dumps(device_ids)}).scalar_one()
            )
            return {
                device_id: Standing(_ENROLMENTS[enrolment], _PRESENCES[presence], bytes.fromhex(sealed))
                for device_id, enrolment, presence, sealed in found
            }
        rows = self._connection.execute(_standings, {"wanted": device_ids})
        return {
            device_id: Standing(_ENROLMENTS[enrolment], _PRESENCES[presence], bytes(sealed))
            for device_id, enrolment, presence, sealed in rows
        }

    def add_all(self, devices: Sequence[Device]) -> None:
        if devices:
            self._connection.execute(insert(device_table), [{"id": one.id, **_device_values(one)} for one in devices])

    def bind_all(self, bindings: Mapping[str, Binding], at: datetime) -> None:
        at_ms = to_ms(at)
        rows = [
            (
                device_id,
                binding.transport,
                binding.host,
                binding.port,
                to_ms(binding.expires_at),
                binding.edition,
                binding.call_id[:255],
                at_ms,
            )
            for device_id, binding in sorted(bindings.items())
        ]
        if not rows:
            return
        if self._is_sqlite:
            self._connection.execute(_sqlite_bind, {"rows": json.dumps(rows)})
        else:
            self._connection.execute(_bind, [dict(zip(_BOUND, row, strict=True)) for row in rows])

    def touch(self, seen: Mapping[str, datetime]) -> None:
        rows = [(device_id, to_ms(at)) for device_id, at in sorted(seen.items())]
        if not rows:
            return
        if self._is_sqlite:
            self._connection.execute(_sqlite_touch, {"rows": json.dumps(rows)})
        else:
            self._connection.execute(_touch, [{"touched_id": one, "touched_at_ms": at_ms} for one, at_ms in rows])


# The hot statements. On SQLite a lot of rows is one statement over one JSON array, not one statement per row: the driver
# gives the interpreter lock away at every step of a statement, and getting it back from a busy loop costs more than the
# row itself (docs/design/sip-hot-path.md).

_ENROLMENTS = {one.value: one for one in Enrolment}
_PRESENCES = {one.value: one for one in Presence}
_standings = select(
    device_table.c.id, device_table.c.enrolment, device_table.c.presence, device_table.c.sealed_password
).where(device_table.c.id.in_(bindparam("wanted", expanding=True)))
_BOUND = ("bound_id", "transport_", "host_", "port_", "expires_at_ms_", "edition_", "call_id_", "at_ms_")
_bind = (
    update(device_table)
    .where(device_table.c.id == bindparam("bound_id"))
    .values(
        presence=Presence.ONLINE.value,
        **{name.removesuffix("_"): bindparam(name) for name in _BOUND[1:-1]},
        last_seen_at_ms=bindparam("at_ms_"),
        registered_at_ms=func.coalesce(device_table.c.registered_at_ms, bindparam("at_ms_", type_=BigInteger)),
    )
)
_touch = (
    update(device_table)
    .where(device_table.c.id == bindparam("touched_id"))
    .values(last_seen_at_ms=bindparam("touched_at_ms"))
)
_sqlite_standings = text(
    "SELECT json_group_array(json_array(id, enrolment, presence, hex(sealed_password))) FROM devices_device "
    "WHERE id IN (SELECT value FROM json_each(:wanted))"
)
_sqlite_bind = text(
    "UPDATE devices_device SET presence = 'online', transport = row.value ->> 1, host = row.value ->> 2, "
    "port = row.value ->> 3, expires_at_ms = row.value ->> 4, edition = row.value ->> 5, call_id = row.value ->> 6, "
    "last_seen_at_ms = row.value ->> 7, registered_at_ms = coalesce(registered_at_ms, row.value ->> 7) "
    "FROM json_each(:rows) AS row WHERE devices_device.id = row.value ->> 0"
)
_sqlite_touch = text(
    "UPDATE devices_device SET last_seen_at_ms = row.value ->> 1 "
    "FROM json_each(:rows) AS row WHERE devices_device.id = row.value ->> 0"
)


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
        "clock_error_ms": device.clock_error_ms,
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
        clock_error_ms=row.clock_error_ms,
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


STORES: Mapping[type[Any], type[Any]] = {
    DeviceStore: SqlDevices,
    ChannelStore: SqlChannels,
    CallStore: SqlCalls,
}

"""Devices on SQLite and PostgreSQL, with the hot statements of registrations and life signs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, func, insert, or_, select, text, update

from fengtai.domain.access.model import Reach
from fengtai.domain.devices.model import Binding, Device, Enrolment, Manner, Presence, Standing, Topic
from fengtai.domain.devices.store.tables import device_table
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork


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

    def page(
        self, *, after_id: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Device]:
        query = select(device_table).where(device_table.c.id > after_id)
        if within is not None and (reached := within.condition(device_table.c.organisation_id)) is not None:
            query = query.where(reached)
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

    def with_manner(self) -> Sequence[Device]:
        columns = device_table.c
        chosen = or_(
            columns.edition_choice != "",
            columns.make_choice != "",
            columns.charset_choice != "",
            columns.topics_choice.is_not(None),
            columns.redirect_to != "",
        )
        query = select(device_table).where(chosen).order_by(columns.id)
        return [_device(row) for row in self._connection.execute(query)]

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        query = select(device_table).where(device_table.c.id.in_(device_ids))
        return {row.id: _device(row) for row in self._connection.execute(query)}

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        if self._is_sqlite:
            wanted = (json.dumps(device_ids),)
            found = json.loads(self._connection.exec_driver_sql(_SQLITE_STANDINGS, wanted).scalar_one())
            return {
                device_id: Standing(_ENROLMENTS[enrolment], _PRESENCES[presence], bytes.fromhex(sealed), owner)
                for device_id, enrolment, presence, sealed, owner in found
            }
        rows = self._connection.execute(_standings, {"wanted": device_ids})
        return {
            device_id: Standing(_ENROLMENTS[enrolment], _PRESENCES[presence], bytes(sealed), owner)
            for device_id, enrolment, presence, sealed, owner in rows
        }

    def appear_all(self, bindings: Mapping[str, Binding], enrolment: Enrolment, at: datetime) -> None:
        rows = _bound_rows(bindings, at)
        if not rows:
            return
        if self._is_sqlite:
            self._in_lots(_APPEAR, rows, (enrolment.value,))
        else:
            rest = _device_values(Device(id="", enrolment=enrolment, presence=Presence.ONLINE))
            told = ("id", *_BOUND_TO, "last_seen_at_ms")
            devices = [{**rest, **dict(zip(told, row, strict=True)), "registered_at_ms": row[-1]} for row in rows]
            self._connection.execute(insert(device_table), devices)

    def bind_all(self, bindings: Mapping[str, Binding], at: datetime) -> None:
        rows = _bound_rows(bindings, at)
        if not rows:
            return
        if self._is_sqlite:
            self._in_lots(_REBIND, rows)
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

    def _in_lots(
        self, statements: Mapping[int, str], rows: Sequence[tuple[str | int, ...]], first: tuple[str, ...] = ()
    ) -> None:
        at = 0
        for size, statement in statements.items():
            while len(rows) - at >= size:
                self._connection.exec_driver_sql(statement, (*first, *chain.from_iterable(rows[at : at + size])))
                at += size


# The hot statements. On SQLite a lot of rows is a few statements, not one statement per row: the driver gives the
# interpreter lock away at every step of a statement, and getting it back from a busy loop costs more than the row itself
# (docs/design/sip-hot-path.md).

_ENROLMENTS = {one.value: one for one in Enrolment}
_PRESENCES = {one.value: one for one in Presence}
_standings = select(
    device_table.c.id,
    device_table.c.enrolment,
    device_table.c.presence,
    device_table.c.sealed_password,
    device_table.c.organisation_id,
).where(device_table.c.id.in_(bindparam("wanted", expanding=True)))
_BOUND_TO = ("transport", "host", "port", "expires_at_ms", "edition", "call_id")
_BOUND = ("bound_id", *(f"{name}_" for name in _BOUND_TO), "at_ms_")
_bind = (
    update(device_table)
    .where(device_table.c.id == bindparam("bound_id"))
    .values(
        presence=Presence.ONLINE.value,
        **{name: bindparam(f"{name}_") for name in _BOUND_TO},
        last_seen_at_ms=bindparam("at_ms_"),
        registered_at_ms=func.coalesce(device_table.c.registered_at_ms, bindparam("at_ms_", type_=BigInteger)),
    )
)
_touch = (
    update(device_table)
    .where(device_table.c.id == bindparam("touched_id"))
    .values(last_seen_at_ms=bindparam("touched_at_ms"))
)
_SQLITE_STANDINGS = (
    "SELECT json_group_array(json_array(id, enrolment, presence, hex(sealed_password), organisation_id)) "
    "FROM devices_device "
    "WHERE id IN (SELECT value FROM json_each(?))"
)
_ROWS_AT_ONCE = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""Few sizes, so that the driver's cache knows each statement."""


def _values(size: int) -> str:
    return "VALUES " + ", ".join([f"({', '.join('?' * len(_BOUND))})"] * size)


_PLACES = {name: f"row.column{place}" for place, name in enumerate(("id", *_BOUND_TO, "last_seen_at_ms"), 1)}
_REBIND = {
    size: "UPDATE devices_device SET presence = 'online', "  # noqa: S608 - our own columns
    + ", ".join(f"{name} = {place}" for name, place in _PLACES.items() if name != "id")
    + f", registered_at_ms = coalesce(registered_at_ms, {_PLACES['last_seen_at_ms']})"
    + f" FROM ({_values(size)}) AS row WHERE devices_device.id = row.column1"
    for size in _ROWS_AT_ONCE
}
_UNSAID = {"name": "''", "manufacturer": "''", "model": "''", "firmware": "''", "organisation_id": "''"}
"""what a new device has in the columns that have no default in the database"""
_NEW = {**_UNSAID, "sealed_password": "x''", **_PLACES, "registered_at_ms": _PLACES["last_seen_at_ms"]}
_APPEAR = {
    size: f"INSERT INTO devices_device (enrolment, presence, {', '.join(_NEW)}) "  # noqa: S608 - our own columns
    f"SELECT ?, 'online', {', '.join(_NEW.values())} FROM ({_values(size)}) AS row"
    for size in _ROWS_AT_ONCE
}
_sqlite_touch = text(
    "UPDATE devices_device SET last_seen_at_ms = row.value ->> 1 "
    "FROM json_each(:rows) AS row WHERE devices_device.id = row.value ->> 0"
)


def _bound_rows(bindings: Mapping[str, Binding], at: datetime) -> list[tuple[str | int, ...]]:
    at_ms, last, last_ms = to_ms(at), at, to_ms(at)
    rows: list[tuple[str | int, ...]] = []
    for device_id, binding in sorted(bindings.items()):
        if binding.expires_at is not last:  # devices of one lot mostly register for the same time
            last, last_ms = binding.expires_at, to_ms(binding.expires_at)
        rows.append(
            (
                device_id,
                binding.transport,
                binding.host,
                binding.port,
                last_ms,
                binding.edition,
                binding.call_id[:255],
                at_ms,
            )
        )
    return rows


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
        "user_agent": device.user_agent,
        "edition_choice": device.manner.edition,
        "make_choice": device.manner.make,
        "charset_choice": device.manner.charset,
        "topics_choice": _topics_text(device.manner.topics),
        "redirect_to": device.manner.redirect_to,
        "on_guard": device.on_guard,
        "catalogue_at_ms": _ms(device.catalogue_at),
        "catalogue_note": device.catalogue_note[:255],
    }


def _device(row: Any) -> Device:
    """Of a whole row, in the order of the table's columns: at a start there are hundreds of thousands."""
    device_id, name, enrolment, presence, transport, host, port, expires_at_ms, edition, call_id, *more = row
    last_seen_at_ms, registered_at_ms, manufacturer, model, firmware, sealed_password, organisation_id, *more = more
    clock_error_ms, user_agent, *chosen, on_guard, catalogue_at_ms, catalogue_note = more
    binding = None
    if transport:
        binding = Binding(transport, host, port, from_ms(expires_at_ms), edition, call_id)
    return Device(
        id=device_id,
        name=name,
        enrolment=_ENROLMENTS[enrolment],
        presence=_PRESENCES[presence],
        binding=binding,
        last_seen_at=_moment(last_seen_at_ms),
        registered_at=_moment(registered_at_ms),
        manufacturer=manufacturer,
        model=model,
        firmware=firmware,
        sealed_password=bytes(sealed_password),
        organisation_id=organisation_id,
        clock_error_ms=clock_error_ms,
        user_agent=user_agent,
        manner=_AS_IT_COMES if chosen == _NOTHING_CHOSEN else _manner(*chosen),
        on_guard=on_guard,
        catalogue_at=_moment(catalogue_at_ms),
        catalogue_note=catalogue_note,
    )


_AS_IT_COMES, _NOTHING_CHOSEN = Manner(), ["", "", "", None, ""]


def _manner(edition: str, make: str, charset: str, topics: str | None, redirect_to: str) -> Manner:
    told = None if topics is None else frozenset(map(Topic, json.loads(topics)))
    return Manner(edition=edition, make=make, charset=charset, topics=told, redirect_to=redirect_to)


def _topics_text(topics: frozenset[Topic] | None) -> str | None:
    return None if topics is None else json.dumps(sorted(topic.value for topic in topics))


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)

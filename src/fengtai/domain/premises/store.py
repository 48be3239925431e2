"""The tables of premises and panel accounts, for SQLite and PostgreSQL.

Zones and keyholders are read and written with their premises, never alone, so they are a JSON text of its row.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    insert,
    or_,
    select,
    update,
)

from fengtai.domain.access.model import Reach
from fengtai.domain.premises.model import Keyholder, PanelAccount, Premises, Zone
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

premises_table = Table(
    "premises_premises",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("address", Text, nullable=False),
    Column("organisation_id", String(32), nullable=False, index=True),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("kind", String(80), nullable=False, comment="free word of the site"),
    Column("note", Text, nullable=False, comment="what an operator must know before sending anybody"),
    Column("point_ids", Text, nullable=False, comment="JSON list, best first"),
    Column("zones", Text, nullable=False, comment="JSON list of {number, partition, name, point_ids}"),
    Column("keyholders", Text, nullable=False, comment="JSON list of {id, name, phone, order, note}"),
    Column("steps", Text, nullable=False, comment="JSON list of prescribed actions"),
)

panel_account_table = Table(
    "premises_panel_account",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("number", String(40), nullable=False),
    Column("premises_id", String(32), nullable=False, index=True),
    Column("receiver", String(40), nullable=False, comment="empty: any"),
    Column("line", String(40), nullable=False, comment="empty: any"),
    Column("sealed_key", LargeBinary, nullable=False, comment="AES key sealed by the vault; empty: in the clear"),
    Column("heartbeat_seconds", Integer, nullable=False, comment="0: not supervised"),
    Column("grace_seconds", Integer, nullable=False),
    UniqueConstraint("channel", "number", "receiver", "line"),
)


class SqlPremises:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, premises_id: str) -> Premises:
        row = self._connection.execute(select(premises_table).where(premises_table.c.id == premises_id)).one_or_none()
        if row is None:
            raise NotFound(f"there are no premises {premises_id}")
        return _premises(row)

    def page(
        self, *, after: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Premises]:
        statement = select(premises_table).where(premises_table.c.id > after)
        if within is not None and (reached := within.condition(premises_table.c.organisation_id)) is not None:
            statement = statement.where(reached)
        if text:
            statement = statement.where(
                or_(
                    func.lower(premises_table.c.name).contains(text.lower(), autoescape=True),
                    func.lower(premises_table.c.address).contains(text.lower(), autoescape=True),
                )
            )
        rows = self._connection.execute(statement.order_by(premises_table.c.id).limit(limit))
        return [_premises(row) for row in rows]

    def save(self, premises: Premises) -> None:
        values = _premises_values(premises)
        changed = self._connection.execute(
            update(premises_table).where(premises_table.c.id == premises.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(premises_table).values(id=premises.id, **values))


class SqlPanelAccounts:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def find(self, channel: str, number: str, *, receiver: str = "", line: str = "") -> PanelAccount | None:
        rows = self._connection.execute(
            select(panel_account_table).where(
                panel_account_table.c.channel == channel, panel_account_table.c.number == number
            )
        )
        found = {(row.receiver, row.line): _account(row) for row in rows}
        return found.get((receiver, line)) or found.get(("", ""))

    def get(self, account_id: str) -> PanelAccount:
        row = self._connection.execute(
            select(panel_account_table).where(panel_account_table.c.id == account_id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"there is no panel account {account_id}")
        return _account(row)

    def all(self, channel: str = "", within: Reach | None = None) -> Sequence[PanelAccount]:
        statement = select(panel_account_table)
        if within is not None and (reached := within.condition(premises_table.c.organisation_id)) is not None:
            seen = select(premises_table.c.id).where(reached)
            statement = statement.where(panel_account_table.c.premises_id.in_(seen))
        if channel:
            statement = statement.where(panel_account_table.c.channel == channel)
        accounts = [_account(row) for row in self._connection.execute(statement)]
        # Sorted here, because collations of the two databases differ.
        return sorted(accounts, key=lambda account: (account.channel, account.number, account.receiver, account.line))

    def save(self, account: PanelAccount) -> None:
        values = {
            "channel": account.channel,
            "number": account.number,
            "premises_id": account.premises_id,
            "receiver": account.receiver,
            "line": account.line,
            "sealed_key": account.sealed_key,
            "heartbeat_seconds": account.heartbeat_seconds,
            "grace_seconds": account.grace_seconds,
        }
        changed = self._connection.execute(
            update(panel_account_table).where(panel_account_table.c.id == account.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(panel_account_table).values(id=account.id, **values))


def _premises_values(premises: Premises) -> dict[str, Any]:
    zones = [
        {"number": zone.number, "partition": zone.partition, "name": zone.name, "point_ids": list(zone.point_ids)}
        for zone in premises.zones
    ]
    keyholders = [
        {"id": each.id, "name": each.name, "phone": each.phone, "order": each.order, "note": each.note}
        for each in premises.keyholders
    ]
    return {
        "name": premises.name,
        "address": premises.address,
        "organisation_id": premises.organisation_id,
        "longitude": premises.position.longitude if premises.position else None,
        "latitude": premises.position.latitude if premises.position else None,
        "kind": premises.kind,
        "note": premises.note,
        "point_ids": json.dumps(list(premises.point_ids)),
        "zones": json.dumps(zones, ensure_ascii=False),
        "keyholders": json.dumps(keyholders, ensure_ascii=False),
        "steps": json.dumps(list(premises.steps), ensure_ascii=False),
    }


def _premises(row: Any) -> Premises:
    placed = row.longitude is not None and row.latitude is not None
    zones = (
        Zone(
            number=zone["number"],
            partition=zone["partition"],
            name=zone["name"],
            point_ids=tuple(zone["point_ids"]),
        )
        for zone in json.loads(row.zones)
    )
    return Premises(
        id=row.id,
        name=row.name,
        address=row.address,
        organisation_id=row.organisation_id,
        position=Position(row.longitude, row.latitude) if placed else None,
        kind=row.kind,
        note=row.note,
        point_ids=tuple(json.loads(row.point_ids)),
        zones=tuple(zones),
        keyholders=tuple(Keyholder(**each) for each in json.loads(row.keyholders)),
        steps=tuple(json.loads(row.steps)),
    )


def _account(row: Any) -> PanelAccount:
    return PanelAccount(
        id=row.id,
        channel=row.channel,
        number=row.number,
        premises_id=row.premises_id,
        receiver=row.receiver,
        line=row.line,
        sealed_key=bytes(row.sealed_key),
        heartbeat_seconds=row.heartbeat_seconds,
        grace_seconds=row.grace_seconds,
    )


STORES: Mapping[type[Any], type[Any]] = {PremisesStore: SqlPremises, PanelAccountStore: SqlPanelAccounts}

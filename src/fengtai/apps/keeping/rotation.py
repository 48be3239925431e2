"""Rotation of keys, sessions and API tokens, while the platform stands still.

Vault: 1 a new key joins the file and seals from now on  2 every sealed value is opened and sealed anew, in one
transaction  3 when all opened, the old keys leave the file. A crash between leaves a file that opens everything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, MetaData, Table, delete, select, update

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping.database_copies import is_sqlite, sqlite_path
from fengtai.apps.schema import collected_metadata, sql_stores
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.settings import Settings
from fengtai.domain.access.ports import SessionStore, TokenStore
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.rules import password_label
from fengtai.domain.premises.rules import key_label
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.schema import upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.transactions import UnitOfWork

AUDIT_ORIGIN = "fengtai/audit"
PAGE = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    table: str
    id: str
    column: str
    label: Callable[[str], str]
    """by the row's id: what the vault bound the secret to"""


SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("devices_device", "id", "sealed_password", password_label),
    SealedColumn("premises_panel_account", "id", "sealed_key", key_label),
    SealedColumn("webhooks_webhook", "id", "secret", "webhook:{}".format),
    SealedColumn("access_totp", "user_id", "seed_sealed", "totp:{}".format),
    SealedColumn("access_provider", "id", "secret_sealed", "provider:{}".format),
)
SHORT_LIVED: tuple[str, ...] = ("request_key", "access_challenge")
"""Tables whose sealed values last minutes or a day: emptied, not sealed anew."""


async def rotate_vault(settings: Settings) -> int:
    """How many secrets were sealed anew."""
    lock = OnlyProcess(settings.data)
    try:
        upgrade(settings.database_url)
        vault = FileVault(settings.data / "vault.key")
        tables = tables_by_name()
        engine = _engine(settings, Connection)
        await engine.open()
        try:
            vault.rotate()
            return await _sealed_anew(engine, vault, tables)
        finally:
            await engine.close()
    finally:
        lock.close()


async def _sealed_anew(engine: SqlEngine, vault: FileVault, tables: Mapping[str, Table]) -> int:
    def unit(uow: UnitOfWork) -> int:
        connection = uow.store(Connection)
        count = sum(_seal_column(connection, tables[one.table], one, vault) for one in SEALED if one.table in tables)
        for name in SHORT_LIVED:
            if name in tables:
                connection.execute(delete(tables[name]))
        uow.store(AuditLog).append(_entry("vault.rotate", secrets=count))
        return count

    count = await engine.write(unit)
    vault.forget_old_keys()
    return count


def _seal_column(connection: Connection, table: Table, one: SealedColumn, vault: FileVault) -> int:
    id, column = table.c[one.id], table.c[one.column]
    count, after = 0, ""
    while rows := connection.execute(select(id, column).where(id > after).order_by(id).limit(PAGE)).all():
        for row_id, sealed in rows:
            if sealed:
                secret = vault.open(bytes(sealed), label=one.label(row_id))
                anew = vault.seal(secret, label=one.label(row_id))
                connection.execute(update(table).where(id == row_id).values({column: anew}))
                count += 1
        after = rows[-1][0]
    return count


async def rotate_audit_key(settings: Settings) -> str:
    """The new public key, for the auditor to carry away. The old key signs that it follows (`audit/key-changes`)."""
    lock = OnlyProcess(settings.data)
    try:
        upgrade(settings.database_url)
        audit = settings.data / "audit"
        key = AuditKey(audit, AUDIT_ORIGIN)
        note = await FileCheckpointBook(audit / "checkpoints").last()
        size = int(note.split("\n")[1]) if note else 0
        engine = _engine(settings)
        await engine.open()
        try:
            old = key.public_key
            act = await engine.write(_intent)
            key.change(size=size, at=SystemClock().now().utc)
            entry = _entry("audit.change_key", act=act, old=old, new=key.public_key, after_size=size)
            await engine.write(lambda uow: uow.store(AuditLog).append(entry))
        finally:
            await engine.close()
        return key.public_key
    finally:
        lock.close()


async def end_all(settings: Settings, port: type[SessionStore] | type[TokenStore]) -> int:
    """Everybody signs in again, or every program needs a new token. How many ended."""
    lock = OnlyProcess(settings.data)
    try:
        upgrade(settings.database_url)
        engine = _engine(settings)
        await engine.open()

        def unit(uow: UnitOfWork) -> int:
            store, ended = uow.store(port), 0
            while found := store.page(None):
                for one in found:
                    store.remove(one.id)
                ended += len(found)
            line = (
                _entry("session.end_all", sessions=ended)
                if port is SessionStore
                else _entry("token.end_all", tokens=ended)
            )
            uow.store(AuditLog).append(line)
            return ended

        try:
            return await engine.write(unit)
        finally:
            await engine.close()
    finally:
        lock.close()


def _engine(settings: Settings, *also: type[Connection]) -> SqlEngine:
    """`also`: hand out the unit's connection itself, for statements over tables of many folders."""
    url, clock = settings.database_url, SystemClock()
    stores: dict[type[Any], Any] = {**sql_stores(), **{one: lambda connection, _unit: connection for one in also}}
    if is_sqlite(url):
        return SqliteDatabase(sqlite_path(url), clock, stores)
    return PostgresDatabase(url, clock, stores)


def tables_by_name() -> dict[str, Table]:
    found: list[MetaData] = list(collected_metadata())
    return {name: table for metadata in found for name, table in metadata.tables.items()}


def _intent(uow: UnitOfWork) -> str:
    """Stands durably before the key is changed; the id that ties the outcome to it."""
    act = uow.new_id()
    uow.store(AuditLog).append(_entry("audit.change_key", Outcome.INTENT, act=act))
    return act


def _entry(action: str, outcome: Outcome = Outcome.DONE, *, act: str = "", **details: object) -> AuditEntry:
    return AuditEntry(actor="system:keys", action=action, object="platform", outcome=outcome, act=act, details=details)

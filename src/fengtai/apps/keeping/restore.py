"""Restoring a backup into an empty place: checked before, verified after, and written into the audit log.

Nothing is ever written over: where there is a database, a key or a checkpoint already, the restore refuses.
"""

import shutil
from pathlib import Path

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping import backup, database_copies, manifest
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.settings import Settings
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.schema import knows_revision, upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.errors import Conflict, Invalid, Unavailable


async def restore(settings: Settings, folder: Path) -> list[str]:
    """What was done, a sentence each. Raise Invalid for a damaged backup, Conflict where something is in the way."""
    told = manifest.read(folder)
    if wrong := list(backup.faults(folder)):
        raise Invalid("the backup is damaged, nothing was restored:\n" + "\n".join(wrong[:20]))
    _check_fit(settings, told)
    lock = OnlyProcess(settings.data)
    try:
        _check_empty(settings, told)
        done = _put_back(settings, folder, told)
        if verdict := backup.audit_fault_of(settings.database_url, settings.data / "audit"):
            raise Unavailable(f"restored, but the audit log does not verify; do not start the platform:\n{verdict}")
        done.append("the audit log verifies against the checkpoints of the backup")
        upgrade(settings.database_url)
        await _write_down(settings, told)
        return [*done, "the restore stands in the audit log"]
    finally:
        lock.close()


def _check_fit(settings: Settings, told: manifest.Manifest) -> None:
    kind = "sqlite" if database_copies.is_sqlite(settings.database_url) else "postgresql"
    if told.database != kind:
        raise Conflict(f"this is a backup of {told.database}, the settings name {kind}")
    if not knows_revision(told.schema):
        raise Conflict(
            f"the backup was made by version {told.version} (schema {told.schema}), which is newer than this one: "
            "install that version or a later one"
        )


def _check_empty(settings: Settings, told: manifest.Manifest) -> None:
    audit = settings.data / "audit"
    taken = [settings.data / "vault.key", audit / backup.SIGNING_KEY] if "keys" in told.parts else []
    for path in (*taken, audit / "checkpoints"):
        if path.exists():
            raise Conflict(f"{path} is there already: restore into an empty data folder")
    if "objects" in told.parts and settings.media.clips.is_dir() and any(settings.media.clips.iterdir()):
        raise Conflict(f"{settings.media.clips} is not empty: restore into an empty folder")


def _put_back(settings: Settings, folder: Path, told: manifest.Manifest) -> list[str]:
    database_copies.load(settings.database_url, folder)
    done = [f"the database of {told.made_at} is in place"]
    audit = settings.data / "audit"
    audit.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copytree(folder / "audit", audit, copy_function=shutil.copyfile, dirs_exist_ok=True)
    if "keys" in told.parts:
        for name, place in (("vault.key", settings.data), (backup.SIGNING_KEY, audit)):
            shutil.copyfile(folder / "keys" / name, place / name)
            (place / name).chmod(0o600)
        done.append("vault key and signing key are in place")
    else:
        done.append("the backup holds no keys: put vault.key and audit/signing-key.pem back before the first start")
    if "objects" in told.parts:
        shutil.copytree(folder / "objects", settings.media.clips, dirs_exist_ok=True)
        done.append("objects are in place")
    return done


async def _write_down(settings: Settings, told: manifest.Manifest) -> None:
    url = settings.database_url
    engine: SqlEngine
    if database_copies.is_sqlite(url):
        engine = SqliteDatabase(database_copies.sqlite_path(url), SystemClock(), sql_stores())
    else:
        engine = PostgresDatabase(url, SystemClock(), sql_stores())
    entry = AuditEntry(
        actor="system:restore",
        action="platform.restore",
        object="platform",
        details={"made_at": told.made_at, "version": told.version, "parts": list(told.parts)},
    )
    await engine.open()
    try:
        await engine.write(lambda uow: uow.store(AuditLog).append(entry))
    finally:
        await engine.close()

"""What is done to the audit log from outside the server: a time stamp by command, redaction as the owner of the tables."""

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping.database_copies import is_sqlite, sqlite_path
from fengtai.apps.keeping.rotation import AUDIT_ORIGIN
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.server.time_stamps import time_stamps_of
from fengtai.apps.settings import Settings
from fengtai.domain.audit import rules
from fengtai.domain.audit.model import TimeStamp
from fengtai.domain.audit.service.redacting import redact
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.errors import Conflict, NotFound


async def stamp_newest(settings: Settings) -> TimeStamp:
    note = await _newest_note(settings)
    stamps, size = time_stamps_of(settings), rules.read_checkpoint(note).size
    newest = await stamps.newest()
    return newest if newest is not None and newest.size == size else await stamps.stamp(size, note)


async def redact_as_owner(settings: Settings) -> int:
    """How many entries. On PostgreSQL beside a running server; on SQLite only while it stands still."""
    url = settings.database.owner_url.get_secret_value() or settings.database_url
    tree = rules.read_checkpoint(await _newest_note(settings))
    if tree.origin != AUDIT_ORIGIN:
        raise Conflict(f"the book of checkpoints belongs to {tree.origin!r}, this log is {AUDIT_ORIGIN!r}")
    lock = OnlyProcess(settings.data) if is_sqlite(url) else None
    clock = SystemClock()
    try:
        engine = (
            SqliteDatabase(sqlite_path(url), clock, sql_stores())
            if is_sqlite(url)
            else PostgresDatabase(url, clock, sql_stores())
        )
        await engine.open()
        try:
            return await redact(engine, settings.audit.redaction(is_done_here=False), tree)
        finally:
            await engine.close()
    finally:
        if lock is not None:
            lock.close()


async def _newest_note(settings: Settings) -> str:
    note = await FileCheckpointBook(settings.data / "audit" / "checkpoints").peek()
    if note is None:
        raise NotFound("no checkpoint has been signed yet")
    return note

"""Brings a database to this version's schema, and tells whether a database and the code's tables agree.

The history is `migrations/` (Alembic), one for SQLite and PostgreSQL. Must not know the domain's tables: whoever compares
or generates gives their metadata (`apps.schema.collected_metadata`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, NullPool, create_engine, event, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from fengtai.storage.postgres.connections import driver_url
from fengtai.vocabulary.errors import Conflict, Unavailable

HAND_WRITTEN = ("points_search", "points_place", "points_point_grams", "points_point_at", "audit_line_by_point")
"""Indexes that each database has in a way of its own, made by hand in the history: beginnings of their names, since they
bring tables of their own."""
MIGRATION_LOCK = 0x46454E48  # the advisory lock of whoever migrates: others wait, then find nothing to do


def upgrade(url: str) -> None:
    """Run what is missing. Raise Unavailable when the database cannot be reached, Conflict when a newer version than
    this one has upgraded it already: going back is restoring the backup of before (docs/guide/upgrade.md)."""
    found = revision_of(url)
    if found and not knows_revision(found):
        raise Conflict(
            f"the database was upgraded by a newer version (schema {found}): install that version, or restore the backup "
            "that was made before the upgrade"
        )
    try:
        with _connected(url) as connection:
            command.upgrade(_config(connection), "head")
            connection.commit()
    except OperationalError as error:
        raise Unavailable(f"the database cannot be reached or changed: {error.orig}") from error
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", "") != "42501":  # insufficient_privilege
            raise
        raise Conflict("this role may not change tables: run fengtai db upgrade with database.owner_url") from error


def is_current(url: str) -> bool:
    """Whether nothing is missing."""
    with _connected(url) as connection:
        newest = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == newest


def revision_of(url: str) -> str:
    """The newest migration that this database has; empty before the first."""
    with _connected(url) as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def knows_revision(revision: str) -> bool:
    """Whether this version's history holds that migration; one that does not is of a newer version."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    return revision in {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def differences(url: str, metadata: Sequence[MetaData]) -> list[Any]:
    """What Alembic would still change, so that the database has these tables; empty when they agree. Comments of
    columns are left out: they are for readers of the code."""
    with _connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_compared})
        merged = MetaData()
        for one in metadata:
            for table in one.tables.values():
                table.to_metadata(merged)
        return [found for found in compare_metadata(context, merged) if not _is_comment(found)]


def draft_revision(url: str, metadata: Sequence[MetaData], message: str) -> None:
    """Write a new file into `migrations/versions` that brings this database to these tables: to be read and corrected."""
    with _connected(url) as connection:
        config = _config(connection)
        config.attributes["metadata"] = list(metadata)
        config.attributes["include_object"] = is_compared
        command.revision(config, message=message, autogenerate=True)


def is_compared(_: object, name: str | None, kind: str, reflected: bool, compare_to: object) -> bool:
    """False for what is hand-written; Alembic's `include_object`."""
    return not (name or "").startswith(HAND_WRITTEN)


def migrations_folder() -> Path:
    """Beside the package in a wheel, at the project's root in a checkout."""
    here = Path(__file__).resolve()
    for folder in (here.parents[1] / "migrations", here.parents[3] / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise Unavailable("the folder migrations/ was not installed with this package")


def _is_comment(difference: Any) -> bool:
    changes = difference if isinstance(difference, list) else [difference]
    return all("comment" in change[0] for change in changes)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    is_sqlite = url.startswith("sqlite")
    if is_sqlite:
        path = Path(url.removeprefix("sqlite:///"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # who did what and where people live: for the platform's own account only
    engine = create_engine(url if is_sqlite else driver_url(url), poolclass=NullPool)
    if is_sqlite:
        _begin_ourselves(engine)
    with engine.connect() as connection:
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        yield connection


def _begin_ourselves(engine: Any) -> None:
    """Schema changes of one upgrade in one transaction on SQLite too: pysqlite would commit before each of them."""

    @event.listens_for(engine, "connect")
    def _no_own_begin(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

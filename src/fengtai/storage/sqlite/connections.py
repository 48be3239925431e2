"""How a SQLite file is opened: WAL, synchronous FULL, foreign keys; transactions begun by us, not by the driver."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 5_000
"""Another process that holds the lock (a backup, a migration) gets this long; then the unit is refused."""


def writing_engine(path: Path) -> Engine:
    """Every transaction begins IMMEDIATE: it takes the write lock at once, so it cannot fail half way for lack of it."""
    engine = _engine(path)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        _open(connection)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # INSERT OR REPLACE takes a row away without asking the triggers that keep it, unless they may recur
        connection.execute("PRAGMA recursive_triggers=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def reading_engine(path: Path, *, connections: int) -> Engine:
    """Connections that refuse to write; a transaction keeps the snapshot of its first read."""
    engine = _engine(path, pool_size=connections)

    @event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _record: Any) -> None:
        _open(connection)
        connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _engine(path: Path, *, pool_size: int = 1) -> Engine:
    # The writer's connection is opened on the loop's thread and used on its own: never by both at once.
    return create_engine(f"sqlite:///{path}", pool_size=pool_size, connect_args={"check_same_thread": False})


def _open(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None  # BEGIN, SAVEPOINT and COMMIT are ours; pysqlite begins none by itself
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")

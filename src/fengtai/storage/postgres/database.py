"""The PostgreSQL engine: the same units, log and journal as on SQLite, shared by many processes.

Writers of all processes take turns: each batch holds one advisory lock from its beginning to its commit. So a unit runs
as if alone (what SQLite gives by nature), and no `seq` becomes visible before a smaller one (ADR 0003).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from fengtai.storage import signal_rows
from fengtai.storage.postgres.connections import libpq_url, reading_engine, writing_engine
from fengtai.storage.postgres.listening import CHANNEL, Listener
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.unit import StoreMaker
from fengtai.vocabulary.clock import Clock

READER_THREADS = 4
ORDER_LOCK = 0x46454E47  # "FENG": the advisory lock of all who write
PASSING_STATES = ("40001", "40P01")  # serialization_failure, deadlock_detected (PostgreSQL appendix A)

_INSERT_SIGNAL = (
    f"INSERT INTO signal_journal ({', '.join(signal_rows.COLUMNS)}) "  # noqa: S608 - names of our own columns
    f"VALUES ({', '.join(['%s'] * len(signal_rows.COLUMNS))})"
)


class PostgresDatabase(SqlEngine):
    """`PostgresDatabase(url, clock, stores)`, then `await open()`; at the end `await close()`."""

    def __init__(self, url: str, clock: Clock, stores: Mapping[type[Any], StoreMaker]) -> None:
        super().__init__(
            PostgresLane(writing_engine(url)),
            reading_engine(url, connections=READER_THREADS),
            clock,
            stores,
            reader_threads=READER_THREADS,
        )
        self._listener = Listener(libpq_url(url), self._told_in_thread)

    async def open(self) -> None:
        await super().open()
        await asyncio.to_thread(self._listener.start)

    async def close(self) -> None:
        await asyncio.to_thread(self._listener.stop)
        await super().close()


class PostgresLane:
    is_only_writer = False

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def connect(self) -> Connection:
        return self._engine.connect()

    def begin(self, connection: Connection) -> None:
        connection.begin()
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ORDER_LOCK})

    def say(self, connection: Connection, statement: str) -> None:
        connection.exec_driver_sql(statement)

    def insert_signals(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            cursor.executemany(_INSERT_SIGNAL, rows)  # psycopg 3 sends them as one pipeline

    def announce(self, connection: Connection, seq: int) -> None:
        connection.execute(text("SELECT pg_notify(:channel, :seq)"), {"channel": CHANNEL, "seq": str(seq)})

    def is_worth_another_try(self, error: BaseException) -> bool:
        cause = error.orig if isinstance(error, DBAPIError) else error
        return isinstance(cause, psycopg.Error) and cause.sqlstate in PASSING_STATES

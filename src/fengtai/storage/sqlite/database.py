"""The SQLite engine: one file, one writer thread with group commit, readers on snapshots beside it.

Must be opened by one process only: the order of events and signals, and the wake-up of readers, live in it.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from fengtai.storage import signal_rows
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.connections import reading_engine, writing_engine
from fengtai.storage.unit import StoreMaker
from fengtai.vocabulary.clock import Clock

READER_THREADS = 4

_VALUES = f"({', '.join('?' * len(signal_rows.COLUMNS))})"
_INSERT_SIGNAL = f"INSERT INTO signal_journal ({', '.join(signal_rows.COLUMNS)}) VALUES {_VALUES}"  # noqa: S608 - our own columns
_ROWS_AT_ONCE = 16
"""The driver gives up the interpreter's lock for each statement that it steps, and must win it back from a busy loop."""
_INSERT_MANY = _INSERT_SIGNAL + f", {_VALUES}" * (_ROWS_AT_ONCE - 1)


class SqliteDatabase(SqlEngine):
    """`SqliteDatabase(path, clock, stores)`, then `await open()`; at the end `await close()`."""

    def __init__(self, path: Path, clock: Clock, stores: Mapping[type[Any], StoreMaker]) -> None:
        self.path = path
        super().__init__(
            SqliteLane(writing_engine(path)),
            reading_engine(path, connections=READER_THREADS),
            clock,
            stores,
            reader_threads=READER_THREADS,
        )


class SqliteLane:
    """BEGIN IMMEDIATE is the order lock: SQLite has one writer at a time."""

    is_only_writer = True

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def connect(self) -> Connection:
        return self._engine.connect()

    def begin(self, connection: Connection) -> None:
        connection.begin()

    def say(self, connection: Connection, statement: str) -> None:
        driver = connection.connection.driver_connection  # what goes round it takes a tenth of the time
        assert driver is not None
        driver.execute(statement)

    def insert_signals(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        driver = connection.connection.driver_connection
        assert driver is not None
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        for start in range(0, whole, _ROWS_AT_ONCE):
            driver.execute(_INSERT_MANY, list(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE])))
        if whole < len(rows):
            driver.executemany(_INSERT_SIGNAL, rows[whole:])

    def announce(self, connection: Connection, seq: int) -> None:
        """Nobody else: one process has the file open, and its own readers are told after the commit."""

    def is_worth_another_try(self, error: BaseException) -> bool:
        return False

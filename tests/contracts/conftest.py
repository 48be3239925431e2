"""One suite, three engines: every test that takes `units` runs on the memory twins, on SQLite and on PostgreSQL.

    def test_a_point_is_found_by_its_number(units):
        units.run(lambda uow: uow.store(PointStore).save(point))
        assert units.read(lambda uow: uow.store(PointStore).get(point.id)) == point

`units.run(work)` writes, `units.read(work)` reads, `units.wait(coroutine)` runs anything asynchronous on the engine's
loop, `units.clock` is a HandClock, `units.engine` the engine itself, `units.signals` its signal journal. All stores of
all domain folders are offered. `units.kind` is "memory", "sqlite" or "postgres".
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection
from tests.contracts.postgres_cluster import PostgresCluster

from fengtai.apps.schema import memory_stores, sql_stores
from fengtai.domain.alarms.ports import SignalJournal
from fengtai.storage.memory.signals import MemorySignals
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.transactions import UnitOfWork

Answer = TypeVar("Answer")
Engine = MemoryTransactions | SqliteDatabase | PostgresDatabase


class Units:
    """An engine for tests that read as stories: without a loop to see."""

    def __init__(self, kind: str, engine: Engine, clock: HandClock, signals: SignalJournal, url: str = "") -> None:
        self.kind, self.engine, self.clock, self.signals, self.url = kind, engine, clock, signals, url
        self._loop = asyncio.new_event_loop()

    def run(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return self.wait(self.engine.write(work))

    def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return self.wait(self.engine.read(work))

    def wait(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        return self._loop.run_until_complete(coroutine)

    def open(self) -> "Units":
        if not isinstance(self.engine, MemoryTransactions):
            self.wait(self.engine.open())
        return self

    def close(self) -> None:
        if not isinstance(self.engine, MemoryTransactions):
            self.wait(self.engine.close())
        self._loop.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_cluster: PostgresCluster) -> str:
    name = postgres_cluster.new_database()
    upgrade(postgres_cluster.url(name))
    return name


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Units]:
    """An engine with empty tables; see the module's docstring."""
    yield from units_on(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def sql_units(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Units]:
    """The engines with a database below; `uow.store(Connection)` hands out the unit's connection."""
    yield from units_on(request.param, request, tmp_path)


@pytest.fixture
def postgres_units(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Units]:
    """For what only many processes or a network can do."""
    yield from units_on("postgres", request, tmp_path)


def sql_stores_and_connection() -> dict[type[Any], Callable[[Connection, UnitOfWork], object]]:
    return {**sql_stores(), Connection: lambda connection, _unit: connection}


def units_on(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Units]:
    clock = HandClock()
    database = ""
    if kind == "memory":
        made = Units(kind, MemoryTransactions(clock, memory_stores()), clock, MemorySignals(clock))
    elif kind == "sqlite":
        path = tmp_path / "fengtai.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        sqlite = SqliteDatabase(path, clock, sql_stores_and_connection())
        made = Units(kind, sqlite, clock, sqlite.signals, f"sqlite:///{path}")
    else:
        template: str = request.getfixturevalue("postgres_template")
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        database = cluster.borrow(template)
        postgres = PostgresDatabase(cluster.url(database), clock, sql_stores_and_connection())
        made = Units(kind, postgres, clock, postgres.signals, cluster.url(database))
    made.open()
    try:
        yield made
    finally:
        made.close()
        if database:
            cluster.give_back(database)

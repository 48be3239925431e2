"""What is special to the embedded engine: how the file is opened, and a disk that is full."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from fengtai.apps.schema import sql_stores
from fengtai.domain.alarms.model import Channel, Signal
from fengtai.storage import group_commit
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Unavailable
from fengtai.vocabulary.transactions import UnitOfWork


@pytest.fixture
async def database(tmp_path: Path) -> Any:
    path = tmp_path / "fengtai.sqlite"
    upgrade(f"sqlite:///{path}")
    stores = {**sql_stores(), Connection: lambda connection, _unit: connection}
    made = SqliteDatabase(path, HandClock(), stores)
    await made.open()
    yield made
    await made.close()


def pragma(words: str) -> Callable[[UnitOfWork], Any]:
    return lambda uow: uow.store(Connection).execute(text(f"PRAGMA {words}")).scalar()


async def test_the_writer_is_safe_against_power_cuts(database: SqliteDatabase) -> None:
    assert await database.write(pragma("journal_mode")) == "wal"
    assert await database.write(pragma("synchronous")) == 2
    assert await database.write(pragma("foreign_keys")) == 1


async def test_readers_cannot_write(database: SqliteDatabase) -> None:
    assert await database.read(pragma("query_only")) == 1
    assert await database.read(pragma("foreign_keys")) == 1


async def test_a_full_disk_refuses_and_loses_nothing(database: SqliteDatabase) -> None:
    """`max_page_count` makes SQLite say what it says on a full disk: SQLITE_FULL."""

    def signals() -> Iterator[Signal]:
        return (Signal(channel=Channel.FIXED, source="t", account=str(n), raw=b"x" * 3000) for n in range(200))

    pages = await database.write(pragma("page_count"))
    await database.write(pragma(f"max_page_count={pages + 40}"))

    answers = await asyncio.gather(*map(database.signals.append, signals()), return_exceptions=True)
    kept = [answer for answer in answers if not isinstance(answer, BaseException)]
    refused = [answer for answer in answers if isinstance(answer, BaseException)]

    assert refused
    assert all(isinstance(answer, Unavailable) for answer in refused)
    await database.write(pragma("max_page_count=1000000"))
    more = await database.signals.append(next(signals()))
    stored = await database.signals.after(0, limit=1000)
    assert [one.seq for one in stored] == [*(one.seq for one in kept), more.seq]


async def test_a_database_without_tables_says_so(tmp_path: Path) -> None:
    empty = SqliteDatabase(tmp_path / "empty.sqlite", HandClock(), sql_stores())
    with pytest.raises(Unavailable, match="no such table"):
        await empty.open()


async def test_when_the_queue_is_full_callers_are_refused_at_once(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_JOBS", 3)
    began, go = threading.Event(), threading.Event()

    def busy(_uow: UnitOfWork) -> bool:
        began.set()
        return go.wait(10)

    first = asyncio.create_task(database.write(busy))
    await asyncio.to_thread(began.wait)
    waiting = [asyncio.create_task(database.write(lambda uow: uow.new_id())) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(Unavailable, match="cannot keep up"):
        await database.write(lambda uow: uow.new_id())

    go.set()
    assert await first
    assert len(set(await asyncio.gather(*waiting))) == 3


async def test_a_caller_that_went_away_does_not_disturb_the_writer(database: SqliteDatabase) -> None:
    gone = asyncio.create_task(database.write(lambda uow: uow.new_id()))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert gone.cancelled()
    assert await database.write(lambda uow: uow.new_id())

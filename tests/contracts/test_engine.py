"""The promises of vocabulary.transactions, and those of group commit, on every engine."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from tests.contracts.conftest import Units, sql_stores_and_connection

from fengtai.domain.audit.model import AuditEntry, AuditQuery
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.storage.subscriber_rows import SubscriberBook
from fengtai.vocabulary.errors import Conflict, Unavailable
from fengtai.vocabulary.events import Event, LoggedEvent
from fengtai.vocabulary.transactions import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    kind: ClassVar[str] = "test.counted"
    number: int


def keep(name: str, number: int) -> Callable[[UnitOfWork], int]:
    def work(uow: UnitOfWork) -> int:
        uow.store(SubscriberBook).move(name, number)
        uow.publish(Counted(number=number))
        uow.store(AuditLog).append(AuditEntry(actor="system:test", action="test.keep", object=f"name:{name}"))
        return number

    return work


def kept(units: Units, name: str) -> int:
    return units.read(lambda uow: uow.store(SubscriberBook).cursor(name))


def database(units: Units) -> SqliteDatabase | PostgresDatabase:
    assert isinstance(units.engine, SqliteDatabase | PostgresDatabase)
    return units.engine


def test_a_unit_commits_its_stores_events_and_audit_together(units: Units) -> None:
    assert units.run(keep("lamp", 7)) == 7

    assert kept(units, "lamp") == 7
    assert units.wait(units.engine.newest()) == 1
    assert units.read(lambda uow: uow.store(AuditLog).size()) == 1


def test_a_unit_that_raises_leaves_nothing(units: Units) -> None:
    def refused(uow: UnitOfWork) -> None:
        keep("lamp", 7)(uow)
        raise Conflict("too late")

    with pytest.raises(Conflict, match="too late"):
        units.run(refused)

    assert kept(units, "lamp") == 0
    assert units.wait(units.engine.newest()) == 0
    assert units.read(lambda uow: uow.store(AuditLog).size()) == 0


def test_what_a_reading_unit_writes_is_not_kept(units: Units) -> None:
    units.run(keep("lamp", 1))

    with contextlib.suppress(Unavailable, DBAPIError):  # a database refuses, the memory twins undo
        units.read(lambda uow: uow.store(SubscriberBook).move("lamp", 9))

    assert kept(units, "lamp") == 1


def test_a_port_that_nobody_offers(units: Units) -> None:
    with pytest.raises(LookupError, match="no store offers Units"):
        units.run(lambda uow: uow.store(Units))


def test_a_coroutine_function_is_not_a_use_case(units: Units) -> None:
    async def wrong(_uow: UnitOfWork) -> None: ...

    with pytest.raises(TypeError, match="ordinary function"):
        units.run(wrong)


def test_all_of_a_unit_happens_at_one_moment_and_ids_sort_by_it(units: Units) -> None:
    first = units.run(lambda uow: (uow.now, uow.now, uow.new_id()))
    units.clock.advance(1)
    second = units.run(lambda uow: (uow.now, uow.now, uow.new_id()))

    assert first[0] == first[1]
    assert second[0].utc_ms - first[0].utc_ms == 1000
    assert first[2] < second[2]
    assert len(first[2]) == 32


def test_a_sensitive_act_does_not_begin_when_its_intent_cannot_be_written(sql_units: Units) -> None:
    """Audit down means no: the INTENT is a unit of its own, and it fails."""
    begun = []

    async def play_a_clip() -> None:
        await sql_units.engine.write(keep("intent", 1))
        begun.append("the clip is sent")

    sql_units.run(lambda uow: uow.store(Connection).execute(text("ALTER TABLE audit_line RENAME TO audit_gone")))

    with pytest.raises(Exception, match="audit_line"):
        sql_units.wait(play_a_clip())

    assert begun == []
    assert kept(sql_units, "intent") == 0


class Held:
    """A unit that keeps the writer busy until it is let go."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    def __call__(self, _uow: UnitOfWork) -> None:
        self.began.set()
        assert self.go.wait(10)


def test_units_that_wait_together_are_committed_together(sql_units: Units) -> None:
    engine, held = database(sql_units), Held()

    async def story() -> None:
        first = asyncio.create_task(engine.write(held))
        await asyncio.to_thread(held.began.wait)
        rest = [asyncio.create_task(engine.write(keep(f"n{number}", number))) for number in range(1, 51)]
        await asyncio.sleep(0)
        held.go.set()
        await asyncio.gather(first, *rest)

    sql_units.wait(story())

    assert engine.figures.commits == 2
    assert engine.figures.units == 51
    assert kept(sql_units, "n50") == 50


def test_one_bad_unit_of_a_batch_undoes_only_itself(sql_units: Units) -> None:
    engine, held = database(sql_units), Held()

    def bad(uow: UnitOfWork) -> None:
        keep("bad", 1)(uow)
        uow.store(Connection).execute(text("INSERT INTO subscriber_cursor (subscriber) VALUES ('no seq')"))

    async def story() -> list[object]:
        tasks = [asyncio.create_task(engine.write(held))]
        await asyncio.to_thread(held.began.wait)
        tasks += [asyncio.create_task(engine.write(work)) for work in (keep("a", 1), bad, keep("b", 2))]
        await asyncio.sleep(0)
        held.go.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    _, first, refused, last = sql_units.wait(story())

    assert (first, last) == (1, 2)
    assert isinstance(refused, Exception)
    assert (kept(sql_units, "a"), kept(sql_units, "bad"), kept(sql_units, "b")) == (1, 0, 2)
    events = sql_units.wait(sql_units.engine.after(0))
    assert [(event.seq, event.payload["number"]) for event in events] == [(1, 1), (2, 2)]


def test_hundreds_of_units_of_all_kinds_share_their_commits(sql_units: Units) -> None:
    """Some write, some only add to the two logs, some do one or the other and are refused at their end."""

    def only_told(number: int) -> Callable[[UnitOfWork], int]:
        def work(uow: UnitOfWork) -> int:
            uow.publish(Counted(number=number))
            uow.store(AuditLog).append(AuditEntry(actor="system:test", action="test.tell", object=f"number:{number}"))
            return number

        return work

    def refused(work: Callable[[UnitOfWork], int]) -> Callable[[UnitOfWork], int]:
        def then_raises(uow: UnitOfWork) -> int:
            work(uow)
            raise Conflict("not this one")

        return then_raises

    def work_of(number: int) -> Callable[[UnitOfWork], int]:
        work = keep(f"n{number}", number) if number % 2 else only_told(number)
        return refused(work) if number % 5 == 0 else work

    async def all_at_once() -> list[int | BaseException]:
        units = [sql_units.engine.write(work_of(number)) for number in range(1, 301)]
        return await asyncio.gather(*units, return_exceptions=True)

    answers = sql_units.wait(all_at_once())

    stand = [number for number in range(1, 301) if number % 5]
    assert [one for one in answers if isinstance(one, int)] == stand
    assert sum(isinstance(one, Conflict) for one in answers) == 60
    events = sql_units.wait(sql_units.engine.after(0, limit=500))
    assert [(event.seq, event.payload["number"]) for event in events] == list(enumerate(stand, 1))
    assert [kept(sql_units, f"n{number}") for number in range(1, 301, 2)] == [
        n if n % 5 else 0 for n in range(1, 301, 2)
    ]
    lines = sql_units.read(lambda uow: uow.store(AuditLog).page(AuditQuery(limit=500)))
    assert [line.seq for line in reversed(lines)] == list(range(1, len(stand) + 1))
    assert [line.entry.object for line in reversed(lines) if line.entry] == [
        f"name:n{number}" if number % 2 else f"number:{number}" for number in stand
    ]


def test_when_the_commit_fails_nobody_is_told_that_it_is_kept(sql_units: Units) -> None:
    engine, held = database(sql_units), Held()
    sql_units.run(
        lambda uow: uow.store(Connection).execute(
            text(
                "CREATE TABLE test_child (id INTEGER PRIMARY KEY, parent VARCHAR(64) "
                "REFERENCES subscriber_cursor (subscriber) DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    )

    def breaks_at_commit(uow: UnitOfWork) -> None:
        uow.store(Connection).execute(text("INSERT INTO test_child VALUES (1, 'nobody')"))

    async def story() -> list[object]:
        first = asyncio.create_task(engine.write(held))
        await asyncio.to_thread(held.began.wait)
        tasks = [asyncio.create_task(engine.write(work)) for work in (keep("a", 1), breaks_at_commit)]
        await asyncio.sleep(0)
        held.go.set()
        await first
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    answers = sql_units.wait(story())

    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert kept(sql_units, "a") == 0
    assert sql_units.wait(engine.newest()) == 0
    assert sql_units.run(keep("a", 2)) == 2, "the engine goes on"
    assert kept(sql_units, "a") == 2


def test_after_close_everybody_is_refused(sql_units: Units) -> None:
    sql_units.wait(database(sql_units).close())
    with pytest.raises(Unavailable, match="closed"):
        sql_units.run(keep("a", 1))


def test_a_reader_sees_one_snapshot_while_others_write(sql_units: Units) -> None:
    engine = database(sql_units)
    sql_units.run(keep("lamp", 1))
    seen_first, written = threading.Event(), threading.Event()

    def look_twice(uow: UnitOfWork) -> tuple[int, int]:
        first = uow.store(SubscriberBook).cursor("lamp")
        seen_first.set()
        assert written.wait(10)
        return first, uow.store(SubscriberBook).cursor("lamp")

    async def story() -> tuple[int, int]:
        looking = asyncio.create_task(engine.read(look_twice))
        await asyncio.to_thread(seen_first.wait)
        await engine.write(keep("lamp", 2))
        written.set()
        return await looking

    assert sql_units.wait(story()) == (1, 1)


async def follow(units: Units, until: int) -> list[LoggedEvent]:
    """A reader by cursor, that looks as often as it can."""
    told: list[LoggedEvent] = []
    while len(told) < until:
        page = await units.engine.after(told[-1].seq if told else 0, limit=7)
        told.extend(page)
        if not page:
            await units.engine.changed(told[-1].seq if told else 0, seconds=0.05)
    return told


def test_no_reader_misses_an_event_of_two_writers(sql_units: Units) -> None:
    """Two processes write at once on PostgreSQL (on SQLite: two callers of the one process that may)."""
    mine = theirs = database(sql_units)
    if isinstance(mine, PostgresDatabase):
        theirs = PostgresDatabase(sql_units.url, sql_units.clock, sql_stores_and_connection())
        sql_units.wait(theirs.open())

    async def writer(engine: SqliteDatabase | PostgresDatabase, name: str) -> None:
        for number in range(60):
            await asyncio.gather(*(engine.write(keep(f"{name}{lane}", number)) for lane in range(2)))

    async def story() -> list[LoggedEvent]:
        reader = asyncio.create_task(follow(sql_units, 240))
        await asyncio.gather(writer(mine, "mine"), writer(theirs, "theirs"))
        return await asyncio.wait_for(reader, 30)

    told = sql_units.wait(story())
    if theirs is not mine:
        sql_units.wait(theirs.close())

    assert [event.seq for event in told] == list(range(1, 241))
    lines = sql_units.read(lambda uow: uow.store(AuditLog).page(AuditQuery(limit=500)))
    assert [line.seq for line in lines] == list(range(240, 0, -1))


def test_a_late_commit_holds_back_the_seq_of_others(postgres_units: Units) -> None:
    """The trap of `seq > cursor`: a unit that began first and commits last must not be skipped."""
    early = database(postgres_units)
    late = PostgresDatabase(postgres_units.url, postgres_units.clock, sql_stores_and_connection())
    postgres_units.wait(late.open())
    held = Held()

    def slow(uow: UnitOfWork) -> None:
        keep("slow", 1)(uow)
        held(uow)

    async def story() -> tuple[int, list[int]]:
        first = asyncio.create_task(late.write(slow))
        await asyncio.to_thread(held.began.wait)
        second = asyncio.create_task(early.write(keep("quick", 2)))
        async with asyncio.timeout(20):
            while not await early.read(someone_waits_for_the_lock):
                await asyncio.sleep(0)
        before = await early.newest()
        held.go.set()
        await asyncio.gather(first, second)
        return before, [event.payload["number"] for event in await early.after(0)]

    before, numbers = postgres_units.wait(story())
    postgres_units.wait(late.close())

    assert before == 0, "the quick one did not overtake"
    assert numbers == [1, 2]


def someone_waits_for_the_lock(uow: UnitOfWork) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return bool(uow.store(Connection).execute(waiting).scalar())


def test_another_process_is_woken_by_the_commit(postgres_units: Units) -> None:
    theirs = PostgresDatabase(postgres_units.url, postgres_units.clock, sql_stores_and_connection())

    async def story() -> bool:
        await theirs.open()
        waiting = asyncio.create_task(theirs.changed(0, seconds=20))
        await database(postgres_units).write(keep("lamp", 1))
        woken = await waiting
        await theirs.close()
        return woken

    assert postgres_units.wait(story())


def test_a_transaction_that_failed_for_a_passing_reason_is_run_again(postgres_units: Units) -> None:
    runs: list[int] = []

    def unlucky_once(uow: UnitOfWork) -> int:
        runs.append(1)
        keep("lamp", 7)(uow)
        if len(runs) == 1:
            failure = "DO $$ BEGIN RAISE EXCEPTION 'a deadlock' USING ERRCODE = '40P01'; END $$"
            uow.store(Connection).execute(text(failure))
        return len(runs)

    assert postgres_units.run(unlucky_once) == 2
    assert database(postgres_units).figures.retries == 1
    assert postgres_units.wait(postgres_units.engine.newest()) == 1


def test_lost_connections_are_replaced(postgres_units: Units) -> None:
    postgres_units.run(keep("lamp", 1))
    with psycopg.connect(postgres_units.url, autocommit=True) as administrator:
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert postgres_units.run(keep("lamp", 2)) == 2
    assert kept(postgres_units, "lamp") == 2
    assert postgres_units.wait(postgres_units.engine.changed(1, seconds=20)), (
        "the listener has come back, or our own commit told"
    )

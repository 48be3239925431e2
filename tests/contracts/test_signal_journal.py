"""The signal journal: in order of arrival, whole, durable before it is answered, on every engine."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.alarms.model import Backlog, Channel, Qualifier, Signal, TriageLane
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.errors import NotFound, Unavailable
from fengtai.vocabulary.places import Position

FIRE = Signal(
    channel=Channel.INTERNET,
    source="sia-dc09",
    account="1234",
    receiver="1",
    line="2A",
    sequence="0042",
    code_system="contact-id",
    code="110",
    qualifier=Qualifier.RESTORE,
    partition="01",
    zone="015",
    text="配电间 烟感",
    device_time=datetime(2026, 11, 20, 11, 59, 58, 250000, tzinfo=UTC),
    position=Position(116.3, 39.9),
    media_ref="https://example.invalid/clip",
    dedup_key="1234:0042",
    drill=True,
    peer="192.0.2.7:4711",
    raw=bytes(range(256)),
    details={"mac": "00:11", "\0": "\0"},
)


def short(number: int) -> Signal:
    return Signal(channel=Channel.FIXED, source="test", account=str(number), raw=b"%d" % number)


def test_a_signal_comes_back_as_it_came(units: Units) -> None:
    journalled = units.wait(units.signals.append(FIRE))

    assert journalled.signal == FIRE
    assert journalled.received_at == units.clock.now().utc
    assert units.wait(units.signals.get(journalled.seq)) == journalled
    assert list(units.wait(units.signals.after(0))) == [journalled]


def test_signals_keep_the_order_of_arrival(units: Units) -> None:
    async def many() -> list[int]:
        appended = await asyncio.gather(*(units.signals.append(short(number)) for number in range(300)))
        return [journalled.seq for journalled in appended]

    assert units.wait(many()) == list(range(1, 301))
    page = units.wait(units.signals.after(100, limit=50))
    assert [(one.seq, one.signal.account) for one in page] == [(n, str(n - 1)) for n in range(101, 151)]


def test_a_moment_is_that_of_the_arrival(units: Units) -> None:
    first = units.wait(units.signals.append(short(1)))
    units.clock.advance(2.5)
    second = units.wait(units.signals.append(short(2)))

    assert second.received_at - first.received_at == timedelta(seconds=2.5)


def test_a_signal_that_is_not_there(units: Units) -> None:
    with pytest.raises(NotFound):
        units.wait(units.signals.get(1))


def test_text_that_no_database_takes_does_not_lose_the_signal(sql_units: Units) -> None:
    nasty = Signal(channel=Channel.FIXED, source="test", account="a\0b", text="x\ud800", raw=b"a\0b")

    seq = sql_units.wait(sql_units.signals.append(nasty)).seq

    kept = sql_units.wait(sql_units.signals.get(seq)).signal
    assert (kept.account, kept.text, kept.raw) == ("a\u2400b", "x?", b"a\0b")


def test_one_signal_that_cannot_be_kept_does_not_take_others_with_it(sql_units: Units) -> None:
    impossible = Signal(channel=Channel.FIXED, source="test", account=None, raw=b"")  # type: ignore[arg-type]

    async def story() -> list[object]:
        signals = [short(1), impossible, short(2), short(3)]
        return list(await asyncio.gather(*map(sql_units.signals.append, signals), return_exceptions=True))

    answers = sql_units.wait(story())

    assert isinstance(answers[1], Unavailable)
    kept = sql_units.wait(sql_units.signals.after(0))
    assert [one.signal.account for one in kept] == ["1", "2", "3"]
    assert [one.seq for one in kept] == [1, 2, 3]


def test_signals_and_units_share_commits(sql_units: Units) -> None:
    engine = sql_units.engine
    assert isinstance(engine, SqliteDatabase | PostgresDatabase)

    async def many() -> None:
        await asyncio.gather(
            *(sql_units.signals.append(short(number)) for number in range(100)),
            *(engine.write(lambda uow: uow.new_id()) for _ in range(10)),
            *(sql_units.signals.append(short(number)) for number in range(100)),
        )

    sql_units.wait(many())

    assert engine.figures.signals == 200
    assert engine.figures.commits < 60


def test_signals_are_submitted_without_a_task_each_and_told_after_the_commit(units: Units) -> None:
    async def story() -> list[object]:
        told: list[object] = []
        for number in range(0, 600, 2):
            entries = [(short(number), TriageLane.ORDINARY), (short(number + 1), TriageLane.URGENT)]
            units.signals.submit(entries, told.append)
        assert told == []  # never before the caller has gone on
        async with asyncio.timeout(10):
            while len(told) < 300:
                await asyncio.sleep(0)
        return told

    assert set(units.wait(story())) == {None}
    kept = units.wait(units.signals.after(0, limit=1000))
    assert [(one.seq, one.signal.account) for one in kept] == [(n + 1, str(n)) for n in range(600)]
    assert units.wait(units.signals.newest()) == 600


def test_each_lane_is_read_by_itself_and_knows_what_waits(units: Units) -> None:
    for number in range(6):
        lane = TriageLane.URGENT if number % 3 == 0 else TriageLane.ORDINARY
        units.wait(units.signals.append(short(number), lane))
        units.clock.advance(1)

    urgent = units.wait(units.signals.after(0, lane=TriageLane.URGENT))
    ordinary = units.wait(units.signals.after(2, limit=2, lane=TriageLane.ORDINARY))
    assert [one.seq for one in urgent] == [1, 4]
    assert [one.seq for one in ordinary] == [3, 5]
    assert units.wait(units.signals.backlog(1, TriageLane.URGENT)) == Backlog(
        signals=1, oldest_at=urgent[1].received_at
    )
    assert units.wait(units.signals.backlog(6, TriageLane.ORDINARY)) == Backlog(signals=0)


def test_one_message_that_cannot_be_kept_is_told_and_others_stand(sql_units: Units) -> None:
    impossible = Signal(channel=Channel.FIXED, source="test", account=None, raw=b"")  # type: ignore[arg-type]

    async def story() -> dict[str, object]:
        told: dict[str, object] = {}
        sql_units.signals.submit([(short(1), TriageLane.URGENT)], lambda error: told.update(first=error))
        message = [(short(2), TriageLane.URGENT), (impossible, TriageLane.URGENT)]
        sql_units.signals.submit(message, lambda error: told.update(bad=error))
        sql_units.signals.submit([(short(3), TriageLane.URGENT)], lambda error: told.update(last=error))
        async with asyncio.timeout(10):
            while len(told) < 3:
                await asyncio.sleep(0)
        return told

    told = sql_units.wait(story())

    assert (told["first"], told["last"]) == (None, None)
    assert isinstance(told["bad"], Unavailable)
    kept = sql_units.wait(sql_units.signals.after(0))
    assert [(one.seq, one.signal.account) for one in kept] == [(1, "1"), (2, "3")]  # of a message all or nothing

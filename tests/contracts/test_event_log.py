"""The event log: in the unit, in one order, woken at once, on every engine."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import pytest
from tests.contracts.conftest import Units

from fengtai.vocabulary.errors import Conflict
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.transactions import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class LampLit(Event):
    kind: ClassVar[str] = "test.lamp_lit"
    needs: ClassVar[str] = "points.see"
    lamp: str
    shades: list[str]


def light(lamp: str) -> LampLit:
    return LampLit(lamp=lamp, shades=["红", "绿"])


def test_what_a_unit_publishes_is_told_in_its_order(units: Units) -> None:
    def both(uow: UnitOfWork) -> None:
        uow.publish(light("first"))
        uow.publish(light("second"))

    units.run(both)
    units.clock.advance(1.5)
    units.run(lambda uow: uow.publish(light("third")))

    events = units.wait(units.engine.after(0))
    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.payload["lamp"] for event in events] == ["first", "second", "third"]
    assert events[0].payload["shades"] == ["红", "绿"]
    assert (events[0].kind, events[0].needs) == ("test.lamp_lit", "points.see")
    assert events[2].at_ms - events[0].at_ms == 1500
    assert units.wait(units.engine.newest()) == 3


def test_a_reader_takes_up_at_its_own_cursor(units: Units) -> None:
    for number in range(5):
        units.run(lambda uow, number=number: uow.publish(light(str(number))))

    page = units.wait(units.engine.after(2, limit=2))

    assert [event.payload["lamp"] for event in page] == ["2", "3"]
    assert units.wait(units.engine.after(5)) in ([], ())


def test_a_unit_that_is_undone_tells_nothing(units: Units) -> None:
    def refused(uow: UnitOfWork) -> None:
        uow.publish(light("never"))
        raise Conflict("somebody else was faster")

    with pytest.raises(Conflict):
        units.run(refused)

    assert units.wait(units.engine.newest()) == 0


def test_a_unit_that_reads_cannot_publish(units: Units) -> None:
    with pytest.raises(RuntimeError, match="cannot publish"):
        units.read(lambda uow: uow.publish(light("never")))


def test_a_waiting_reader_is_woken_by_the_commit(units: Units) -> None:
    async def story() -> bool:
        waiting = asyncio.create_task(units.engine.changed(0, seconds=30))
        await asyncio.sleep(0)
        await units.engine.write(lambda uow: uow.publish(light("now")))
        return await waiting

    assert units.wait(story())


def test_a_reader_that_waits_in_vain_is_told_so(units: Units) -> None:
    assert not units.wait(units.engine.changed(0, seconds=0.01))


def test_a_reader_behind_the_log_does_not_wait(units: Units) -> None:
    units.run(lambda uow: uow.publish(light("now")))
    assert units.wait(units.engine.changed(0, seconds=30))

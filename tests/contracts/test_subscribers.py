"""Durable subscribers: each event once, in order; a poison event is set aside and the rest flows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage import subscribers
from fengtai.storage.subscriber_rows import SubscriberBook
from fengtai.vocabulary.errors import Unavailable
from fengtai.vocabulary.events import Event, LoggedEvent
from fengtai.vocabulary.transactions import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorOpened(Event):
    kind: ClassVar[str] = "test.door_opened"
    door: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored(Event):
    kind: ClassVar[str] = "test.ignored"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "FIRST_PAUSE_SECONDS", 0.0)


def write_down(uow: UnitOfWork, event: LoggedEvent) -> None:
    """The handler's effect, in the same unit as the cursor."""
    uow.store(AuditLog).append(AuditEntry(actor="system:test", action="door.seen", object=event.payload["door"]))


def run_until(units: Units, cursor: int, handler: Callable[[UnitOfWork, LoggedEvent], None] = write_down) -> None:
    async def story() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(units.engine.run_subscriber("porter", {DoorOpened.kind: handler}, stop))
        while await units.engine.read(lambda uow: uow.store(SubscriberBook).cursor("porter")) < cursor:
            await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(running, 10)

    units.wait(story())


def open_doors(units: Units, *doors: str) -> None:
    for door in doors:
        units.run(lambda uow, door=door: uow.publish(DoorOpened(door=door)))


def seen(units: Units) -> list[str]:
    lines = units.read(lambda uow: [uow.store(AuditLog).line(n) for n in range(1, uow.store(AuditLog).size() + 1)])
    return [line.entry.object for line in lines if line.entry]


def test_each_event_is_handled_once_and_in_order_over_restarts(units: Units) -> None:
    open_doors(units, "north", "south")
    run_until(units, 2)
    open_doors(units, "east")
    units.run(lambda uow: uow.publish(Ignored()))
    run_until(units, 4)

    assert seen(units) == ["north", "south", "east"]


def test_events_that_nobody_handles_do_not_cost_a_unit_each(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribers, "PLACE_KEPT_SECONDS", 1e9)
    moves: list[int] = []

    async def story() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(units.engine.run_subscriber("porter", {DoorOpened.kind: write_down}, stop))
        for _ in range(20):
            await units.engine.write(lambda uow: uow.publish(Ignored()))
            moves.append(await units.engine.read(lambda uow: uow.store(SubscriberBook).cursor("porter")))
        await units.engine.write(lambda uow: uow.publish(DoorOpened(door="north")))
        while await units.engine.read(lambda uow: uow.store(SubscriberBook).cursor("porter")) < 21:
            await asyncio.sleep(0)
        stop.set()
        await asyncio.wait_for(running, 10)

    units.wait(story())
    assert len(set(moves)) <= 2  # not yet, and once
    assert seen(units) == ["north"]


def test_a_handler_that_fails_now_and_then_loses_nothing(units: Units) -> None:
    open_doors(units, "north", "south")
    failures = iter([True, True, False, True, False])

    def shaky(uow: UnitOfWork, event: LoggedEvent) -> None:
        write_down(uow, event)
        if next(failures):
            raise ValueError("the hinge creaks")

    run_until(units, 2, shaky)

    assert seen(units) == ["north", "south"]


@pytest.mark.parametrize("fault", [ValueError("not this one"), Unavailable("its key is gone"), KeyError("door")])
def test_a_poison_event_is_set_aside_and_the_rest_flows(units: Units, fault: Exception) -> None:
    open_doors(units, "north", "cursed", "south")

    def afraid(uow: UnitOfWork, event: LoggedEvent) -> None:
        if event.payload["door"] == "cursed":
            raise fault
        write_down(uow, event)

    run_until(units, 3, afraid)

    assert seen(units) == ["north", "south"]
    assert units.read(lambda uow: uow.store(SubscriberBook).quarantined("porter")) == [2]


def test_events_of_a_page_share_one_unit(units: Units) -> None:
    open_doors(units, *map(str, range(120)))
    used: list[UnitOfWork] = []

    def remember(uow: UnitOfWork, event: LoggedEvent) -> None:
        used.append(uow)
        write_down(uow, event)

    run_until(units, 120, remember)

    assert seen(units) == [str(number) for number in range(120)]
    assert len({id(uow) for uow in used}) <= 3


def test_a_poison_event_among_many_costs_the_others_nothing(units: Units) -> None:
    open_doors(units, *("cursed" if number == 57 else str(number) for number in range(100)))

    def afraid(uow: UnitOfWork, event: LoggedEvent) -> None:
        write_down(uow, event)
        if event.payload["door"] == "cursed":
            raise ValueError("not this one")

    run_until(units, 100, afraid)

    assert seen(units) == [str(number) for number in range(100) if number != 57]
    assert units.read(lambda uow: uow.store(SubscriberBook).quarantined("porter")) == [58]

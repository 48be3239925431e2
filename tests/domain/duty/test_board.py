"""Units and their life cycle."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.duty.model import UnitState, UnitStep, UnitWords
from fengtai.domain.duty.rules import ALLOWED_STEPS
from fengtai.domain.duty.service import UnitBoard, arrive_unit, dispatch_unit, release_unit
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid

CHIEF = acting(Role.CHIEF, name="zhao", user_id="7")
PATROL = UnitWords(name="巡组 1", call_sign="B-1", kind="patrol")


@pytest.fixture
def transactions():
    return MemoryTransactions(HandClock(), memory_stores())


@pytest.fixture
def board(transactions):
    return UnitBoard(transactions=transactions)


def sent(transactions, unit, number="20261120-0001", by_name="li"):
    return transactions.run(
        lambda uow: dispatch_unit(uow, unit.id, incident_id=f"id-{number}", incident_number=number, by_name=by_name)
    )


def test_every_state_has_its_steps_and_every_step_leads_somewhere():
    assert set(ALLOWED_STEPS) == set(UnitState)
    assert {step for steps in ALLOWED_STEPS.values() for step in steps} == set(UnitStep)


async def test_a_unit_goes_out_arrives_and_is_free_again(board, transactions):
    unit = await board.create(PATROL, by=CHIEF)
    assert sent(transactions, unit).state is UnitState.DISPATCHED
    assert transactions.run(lambda uow: arrive_unit(uow, unit.id)).state is UnitState.BUSY
    freed = transactions.run(lambda uow: release_unit(uow, unit.id, incident_id="id-20261120-0001"))
    assert (freed.state, freed.incident_id, freed.dispatched_by) == (UnitState.FREE, "", "")
    states = [event.payload["state"] for event in transactions.told("duty.unit_changed")]
    assert states == ["free", "dispatched", "busy", "free"]


async def test_a_unit_that_is_out_is_not_sent_again_and_the_refusal_names_who_has_it(board, transactions):
    unit = await board.create(PATROL, by=CHIEF)
    sent(transactions, unit)
    with pytest.raises(Conflict, match="巡组 1 was sent to incident 20261120-0001 by li"):
        sent(transactions, unit, number="20261120-0002", by_name="wu")


async def test_a_unit_is_not_released_by_an_incident_that_does_not_hold_it(board, transactions):
    unit = await board.create(PATROL, by=CHIEF)
    held = sent(transactions, unit)
    assert transactions.run(lambda uow: release_unit(uow, unit.id, incident_id="another")) == held


async def test_a_unit_that_is_out_is_not_freed_by_hand_but_may_be_renamed(board, transactions):
    unit = await board.create(PATROL, by=CHIEF)
    sent(transactions, unit)
    with pytest.raises(Conflict, match="recall it there first"):
        await board.change(unit.id, PATROL, by=CHIEF)
    renamed = await board.change(unit.id, replace(PATROL, name="巡组一", state=UnitState.DISPATCHED), by=CHIEF)
    assert (renamed.name, renamed.state, renamed.incident_number) == ("巡组一", UnitState.DISPATCHED, "20261120-0001")


async def test_a_person_brings_a_unit_on_and_off_duty(board):
    unit = await board.create(replace(PATROL, state=UnitState.OFF), by=CHIEF)
    for state in (UnitState.FREE, UnitState.BUSY, UnitState.FREE, UnitState.OFF):
        assert (await board.change(unit.id, replace(PATROL, state=state), by=CHIEF)).state is state
    with pytest.raises(Conflict):
        await board.change(unit.id, replace(PATROL, state=UnitState.BUSY), by=CHIEF)
    with pytest.raises(Conflict):
        await board.change(unit.id, replace(PATROL, state=UnitState.DISPATCHED), by=CHIEF)


@pytest.mark.parametrize(
    ("words", "field"),
    [({"name": ""}, "name"), ({"call_sign": " "}, "call_sign"), ({"state": UnitState.DISPATCHED}, "state")],
)
async def test_what_cannot_be_a_unit_is_refused_by_its_field(board, words, field):
    with pytest.raises(Invalid) as refused:
        await board.create(replace(PATROL, **words), by=CHIEF)
    assert refused.value.field == field

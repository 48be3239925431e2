"""The tables fit each other: whatever units do, an incident can follow, and nobody is left behind."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.incidents.conftest import LI, Centre

from fengtai.domain.duty.ports import UnitStore
from fengtai.domain.incidents.model import (
    DispatchState,
    DispatchStep,
    Disposition,
    IncidentState,
    IncidentStep,
)
from fengtai.domain.incidents.rules.life_cycles import DISPATCH_STEPS, INCIDENT_STEPS
from fengtai.domain.incidents.rules.steps import ANY_CATEGORY, PRESCRIBED_STEPS
from fengtai.vocabulary.errors import Conflict

ACTS = st.lists(st.tuples(st.sampled_from(["send", *DispatchStep]), st.integers(0, 5)), max_size=25)


def test_every_state_stands_in_its_table_and_every_step_is_used():
    assert set(INCIDENT_STEPS) == set(IncidentState)
    assert set(DISPATCH_STEPS) == set(DispatchState)
    assert {step for steps in INCIDENT_STEPS.values() for step in steps} == set(IncidentStep) - {IncidentStep.PART}, (
        "joined ones"
    )
    assert {step for steps in DISPATCH_STEPS.values() for step in steps} == set(DispatchStep)


def test_every_state_can_be_closed_but_the_closed_one():
    assert {state for state, steps in INCIDENT_STEPS.items() if IncidentStep.CLOSE in steps} == set(IncidentState) - {
        IncidentState.CLOSED
    }


def test_every_prescribed_step_has_both_languages():
    for steps in (*PRESCRIBED_STEPS.values(), ANY_CATEGORY):
        assert steps
        assert all(zh and en and zh != en for zh, en in steps)


@settings(max_examples=60, deadline=None)
@given(acts=ACTS)
def test_whatever_units_do_the_incident_follows_and_closing_frees_them_all(acts):
    asyncio.run(_worked(acts))


async def _worked(acts):
    centre = Centre()
    await centre.set_up()
    detail = await centre.incidents.open_from_alarm((await centre.alarm()).id, by=LI)
    units = [centre.patrol, centre.guard]
    for act, which in acts:
        centre.clock.advance(1)
        if act == "send":
            unit = units[which % 2]
            out = {dispatch.unit_id for dispatch in detail.dispatches if dispatch.is_active}
            try:
                detail = await centre.incidents.dispatch(detail.incident.id, unit.id, by=LI)
            except Conflict:
                assert unit.id in out, "a unit that is free can always be sent"
        elif detail.dispatches:
            detail = await _stepped(centre, detail, detail.dispatches[which % len(detail.dispatches)], act)
        _check(centre, detail)
    closed = await centre.incidents.close(detail.incident.id, Disposition.REAL, version=detail.incident.version, by=LI)
    assert {centre.state_of(unit) for unit in units} == {"free"}
    assert not any(dispatch.is_active for dispatch in closed.dispatches)


async def _stepped(centre, detail, dispatch, step):
    act = getattr(centre.incidents, step.value)
    try:
        return await act(detail.incident.id, dispatch.id, "words", by=LI)
    except Conflict:
        assert step not in DISPATCH_STEPS[dispatch.state], "what a unit may do, its incident can follow"
        return detail


def _check(centre, detail):
    active = {dispatch.unit_id: dispatch for dispatch in detail.dispatches if dispatch.is_active}
    for unit in centre.transactions.look(lambda uow: uow.store(UnitStore).all()):
        assert (unit.incident_id == detail.incident.id) == (unit.id in active)
        assert (unit.state.value == "free") == (unit.id not in active)
    finished = any(dispatch.state is DispatchState.FINISHED for dispatch in detail.dispatches)
    if not active:
        assert detail.incident.state is (IncidentState.HANDLED if finished else IncidentState.TAKEN)
    if any(dispatch.state is DispatchState.ARRIVED for dispatch in active.values()):
        assert detail.incident.state is IncidentState.ARRIVED

"""The life cycle of a unit as a table, and which step leads to a wanted state. Pure decisions."""

from collections.abc import Mapping

from fengtai.domain.duty.model import Unit, UnitState, UnitStep, UnitWords
from fengtai.vocabulary.errors import Conflict, Invalid

ALLOWED_STEPS: Mapping[UnitState, Mapping[UnitStep, UnitState]] = {
    UnitState.FREE: {
        UnitStep.DISPATCH: UnitState.DISPATCHED,
        UnitStep.OCCUPY: UnitState.BUSY,
        UnitStep.SIGN_OFF: UnitState.OFF,
    },
    UnitState.DISPATCHED: {
        UnitStep.ARRIVE: UnitState.BUSY,
        UnitStep.RELEASE: UnitState.FREE,
    },
    UnitState.BUSY: {
        UnitStep.RELEASE: UnitState.FREE,
        UnitStep.SIGN_OFF: UnitState.OFF,
    },
    UnitState.OFF: {
        UnitStep.SIGN_ON: UnitState.FREE,
    },
}

_BY_HAND: Mapping[tuple[UnitState, UnitState], UnitStep] = {
    (UnitState.FREE, UnitState.BUSY): UnitStep.OCCUPY,
    (UnitState.FREE, UnitState.OFF): UnitStep.SIGN_OFF,
    (UnitState.BUSY, UnitState.FREE): UnitStep.RELEASE,
    (UnitState.BUSY, UnitState.OFF): UnitStep.SIGN_OFF,
    (UnitState.OFF, UnitState.FREE): UnitStep.SIGN_ON,
}


def next_state(unit: Unit, step: UnitStep) -> UnitState:
    try:
        return ALLOWED_STEPS[unit.state][step]
    except KeyError:
        raise Conflict(f"{step.value} is not possible: {standing(unit)}") from None


def standing(unit: Unit) -> str:
    """One sentence of where the unit stands and who put it there."""
    if unit.incident_number:
        return f"{unit.name} was sent to incident {unit.incident_number} by {unit.dispatched_by}"
    return f"{unit.name} is {unit.state.value}"


def step_by_hand(unit: Unit, wanted: UnitState) -> UnitStep | None:
    """The step by which a person brings a unit into the state; None when it is there. What an incident holds is moved
    by its incident only."""
    if wanted is unit.state:
        return None
    if unit.incident_id:
        raise Conflict(f"{standing(unit)}; recall it there first")
    try:
        return _BY_HAND[unit.state, wanted]
    except KeyError:
        raise Conflict(f"a unit that is {unit.state.value} cannot be made {wanted.value} by hand") from None


def check(words: UnitWords) -> None:
    if not words.name.strip() or len(words.name) > 120:
        raise Invalid("a unit needs a name of at most 120 characters", field="name")
    if not words.call_sign.strip() or len(words.call_sign) > 40:
        raise Invalid("a unit needs a call sign of at most 40 characters", field="call_sign")

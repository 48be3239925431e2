"""The life cycles of incidents and dispatches as tables. The console reads the same ones (`GET /api/life-cycles`)."""

from collections.abc import Mapping, Sequence

from fengtai.domain.incidents.model import (
    Dispatch,
    DispatchState,
    DispatchStep,
    Incident,
    IncidentState,
    IncidentStep,
)
from fengtai.vocabulary.errors import Conflict

INCIDENT_STEPS: Mapping[IncidentState, Mapping[IncidentStep, IncidentState]] = {
    IncidentState.TAKEN: {
        IncidentStep.DISPATCH: IncidentState.DISPATCHED,
        IncidentStep.CLOSE: IncidentState.CLOSED,
        IncidentStep.JOIN: IncidentState.CLOSED,
    },
    IncidentState.DISPATCHED: {
        IncidentStep.DISPATCH: IncidentState.DISPATCHED,
        IncidentStep.ACCEPT: IncidentState.ACCEPTED,
        IncidentStep.RECALL: IncidentState.DISPATCHED,
        IncidentStep.STAND_DOWN: IncidentState.TAKEN,
        IncidentStep.HANDLE: IncidentState.HANDLED,
        IncidentStep.CLOSE: IncidentState.CLOSED,
        IncidentStep.JOIN: IncidentState.CLOSED,
    },
    IncidentState.ACCEPTED: {
        IncidentStep.DISPATCH: IncidentState.ACCEPTED,
        IncidentStep.ACCEPT: IncidentState.ACCEPTED,
        IncidentStep.ARRIVE: IncidentState.ARRIVED,
        IncidentStep.RECALL: IncidentState.ACCEPTED,
        IncidentStep.STAND_DOWN: IncidentState.TAKEN,
        IncidentStep.HANDLE: IncidentState.HANDLED,
        IncidentStep.CLOSE: IncidentState.CLOSED,
        IncidentStep.JOIN: IncidentState.CLOSED,
    },
    IncidentState.ARRIVED: {
        IncidentStep.DISPATCH: IncidentState.ARRIVED,
        IncidentStep.ACCEPT: IncidentState.ARRIVED,
        IncidentStep.ARRIVE: IncidentState.ARRIVED,
        IncidentStep.FEEDBACK: IncidentState.ARRIVED,
        IncidentStep.RECALL: IncidentState.ARRIVED,
        IncidentStep.STAND_DOWN: IncidentState.TAKEN,
        IncidentStep.HANDLE: IncidentState.HANDLED,
        IncidentStep.CLOSE: IncidentState.CLOSED,
        IncidentStep.JOIN: IncidentState.CLOSED,
    },
    IncidentState.HANDLED: {
        IncidentStep.DISPATCH: IncidentState.DISPATCHED,
        IncidentStep.CLOSE: IncidentState.CLOSED,
        IncidentStep.JOIN: IncidentState.CLOSED,
    },
    IncidentState.CLOSED: {},
}
"""A step of one unit never takes the incident back while another unit is further on."""

DISPATCH_STEPS: Mapping[DispatchState, Mapping[DispatchStep, DispatchState]] = {
    DispatchState.DISPATCHED: {
        DispatchStep.ACCEPT: DispatchState.ACCEPTED,
        DispatchStep.RECALL: DispatchState.RECALLED,
    },
    DispatchState.ACCEPTED: {
        DispatchStep.ARRIVE: DispatchState.ARRIVED,
        DispatchStep.RECALL: DispatchState.RECALLED,
    },
    DispatchState.ARRIVED: {
        DispatchStep.FEEDBACK: DispatchState.FINISHED,
        DispatchStep.RECALL: DispatchState.RECALLED,
    },
    DispatchState.FINISHED: {},
    DispatchState.RECALLED: {},
}


def allowed_steps(incident: Incident) -> list[IncidentStep]:
    """By the table; and what was joined to another may be taken apart again."""
    return [*INCIDENT_STEPS[incident.state], *([IncidentStep.PART] if incident.joined_to else [])]


def next_state(incident: Incident, step: IncidentStep) -> IncidentState:
    try:
        return INCIDENT_STEPS[incident.state][step]
    except KeyError:
        raise Conflict(f"{step.value} is not possible: incident {incident.number} is {incident.state.value}") from None


def next_dispatch_state(dispatch: Dispatch, step: DispatchStep) -> DispatchState:
    try:
        return DISPATCH_STEPS[dispatch.state][step]
    except KeyError:
        raise Conflict(f"{step.value} is not possible: {dispatch.unit_name} is {dispatch.state.value}") from None


def step_after(dispatches: Sequence[Dispatch], step: DispatchStep) -> IncidentStep:
    """What the step of one unit means for the incident, given all its dispatches after that step."""
    if step is DispatchStep.ACCEPT:
        return IncidentStep.ACCEPT
    if step is DispatchStep.ARRIVE:
        return IncidentStep.ARRIVE
    if any(dispatch.is_active for dispatch in dispatches):
        return IncidentStep.FEEDBACK if step is DispatchStep.FEEDBACK else IncidentStep.RECALL
    if any(dispatch.state is DispatchState.FINISHED for dispatch in dispatches):
        return IncidentStep.HANDLE
    return IncidentStep.STAND_DOWN

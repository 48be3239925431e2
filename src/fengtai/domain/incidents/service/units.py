"""Sending a unit to an incident, and what it tells afterwards. Until units have a screen of their own, accepting,
arriving and feedback are acts of the dispatcher on the unit's word."""

from dataclasses import replace

from fengtai.domain.access.model import Actor
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.duty.service import arrive_unit, dispatch_unit, release_unit, seen_unit
from fengtai.domain.incidents.model import (
    Dispatch,
    DispatchState,
    DispatchStep,
    Incident,
    IncidentStep,
)
from fengtai.domain.incidents.ports import DispatchStore
from fengtai.domain.incidents.rules import life_cycles
from fengtai.domain.incidents.service.family import dispatches_of, family_of
from fengtai.domain.incidents.service.record import record
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_LOG_KIND = {
    DispatchStep.ACCEPT: "accepted",
    DispatchStep.ARRIVE: "arrived",
    DispatchStep.FEEDBACK: "feedback",
    DispatchStep.RECALL: "recalled",
}


def send_unit(uow: UnitOfWork, incident: Incident, unit_id: str, by: Actor) -> Incident:
    state = life_cycles.next_state(incident, IncidentStep.DISPATCH)
    seen_unit(uow, unit_id, by)
    unit = dispatch_unit(uow, unit_id, incident_id=incident.id, incident_number=incident.number, by_name=by.name)
    uow.store(DispatchStore).save(
        Dispatch(
            id=uow.new_id(),
            incident_id=incident.id,
            unit_id=unit.id,
            unit_name=unit.name,
            state=DispatchState.DISPATCHED,
            dispatched_at=uow.now.utc,
            dispatched_by=by.name,
        )
    )
    uow.store(AuditLog).append(by.entry("incident.dispatch", f"incident:{incident.id}", unit_id=unit.id))
    sent = replace(incident, state=state, dispatched_at=incident.dispatched_at or uow.now.utc)
    return record(uow, sent, step="dispatch", kind="dispatched", text=unit.name, who=by.name)


def step_unit(
    uow: UnitOfWork, incident: Incident, dispatch_id: str, step: DispatchStep, text: str, by: Actor
) -> Incident:
    dispatches = uow.store(DispatchStore)
    family = family_of(uow, incident)
    dispatch = next((one for one in dispatches_of(uow, family) if one.id == dispatch_id), None)
    if dispatch is None:
        raise NotFound(f"incident {incident.number} has no dispatch {dispatch_id}")
    dispatch = moved(uow, dispatch, step, text)
    dispatches.save(dispatch)
    incident_step = life_cycles.step_after(dispatches_of(uow, family), step)
    stepped = replace(incident, state=life_cycles.next_state(incident, incident_step))
    if step is DispatchStep.ARRIVE:
        stepped = replace(stepped, arrived_at=stepped.arrived_at or uow.now.utc)
    uow.store(AuditLog).append(
        by.entry(f"incident.{step.value}", f"incident:{incident.id}", dispatch_id=dispatch.id, unit_id=dispatch.unit_id)
    )
    words = f"{dispatch.unit_name}: {text}" if text else dispatch.unit_name
    return record(uow, stepped, step=incident_step.value, kind=_LOG_KIND[step], text=words, who=by.name)


def moved(uow: UnitOfWork, dispatch: Dispatch, step: DispatchStep, text: str) -> Dispatch:
    """The dispatch after the step, its unit moved along."""
    state = life_cycles.next_dispatch_state(dispatch, step)
    if step is DispatchStep.ACCEPT:
        return replace(dispatch, state=state, accepted_at=uow.now.utc)
    if step is DispatchStep.ARRIVE:
        arrive_unit(uow, dispatch.unit_id)
        return replace(dispatch, state=state, arrived_at=uow.now.utc)
    release_unit(uow, dispatch.unit_id, incident_id=dispatch.incident_id)
    return replace(dispatch, state=state, finished_at=uow.now.utc, feedback=text or dispatch.feedback)

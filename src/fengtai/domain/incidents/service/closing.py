"""Closing an incident: always with a disposition; its alarms and those of the incidents that were joined to it close with
it, their units are free again."""

from dataclasses import replace

from fengtai.domain.access.model import Actor
from fengtai.domain.alarms.service import close_alarm
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import DispatchStep, Disposition, Incident, IncidentStep
from fengtai.domain.incidents.ports import DispatchStore
from fengtai.domain.incidents.rules import life_cycles
from fengtai.domain.incidents.service.family import alarms_of, dispatches_of, family_of
from fengtai.domain.incidents.service.record import record
from fengtai.domain.incidents.service.units import moved
from fengtai.vocabulary.errors import Conflict, Invalid
from fengtai.vocabulary.transactions import UnitOfWork


def close_incident(
    uow: UnitOfWork, incident: Incident, disposition: Disposition | None, note: str, version: int, by: Actor
) -> Incident:
    if disposition is None:
        raise Invalid("say how it ended: an incident is closed with a disposition", field="disposition")
    if disposition is Disposition.JOINED:
        raise Invalid("join it to the other incident: nothing else ends so", field="disposition")
    if version != incident.version:
        raise Conflict(f"incident {incident.number} has changed since you saw it; look again, then close")
    state = life_cycles.next_state(incident, IncidentStep.CLOSE)
    dispatches = uow.store(DispatchStore)
    family = family_of(uow, incident)
    for dispatch in dispatches_of(uow, family):
        if dispatch.is_active:
            dispatches.save(moved(uow, dispatch, DispatchStep.RECALL, ""))
    for alarm in alarms_of(uow, family):
        close_alarm(uow, alarm.id, disposition=disposition.value, note=note.strip()[:4000], by=by)
    closed = replace(
        incident, state=state, closed_at=uow.now.utc, disposition=disposition, closing_note=note.strip()[:4000]
    )
    uow.store(AuditLog).append(
        by.entry("incident.close", f"incident:{incident.id}", number=incident.number, disposition=disposition.value)
    )
    words = f"{disposition.value}: {closed.closing_note}" if closed.closing_note else disposition.value
    return record(uow, closed, step="close", kind="closed", text=words, who=by.name)

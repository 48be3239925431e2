"""What every act on an incident does in the end: next version, a line in its log, an event."""

from dataclasses import replace

from fengtai.domain.incidents.model import Incident, IncidentChanged, IncidentState
from fengtai.domain.incidents.ports import IncidentLog, IncidentStore
from fengtai.vocabulary.errors import Conflict
from fengtai.vocabulary.transactions import UnitOfWork


def still_open(uow: UnitOfWork, incident_id: str) -> Incident:
    """Raise Conflict when it is closed: what is closed stays as it is."""
    incident = uow.store(IncidentStore).get(incident_id)
    if incident.state is IncidentState.CLOSED:
        raise Conflict(f"incident {incident.number} is closed")
    return incident


def record(uow: UnitOfWork, incident: Incident, *, step: str, kind: str, text: str, who: str) -> Incident:
    changed = replace(incident, version=incident.version + 1)
    uow.store(IncidentStore).save(changed)
    uow.store(IncidentLog).append(changed.id, at=uow.now.utc, who=who, kind=kind, text=text)
    uow.publish(IncidentChanged(incident_id=changed.id, version=changed.version, step=step, state=changed.state.value))
    return changed

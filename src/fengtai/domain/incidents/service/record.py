"""What every act on an incident does in the end: next version, a line in its log, an event."""

from dataclasses import replace

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.incidents.model import Incident, IncidentChanged, IncidentState
from fengtai.domain.incidents.ports import IncidentLog, IncidentStore
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def seen_incident(
    uow: UnitOfWork, incident_id: str, by: Actor, permission: Permission = Permission.INCIDENTS_SEE
) -> Incident:
    """Raise NotFound for an incident that is not there and, in the same words, for one out of reach."""
    incident = uow.store(IncidentStore).get(incident_id)
    unknown = NotFound(f"there is no incident {incident_id}")
    by.must_do(permission, incident.place, see=Permission.INCIDENTS_SEE, unknown=unknown)
    return incident


def still_open(uow: UnitOfWork, incident_id: str, by: Actor) -> Incident:
    """For somebody who may work on it. Raise Conflict when it is closed: what is closed stays as it is."""
    incident = seen_incident(uow, incident_id, by, Permission.INCIDENTS_HANDLE)
    if incident.joined_to:
        raise Conflict(f"incident {incident.number} was joined to another: work on that one, or take it apart")
    if incident.state is IncidentState.CLOSED:
        raise Conflict(f"incident {incident.number} is closed")
    return incident


def record(uow: UnitOfWork, incident: Incident, *, step: str, kind: str, text: str, who: str) -> Incident:
    changed = replace(incident, version=incident.version + 1)
    uow.store(IncidentStore).save(changed)
    uow.store(IncidentLog).append(changed.id, at=uow.now.utc, who=who, kind=kind, text=text)
    uow.publish(
        IncidentChanged(
            incident_id=changed.id,
            version=changed.version,
            step=step,
            state=changed.state.value,
            organisation_id=changed.organisation_id,
            area_code=changed.area_code,
        )
    )
    return changed

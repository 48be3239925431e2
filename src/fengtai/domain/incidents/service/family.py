"""An incident and all that were joined to it, and to them: what is shown and acted on as one."""

from collections.abc import Sequence

from fengtai.domain.alarms.model import Alarm
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.incidents.model import Dispatch, Incident
from fengtai.domain.incidents.ports import DispatchStore, IncidentStore
from fengtai.vocabulary.transactions import UnitOfWork


def joined_into(uow: UnitOfWork, incidents: Sequence[Incident]) -> dict[str, list[Incident]]:
    """Per incident, those that were joined to it at whatever remove: oldest first, level by level. One question a level."""
    root_of = {incident.id: incident.id for incident in incidents}
    found: dict[str, list[Incident]] = {incident.id: [] for incident in incidents}
    level: Sequence[Incident] = incidents
    while level := uow.store(IncidentStore).joined_into([incident.id for incident in level]) if level else []:
        for child in level:
            root_of[child.id] = root_of[child.joined_to]
            found[root_of[child.id]].append(child)
    return found


def family_of(uow: UnitOfWork, incident: Incident) -> list[Incident]:
    """The incident itself first."""
    return [incident, *joined_into(uow, [incident])[incident.id]]


def standing(uow: UnitOfWork, incident: Incident) -> Incident:
    """The incident in which it goes on: itself when it was joined to none."""
    while incident.joined_to:
        incident = uow.store(IncidentStore).get(incident.joined_to)
    return incident


def alarms_of(uow: UnitOfWork, family: Sequence[Incident]) -> list[Alarm]:
    alarm_ids = [alarm_id for incident in family for alarm_id in incident.alarm_ids]
    return list(uow.store(AlarmStore).by_ids(alarm_ids))


def dispatches_of(uow: UnitOfWork, family: Sequence[Incident]) -> list[Dispatch]:
    """Oldest first."""
    store = uow.store(DispatchStore)
    found = [dispatch for incident in family for dispatch in store.of_incident(incident.id)]
    return sorted(found, key=lambda dispatch: (dispatch.dispatched_at, dispatch.id))

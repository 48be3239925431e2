"""What is read of an incident in one unit: everything, or what a list needs."""

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.incidents.model import Incident, IncidentBrief, IncidentDetail
from fengtai.domain.incidents.ports import ClipStore, DispatchStore, IncidentLog
from fengtai.domain.incidents.rules.phases import phases
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.ports import PremisesStore
from fengtai.vocabulary.transactions import UnitOfWork


def brief_of(uow: UnitOfWork, incident: Incident) -> IncidentBrief:
    alarms = uow.store(AlarmStore)
    return IncidentBrief(
        incident=incident,
        alarms=[alarms.get(alarm_id) for alarm_id in incident.alarm_ids],
        premises=uow.store(PremisesStore).get(incident.premises_id) if incident.premises_id else None,
    )


def detail_of(uow: UnitOfWork, incident: Incident, by: Actor) -> IncidentDetail:
    """As this person may see it: cameras of other organisations near by are left out."""
    brief = brief_of(uow, incident)
    log = uow.store(IncidentLog)
    clips = uow.store(ClipStore).of_incident(incident.id)
    point_ids = {camera.point_id for camera in incident.cameras} | {clip.point_id for clip in clips}
    return IncidentDetail(
        incident=incident,
        alarms=brief.alarms,
        premises=brief.premises,
        points={
            point.id: point
            for point in uow.store(PointStore).by_ids(sorted(point_ids))
            if by.may(Permission.POINTS_SEE, point.place)
        },
        dispatches=uow.store(DispatchStore).of_incident(incident.id),
        calls=log.calls_of_incident(incident.id),
        clips=clips,
        log=log.of_incident(incident.id),
        phases=phases(incident),
    )

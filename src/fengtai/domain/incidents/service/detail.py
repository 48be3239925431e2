"""What is read of an incident in one unit: everything, or what a list needs; with what was joined to it."""

from collections.abc import Sequence

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.incidents.model import Incident, IncidentBrief, IncidentDetail
from fengtai.domain.incidents.ports import ClipStore, IncidentLog, IncidentStore
from fengtai.domain.incidents.rules.phases import phases
from fengtai.domain.incidents.service.family import alarms_of, dispatches_of, joined_into
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.ports import PremisesStore
from fengtai.vocabulary.transactions import UnitOfWork


def briefs_of(uow: UnitOfWork, incidents: Sequence[Incident], by: Actor) -> list[IncidentBrief]:
    """Each with its alarms and those of the incidents that were joined to it."""
    joined = joined_into(uow, incidents)
    return [_brief(uow, incident, _seen(joined[incident.id], by)) for incident in incidents]


def detail_of(uow: UnitOfWork, incident: Incident, by: Actor) -> IncidentDetail:
    """As this person may see it: cameras of other organisations near by are left out, and so are incidents that were
    joined to it from elsewhere."""
    joined = _seen(joined_into(uow, [incident])[incident.id], by)
    family = [incident, *joined]
    brief = _brief(uow, incident, joined)
    log, store = uow.store(IncidentLog), uow.store(ClipStore)
    clips = [clip for each in family for clip in store.of_incident(each.id)]
    shown = {camera.point_id for each in family for camera in each.cameras}
    points = uow.store(PointStore).by_ids(sorted(shown | {clip.point_id for clip in clips}))
    return IncidentDetail(
        incident=incident,
        alarms=brief.alarms,
        premises=brief.premises,
        points={point.id: point for point in points if by.may(Permission.POINTS_SEE, point.place)},
        dispatches=dispatches_of(uow, family),
        calls=sorted((call for each in family for call in log.calls_of_incident(each.id)), key=lambda call: call.at),
        clips=clips,
        log=sorted((line for each in family for line in log.of_incident(each.id)), key=lambda line: line.at),
        phases=phases(incident, joined),
        joined=[_brief(uow, each, []) for each in joined],
        joined_to=_stands_in(uow, incident, by),
    )


def _brief(uow: UnitOfWork, incident: Incident, joined: Sequence[Incident]) -> IncidentBrief:
    return IncidentBrief(
        incident=incident,
        alarms=alarms_of(uow, [incident, *joined]),
        premises=uow.store(PremisesStore).get(incident.premises_id) if incident.premises_id else None,
    )


def _seen(incidents: Sequence[Incident], by: Actor) -> list[Incident]:
    return [incident for incident in incidents if by.may(Permission.INCIDENTS_SEE, incident.place)]


def _stands_in(uow: UnitOfWork, incident: Incident, by: Actor) -> Incident | None:
    """The incident that it was joined to, for somebody who may see it."""
    if not incident.joined_to:
        return None
    into = uow.store(IncidentStore).get(incident.joined_to)
    return into if by.may(Permission.INCIDENTS_SEE, into.place) else None

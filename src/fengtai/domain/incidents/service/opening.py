"""Taking an alarm: a new incident, or the open one of the same premises; with cameras, steps and clips."""

from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.alarms.model import Alarm, AlarmState
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.alarms.service import seen_alarm, take_alarm
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import Camera, Incident, IncidentOpened, IncidentState, Step
from fengtai.domain.incidents.ports import IncidentLog, IncidentStore
from fengtai.domain.incidents.rules.cameras import camera_of
from fengtai.domain.incidents.rules.numbers import JOIN_WITHIN, incident_number, site_day
from fengtai.domain.incidents.rules.steps import prescribed_steps
from fengtai.domain.incidents.service.cutting import attach_clips
from fengtai.domain.incidents.service.family import standing
from fengtai.domain.incidents.service.record import record
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.model import Premises
from fengtai.domain.premises.ports import PremisesStore
from fengtai.vocabulary.transactions import UnitOfWork

MOST_AT_ONCE = 100
"""alarms of a flood that one act takes"""


def open_or_join(uow: UnitOfWork, alarm_id: str, by: Actor, zone: ZoneInfo) -> Incident:
    alarm = seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE)
    by.require(Permission.INCIDENTS_HANDLE, alarm.place)
    if alarm.state is AlarmState.TAKEN and alarm.held_by == by.user_id:
        return uow.store(IncidentStore).get(alarm.incident_id)  # pressed twice
    premises = uow.store(PremisesStore).get(alarm.premises_id) if alarm.premises_id else None
    present = _joinable(uow, alarm, by)
    incident = _joined(uow, present, alarm, premises, by) if present else opened(uow, alarm, premises, by, zone)
    take_alarm(uow, alarm_id, by=by, incident_id=incident.id)
    attach_clips(uow, alarm_id, incident.id)
    return incident


def take_folded(uow: UnitOfWork, incident: Incident, alarm: Alarm, by: Actor) -> Incident:
    """In a flood: take the next `MOST_AT_ONCE` of those that the queue folds with this alarm (as it was before it was
    taken) into the incident. Call it again for the rest: so that no act keeps the writer from acknowledging signals."""
    others = [
        other
        for other in uow.store(AlarmStore).folded_with(alarm, limit=MOST_AT_ONCE + 1)
        if other.id != alarm.id and by.may(Permission.ALARMS_HANDLE, other.place)
    ][:MOST_AT_ONCE]
    if not others:
        return incident
    premises = uow.store(PremisesStore).get(alarm.premises_id) if alarm.premises_id else None
    shown = {camera.point_id for camera in incident.cameras}
    cameras = list(incident.cameras)
    for other in others:
        take_alarm(uow, other.id, by=by, incident_id=incident.id)
        attach_clips(uow, other.id, incident.id)
        if not shown.issuperset(other.point_ids):
            cameras += [camera for camera in _cameras(uow, other, premises) if camera.point_id not in shown]
            shown |= {camera.point_id for camera in cameras}
    whole = replace(
        incident,
        alarm_ids=(*incident.alarm_ids, *(other.id for other in others)),
        received_at=min(incident.received_at, *(other.raised_at for other in others)),
        cameras=tuple(cameras),
    )
    uow.store(AuditLog).append(
        by.entry("incident.join", f"incident:{incident.id}", number=incident.number, alarms=len(others))
    )
    return record(uow, whole, step="join", kind="joined-many", text=str(len(others)), who=by.name)


def _joinable(uow: UnitOfWork, alarm: Alarm, by: Actor) -> Incident | None:
    """The newest open incident of these premises, or the one in which theirs goes on. A real alarm never joins a drill,
    nor a drill a real incident."""
    if not alarm.premises_id:
        return None
    found = uow.store(IncidentStore).of_premises(alarm.premises_id, since=uow.now.utc - JOIN_WITHIN, drill=alarm.drill)
    for incident in map(partial(standing, uow), found):
        if incident.state is not IncidentState.CLOSED and by.may(Permission.INCIDENTS_HANDLE, incident.place):
            return incident
    return None


def opened(
    uow: UnitOfWork, alarm: Alarm, premises: Premises | None, by: Actor, zone: ZoneInfo, *, parted_from: str = ""
) -> Incident:
    """A new incident, held by this person; its alarm is not told yet. `parted_from` is the number of the incident that the
    alarm was part of."""
    incidents = uow.store(IncidentStore)
    day = site_day(uow.now.utc, zone)
    incident = Incident(
        id=uow.new_id(),
        number=incident_number(day, incidents.next_serial(day)),
        state=IncidentState.TAKEN,
        opened_at=uow.now.utc,
        received_at=alarm.raised_at,
        holder_id=by.user_id,
        holder_name=by.name,
        title=alarm.title,
        category=alarm.category,
        priority=alarm.priority,
        drill=alarm.drill,
        premises_id=alarm.premises_id,
        position=alarm.position or (premises.position if premises else None),
        alarm_ids=(alarm.id,),
        cameras=_cameras(uow, alarm, premises),
        steps=prescribed_steps(alarm.category, premises.steps if premises else ()),
        organisation_id=alarm.organisation_id,
        area_code=alarm.area_code,
    )
    incidents.save(incident)
    uow.store(IncidentLog).append(incident.id, at=uow.now.utc, who=by.name, kind="opened", text=alarm.title)
    if parted_from:
        uow.store(IncidentLog).append(incident.id, at=uow.now.utc, who=by.name, kind="parted-from", text=parted_from)
    action = "incident.part" if parted_from else "incident.open"
    uow.store(AuditLog).append(
        by.entry(action, f"incident:{incident.id}", number=incident.number, alarm_id=alarm.id, parted_from=parted_from)
    )
    uow.publish(
        IncidentOpened(
            incident_id=incident.id,
            number=incident.number,
            alarm_id=alarm.id,
            organisation_id=incident.organisation_id,
            area_code=incident.area_code,
        )
    )
    return incident


def _joined(uow: UnitOfWork, incident: Incident, alarm: Alarm, premises: Premises | None, by: Actor) -> Incident:
    joined = with_alarm(uow, incident, alarm, premises)
    uow.store(AuditLog).append(
        by.entry("incident.join", f"incident:{incident.id}", number=incident.number, alarm_id=alarm.id)
    )
    return record(uow, joined, step="join", kind="joined", text=alarm.title, who=by.name)


def with_alarm(uow: UnitOfWork, incident: Incident, alarm: Alarm, premises: Premises | None) -> Incident:
    """The incident with one more alarm, not yet kept."""
    shown = {camera.point_id for camera in incident.cameras}
    more_cameras = tuple(camera for camera in _cameras(uow, alarm, premises) if camera.point_id not in shown)
    joined = replace(
        incident,
        alarm_ids=(*incident.alarm_ids, alarm.id),
        received_at=min(incident.received_at, alarm.raised_at),
        cameras=(*incident.cameras, *more_cameras),
        position=incident.position or alarm.position,
    )
    if alarm.priority < incident.priority:
        joined = replace(
            joined,
            priority=alarm.priority,
            category=alarm.category,
            title=alarm.title,
            steps=(*joined.steps, *_more_steps(joined, alarm.category, premises)),
        )
    return joined


def _cameras(uow: UnitOfWork, alarm: Alarm, premises: Premises | None) -> tuple[Camera, ...]:
    return tuple(camera_of(point, alarm, premises) for point in uow.store(PointStore).by_ids(alarm.point_ids))


def with_steps(uow: UnitOfWork, incident: Incident) -> Incident:
    """With the steps of the category that it has now."""
    premises = uow.store(PremisesStore).get(incident.premises_id) if incident.premises_id else None
    return replace(incident, steps=(*incident.steps, *_more_steps(incident, incident.category, premises)))


def _more_steps(incident: Incident, category: str, premises: Premises | None) -> tuple[Step, ...]:
    """A more urgent alarm brings the steps of its category, after those that are there; premises' own hold for all."""
    if premises and premises.steps:
        return ()
    known = {step.text_en for step in incident.steps}
    new = [step for step in prescribed_steps(category, ()) if step.text_en not in known]
    first = len(incident.steps)
    return tuple(replace(step, index=index) for index, step in enumerate(new, first))

"""Joining an alarm or a whole incident to another incident, and taking it apart again.

What is told beforehand (`joining_of_...`) is what is then done. Rights are asked for the places of both. The log of both
says it; nothing is moved from record to record, except an alarm that is taken apart from its incident.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.alarms.model import AlarmState
from fengtai.domain.alarms.service import move_alarm, seen_alarm, take_alarm
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import Disposition, Incident, IncidentState, IncidentStep
from fengtai.domain.incidents.ports import ClipStore, IncidentLog
from fengtai.domain.incidents.rules import life_cycles
from fengtai.domain.incidents.rules.joining import Joining, alarm_refusal, led_by, must_join, refusal, state_by
from fengtai.domain.incidents.service.cutting import attach_clips
from fengtai.domain.incidents.service.family import alarms_of, dispatches_of, family_of, standing
from fengtai.domain.incidents.service.opening import opened, with_alarm, with_steps
from fengtai.domain.incidents.service.record import record, seen_incident
from fengtai.domain.premises.ports import PremisesStore
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

_HANDLE = Permission.INCIDENTS_HANDLE


def joining_of_alarm(uow: UnitOfWork, into_id: str, alarm_id: str, by: Actor) -> Joining:
    into = seen_incident(uow, into_id, by, _HANDLE)
    alarm = seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE)
    by.require(_HANDLE, alarm.place)
    taken = f"{alarm.held_by_name or 'somebody'} has taken it already" if alarm.state is AlarmState.TAKEN else ""
    premises = uow.store(PremisesStore).get(alarm.premises_id) if alarm.premises_id else None
    return Joining(
        before=into,
        after=with_alarm(uow, into, alarm, premises),
        joined=None,
        alarms=[alarm],
        dispatches=[],
        calls=0,
        clips=len(uow.store(ClipStore).of_alarm(alarm_id)),
        refusal=taken or alarm_refusal(alarm, into),
    )


def join_alarm(uow: UnitOfWork, into_id: str, alarm_id: str, by: Actor) -> Incident:
    joining = joining_of_alarm(uow, into_id, alarm_id, by)
    alarm = joining.alarms[0]
    if alarm.incident_id == into_id and alarm.state is AlarmState.TAKEN:
        return joining.before  # pressed twice
    must_join(joining.refusal)
    take_alarm(uow, alarm_id, by=by, incident_id=into_id)
    attach_clips(uow, alarm_id, into_id)
    uow.store(AuditLog).append(
        by.entry("incident.join", f"incident:{into_id}", number=joining.before.number, alarm_id=alarm_id)
    )
    return record(uow, joining.after, step="join", kind="joined", text=alarm.title, who=by.name)


def joining_of_incident(uow: UnitOfWork, into_id: str, joined_id: str, by: Actor) -> Joining:
    into, joined = seen_incident(uow, into_id, by, _HANDLE), seen_incident(uow, joined_id, by, _HANDLE)
    coming, present = family_of(uow, joined), family_of(uow, into)
    alarms, dispatches = alarms_of(uow, coming), dispatches_of(uow, coming)
    after = replace(
        led_by(into, [*alarms_of(uow, present), *alarms]),
        state=state_by([*dispatches_of(uow, present), *dispatches]),
    )
    log, clips = uow.store(IncidentLog), uow.store(ClipStore)
    return Joining(
        before=into,
        after=with_steps(uow, after) if after.category != into.category else after,
        joined=joined,
        alarms=alarms,
        dispatches=[dispatch for dispatch in dispatches if dispatch.is_active],
        calls=sum(len(log.calls_of_incident(each.id)) for each in coming),
        clips=sum(len(clips.of_incident(each.id)) for each in coming),
        refusal=refusal(joined, into),
    )


def join_incident(
    uow: UnitOfWork, into_id: str, joined_id: str, *, version: int, into_version: int, by: Actor
) -> Incident:
    """`version` and `into_version` are those that the person saw."""
    joining = joining_of_incident(uow, into_id, joined_id, by)
    into, joined = joining.before, seen_incident(uow, joined_id, by, _HANDLE)
    if joined.joined_to == into_id:
        return into  # pressed twice
    must_join(joining.refusal)
    _seen_as(joined, version)
    _seen_as(into, into_version)
    uow.store(AuditLog).append(
        by.entry("incident.join", f"incident:{into_id}", number=into.number, joined_id=joined_id, joined=joined.number)
    )
    ended = replace(
        joined,
        state=life_cycles.next_state(joined, IncidentStep.JOIN),
        closed_at=uow.now.utc,
        disposition=Disposition.JOINED,
        joined_to=into_id,
    )
    record(uow, ended, step="join", kind="joined-to", text=into.number, who=by.name)
    return record(uow, joining.after, step="join", kind="incident-joined", text=joined.number, who=by.name)


def part_incident(uow: UnitOfWork, joined_id: str, *, version: int, by: Actor) -> Incident:
    """It stands for itself again, as far on as its own units are. Answer it."""
    joined = seen_incident(uow, joined_id, by, _HANDLE)
    if not joined.joined_to:
        raise Conflict(f"incident {joined.number} is joined to no other")
    _seen_as(joined, version)
    into = seen_incident(uow, standing(uow, joined).id, by, _HANDLE)
    if into.state is IncidentState.CLOSED:
        raise Conflict(f"incident {into.number}, to which it was joined, is closed")
    uow.store(AuditLog).append(
        by.entry("incident.part", f"incident:{joined_id}", number=joined.number, parted_from=into.number)
    )
    alone = replace(
        joined,
        state=state_by(dispatches_of(uow, family_of(uow, joined))),
        closed_at=None,
        disposition=None,
        joined_to="",
    )
    parted = record(uow, alone, step="part", kind="parted-from", text=into.number, who=by.name)
    _judged_anew(uow, into, text=joined.number, who=by.name)
    return parted


def part_alarm(
    uow: UnitOfWork, incident_id: str, alarm_id: str, *, version: int, by: Actor, zone: ZoneInfo
) -> Incident:
    """The alarm gets an incident of its own, held by who parted it: it is in somebody's hands at every moment. Answer the
    new incident."""
    incident = seen_incident(uow, incident_id, by, _HANDLE)
    if incident.state is IncidentState.CLOSED:
        raise Conflict(f"incident {incident.number} is closed")
    if alarm_id not in incident.alarm_ids:
        raise NotFound(f"incident {incident.number} has no alarm {alarm_id}")
    if len(incident.alarm_ids) == 1:
        raise Conflict(f"it is the only alarm of incident {incident.number}")
    _seen_as(incident, version)
    alarm = seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE)
    by.require(_HANDLE, alarm.place)
    premises = uow.store(PremisesStore).get(alarm.premises_id) if alarm.premises_id else None
    own = opened(uow, alarm, premises, by, zone, parted_from=incident.number)
    move_alarm(uow, alarm_id, incident_id=own.id, words=f"{incident.number} → {own.number}", by=by)
    attach_clips(uow, alarm_id, own.id)
    rest = replace(incident, alarm_ids=tuple(each for each in incident.alarm_ids if each != alarm_id))
    _judged_anew(uow, rest, text=own.number, who=by.name)
    return own


def _judged_anew(uow: UnitOfWork, incident: Incident, *, text: str, who: str) -> None:
    """Named and as far on as by what is left to it; steps that came stay, for some of them are done."""
    family = family_of(uow, incident)
    alarms = alarms_of(uow, family)
    left = replace(
        led_by(incident, alarms),
        state=state_by(dispatches_of(uow, family)),
        received_at=min(alarm.raised_at for alarm in alarms if alarm.id in incident.alarm_ids),
    )
    record(uow, left, step="part", kind="parted", text=text, who=who)


def _seen_as(incident: Incident, version: int) -> None:
    if incident.version != version:
        raise Conflict(f"incident {incident.number} has changed since you saw it; look again")

"""Steps of one alarm inside somebody's unit of work: state by the table, version, history, event.

`take_alarm`, `move_alarm` and `close_alarm` are for folders above (incidents), which call them in their own unit and
write the audit line of the whole act themselves.
"""

from dataclasses import replace
from typing import Any

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.alarms.model import Alarm, AlarmChanged, AlarmState, AlarmStep, Step
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.alarms.rules import next_state
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

TOLD_AS = {
    Step.TAKE: "taken",
    Step.SHELVE: "shelved",
    Step.UNSHELVE: "unshelved",
    Step.RESTORE: "restored",
    Step.CLOSE: "closed",
    Step.REPEAT: "repeated",
    Step.NOTE_RESTORE: "restored",
    Step.LOWER: "lowered",
    Step.ESCALATE: "escalated",
    Step.MOVE: "moved",
}
"""step → the word in `AlarmChanged.step` and in the history"""


def take_alarm(uow: UnitOfWork, alarm_id: str, *, by: Actor, incident_id: str) -> Alarm:
    """Hold the alarm in an incident. Raise Conflict, naming the holder, when somebody else has it already."""
    alarm = seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE)
    if alarm.state is AlarmState.TAKEN:
        if alarm.incident_id == incident_id and alarm.held_by == by.user_id:
            return alarm
        raise Conflict(f"{alarm.held_by_name or 'somebody'} has taken this alarm already")
    return step_alarm(
        uow,
        alarm,
        Step.TAKE,
        who=by.name,
        held_by=by.user_id,
        held_by_name=by.name,
        taken_at=uow.now.utc,
        incident_id=incident_id,
        escalate_at=None,
        shelved_until=None,
    )


def move_alarm(uow: UnitOfWork, alarm_id: str, *, incident_id: str, words: str, by: Actor) -> Alarm:
    """Hold it in another incident from now on."""
    alarm = seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE)
    return step_alarm(
        uow,
        alarm,
        Step.MOVE,
        who=by.name,
        text=words,
        incident_id=incident_id,
        held_by=by.user_id,
        held_by_name=by.name,
    )


def close_alarm(uow: UnitOfWork, alarm_id: str, *, disposition: str, by: Actor, note: str = "") -> Alarm:
    """Close it; an alarm that is closed already is left as it is."""
    alarm = uow.store(AlarmStore).get(alarm_id)
    if alarm.state is AlarmState.CLOSED:
        return alarm
    words = f"{disposition}: {note}" if note else disposition
    return step_alarm(
        uow, alarm, Step.CLOSE, who=by.name, text=words, disposition=disposition, escalate_at=None, shelved_until=None
    )


def step_alarm(uow: UnitOfWork, alarm: Alarm, step: Step, *, who: str, text: str = "", **changes: Any) -> Alarm:
    """Take the step, keep and tell it. Raise StepNotAllowed when the state has no such step."""
    changed = replace(
        alarm, state=next_state(alarm.state, step), version=alarm.version + 1, updated_at=uow.now.utc, **changes
    )
    store = uow.store(AlarmStore)
    store.save(changed)
    store.log([AlarmStep(alarm_id=alarm.id, at=uow.now.utc, step=TOLD_AS[step], who=who, text=text)])
    uow.publish(change_of(changed, TOLD_AS[step]))
    return changed


def change_of(alarm: Alarm, step: str) -> AlarmChanged:
    return AlarmChanged(
        alarm_id=alarm.id,
        step=step,
        state=alarm.state.value,
        version=alarm.version,
        priority=alarm.priority,
        organisation_id=alarm.organisation_id,
        area_code=alarm.area_code,
    )


def seen_alarm(uow: UnitOfWork, alarm_id: str, by: Actor, permission: Permission = Permission.ALARMS_SEE) -> Alarm:
    """Raise NotFound for an alarm that is not there and, in the same words, for one out of reach."""
    alarm = uow.store(AlarmStore).get(alarm_id)
    unknown = NotFound(f"there is no alarm {alarm_id}")
    by.must_do(permission, alarm.place, see=Permission.ALARMS_SEE, unknown=unknown)
    return alarm


def check_version(alarm: Alarm, version: int) -> Alarm:
    if alarm.version != version:
        raise Conflict("the alarm has changed since you looked at it: look again")
    return alarm

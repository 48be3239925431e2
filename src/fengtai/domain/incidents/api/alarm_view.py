"""An alarm as its incident shows it: every field of the record, in the words of the alarm queue."""

from pydantic import BaseModel

from fengtai.domain.alarms.model import Alarm, AlarmState, Channel
from fengtai.domain.alarms.rules import person_steps
from fengtai.domain.incidents.api.moments import Moment
from fengtai.vocabulary.places import Position


class Place(BaseModel):
    longitude: float
    latitude: float


class IncidentAlarm(BaseModel):
    id: str
    signal_seq: int
    state: AlarmState
    priority: int
    category: str
    title: str
    code_system: str
    code: str
    channel: Channel
    account: str
    raised_at: Moment
    updated_at: Moment
    reason: str
    version: int
    premises_id: str
    premises_name: str
    zone: str
    zone_name: str
    partition: str
    text: str
    position: Place | None
    point_ids: list[str]
    drill: bool
    on_test: bool
    repeats: int
    restored_at: Moment | None
    held_by: str
    held_by_name: str
    taken_at: Moment | None
    escalate_at: Moment | None
    escalations: int
    shelved_until: Moment | None
    shelved_reason: str
    incident_id: str
    disposition: str
    source: str
    account_id: str
    allowed_steps: list[str]


def place_of(position: Position | None) -> Place | None:
    return Place(longitude=position.longitude, latitude=position.latitude) if position else None


def alarm_view(alarm: Alarm) -> IncidentAlarm:
    same = {
        name: getattr(alarm, name)
        for name in IncidentAlarm.model_fields
        if name not in ("position", "point_ids", "allowed_steps")
    }
    return IncidentAlarm(
        **same,
        position=place_of(alarm.position),
        point_ids=list(alarm.point_ids),
        allowed_steps=person_steps(alarm.state, alarm.priority),
    )

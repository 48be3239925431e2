"""What a console is told of alarms, signals, windows and sources, and what it sends."""

from pydantic import BaseModel, Field

from fengtai.domain.alarms.api.moments import Moment
from fengtai.domain.alarms.model import Alarm, AlarmStep, JournalledSignal, OnTest, QueueEntry, SourceView
from fengtai.domain.alarms.rules import person_steps
from fengtai.domain.alarms.service.queue import QueuePage


class AlarmPlace(BaseModel):
    longitude: float
    latitude: float


class AlarmView(BaseModel):
    id: str
    signal_seq: int
    state: str
    version: int
    allowed_steps: list[str]
    priority: int
    category: str
    title: str
    title_zh: str
    code_system: str
    code: str
    channel: str
    source: str
    account: str
    account_id: str
    raised_at: Moment
    updated_at: Moment
    reason: str
    premises_id: str
    premises_name: str
    zone: str
    zone_name: str
    partition: str
    text: str
    position: AlarmPlace | None
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
    organisation_id: str
    area_code: str


class AlarmPage(BaseModel):
    items: list[AlarmView]
    next: str | None


class QueueRowView(BaseModel):
    alarm: AlarmView
    more: int = Field(description="alarms of the same panel, priority and state that stand behind this one")


class OpenCountsView(BaseModel):
    """Of the whole queue."""

    waiting: int
    waiting_by_priority: dict[int, int]
    taken: int
    shelved: int


class QueueView(BaseModel):
    items: list[QueueRowView]
    next: str | None
    counts: OpenCountsView


class AlarmSignalView(BaseModel):
    seq: int
    received_at: Moment
    channel: str
    source: str
    account: str
    code_system: str
    code: str
    qualifier: str
    partition: str
    zone: str
    text: str
    device_time: Moment | None
    peer: str
    raw_hex: str
    drill: bool
    label: str
    label_zh: str


class AlarmStepView(BaseModel):
    at: Moment
    step: str
    who: str
    text: str


class AlarmWithSignals(BaseModel):
    alarm: AlarmView
    signals: list[AlarmSignalView]
    history: list[AlarmStepView]


class SignalPage(BaseModel):
    items: list[AlarmSignalView]
    next: int | None


class ShelveForm(BaseModel):
    minutes: int
    reason: str = Field(max_length=500)
    version: int


class CloseForm(BaseModel):
    disposition: str = Field(max_length=16)
    note: str = Field("", max_length=2000)
    version: int


class OnTestForm(BaseModel):
    account_id: str = Field(max_length=32)
    zone: str = Field("", max_length=12)
    minutes: int
    reason: str = Field(max_length=500)
    drill: bool = False
    """true: alarms are not suppressed but marked DRILL and handled like real ones"""


class OnTestView(BaseModel):
    id: str
    account_id: str
    number: str
    zone: str
    until: Moment
    reason: str
    by_name: str
    drill: bool


class OnTestPage(BaseModel):
    items: list[OnTestView]
    next: str | None = None


class AlarmSourceView(BaseModel):
    source: str
    account_id: str
    number: str
    premises_name: str
    last_seen_at: Moment | None
    expected_seconds: int
    state: str


def view_of_alarm(alarm: Alarm) -> AlarmView:
    here = alarm.position
    values = {name: getattr(alarm, name) for name in AlarmView.model_fields if hasattr(alarm, name)}
    return AlarmView(
        **values
        | {
            "state": alarm.state.value,
            "channel": alarm.channel.value,
            "point_ids": list(alarm.point_ids),
            "position": AlarmPlace(longitude=here.longitude, latitude=here.latitude) if here else None,
            "allowed_steps": person_steps(alarm.state, alarm.priority),
        }
    )


def view_of_queue(page: QueuePage, limit: int) -> QueueView:
    counts = page.counts
    return QueueView(
        items=[view_of_entry(entry) for entry in page.entries],
        next=page.entries[-1].alarm.id if len(page.entries) == limit else None,
        counts=OpenCountsView(
            waiting=sum(counts.waiting.values()),
            waiting_by_priority=dict(counts.waiting),
            taken=counts.taken,
            shelved=counts.shelved,
        ),
    )


def view_of_entry(entry: QueueEntry) -> QueueRowView:
    return QueueRowView(alarm=view_of_alarm(entry.alarm), more=entry.more)


def view_of_signal(journalled: JournalledSignal) -> AlarmSignalView:
    signal = journalled.signal
    return AlarmSignalView(
        seq=journalled.seq,
        received_at=journalled.received_at,
        channel=signal.channel.value,
        source=signal.source,
        account=signal.account,
        code_system=signal.code_system,
        code=signal.code,
        qualifier=signal.qualifier.value,
        partition=signal.partition,
        zone=signal.zone,
        text=signal.text,
        device_time=signal.device_time,
        peer=signal.peer,
        raw_hex=signal.raw.hex(),
        drill=signal.drill,
        label=signal.details.get("label", ""),
        label_zh=signal.details.get("label_zh", ""),
    )


def view_of_step(step: AlarmStep) -> AlarmStepView:
    return AlarmStepView(at=step.at, step=step.step, who=step.who, text=step.text)


def view_of_test(row: OnTest) -> OnTestView:
    return OnTestView(**{name: getattr(row, name) for name in OnTestView.model_fields})


def view_of_source(source: SourceView) -> AlarmSourceView:
    return AlarmSourceView(
        source=source.source,
        account_id=source.account_id,
        number=source.number,
        premises_name=source.premises_name,
        last_seen_at=source.last_seen_at,
        expected_seconds=source.expected_seconds,
        state=source.state.value,
    )

"""Incidents (警情) and what belongs to them: dispatches, calls, steps, clips, log lines, phases.

Owns: these records and their states. Must not know: how a picture travels, where a clip's bytes lie.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

from fengtai.domain.access.model import Place
from fengtai.domain.alarms.model import Alarm
from fengtai.domain.points.model import Point
from fengtai.domain.premises.model import Premises
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.places import Position


class IncidentState(Enum):
    """See `rules.life_cycles.INCIDENT_STEPS`."""

    TAKEN = "taken"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    HANDLED = "handled"
    CLOSED = "closed"


class IncidentStep(Enum):
    DISPATCH = "dispatch"
    ACCEPT = "accept"
    ARRIVE = "arrive"
    FEEDBACK = "feedback"
    """a unit has finished, others are still on it"""
    HANDLE = "handle"
    """the last unit has finished"""
    RECALL = "recall"
    """a unit was called back, others are still on it"""
    STAND_DOWN = "stand-down"
    """the last unit was called back, and none has finished"""
    CLOSE = "close"
    JOIN = "join"
    """it goes on as a part of another incident"""
    PART = "part"
    """taken apart again"""


class DispatchState(Enum):
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    FINISHED = "finished"
    RECALLED = "recalled"


class DispatchStep(Enum):
    ACCEPT = "accept"
    ARRIVE = "arrive"
    FEEDBACK = "feedback"
    RECALL = "recall"


class CallResult(Enum):
    REACHED = "reached"
    NO_ANSWER = "no-answer"
    BUSY = "busy"
    WRONG_NUMBER = "wrong-number"
    REFUSED = "refused"


class Disposition(Enum):
    """How it ended. Every closing has one."""

    REAL = "real"
    FALSE = "false"
    TECHNICAL = "technical"
    TEST = "test"
    DRILL = "drill"
    CANCELLED = "cancelled"
    DUPLICATE = "duplicate"
    JOINED = "joined"
    """goes on in `Incident.joined_to`; nobody chooses it by hand"""


class CameraReason(Enum):
    """Why a camera is shown with the incident."""

    ZONE = "zone"
    PREMISES = "premises"
    NEAREST = "nearest"


class ClipState(Enum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    point_id: str
    why: CameraReason
    distance_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One prescribed action (规定动作)."""

    index: int
    text_zh: str
    text_en: str
    done_at: datetime | None = None
    done_by: str = ""
    """name of the person"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    id: str
    number: str
    """YYYYMMDD-NNNN, the day in the site's time zone"""
    state: IncidentState
    opened_at: datetime
    received_at: datetime
    """when the first of its alarms was raised"""
    holder_id: str
    holder_name: str
    title: str
    category: str
    priority: int
    drill: bool
    version: int = 1
    premises_id: str = ""
    position: Position | None = None
    alarm_ids: tuple[str, ...] = ()
    cameras: tuple[Camera, ...] = ()
    steps: tuple[Step, ...] = ()
    dispatched_at: datetime | None = None
    arrived_at: datetime | None = None
    closed_at: datetime | None = None
    disposition: Disposition | None = None
    closing_note: str = ""
    organisation_id: str = ""
    """of the alarm that opened it"""
    area_code: str = ""
    joined_to: str = ""
    """id of the incident that it was joined to; empty: it stands for itself"""

    @property
    def place(self) -> Place:
        """The facts by which rights to it are looked up."""
        return Place(self.organisation_id, self.area_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One unit sent to one incident."""

    id: str
    incident_id: str
    unit_id: str
    unit_name: str
    state: DispatchState
    dispatched_at: datetime
    dispatched_by: str
    accepted_at: datetime | None = None
    arrived_at: datetime | None = None
    finished_at: datetime | None = None
    feedback: str = ""

    @property
    def is_active(self) -> bool:
        return self.state in (DispatchState.DISPATCHED, DispatchState.ACCEPTED, DispatchState.ARRIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt to reach a keyholder."""

    id: str
    incident_id: str
    keyholder_id: str
    name: str
    result: CallResult
    note: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """What happened, in order. `kind` is a word the console translates; `text` holds names and people's own words."""

    incident_id: str
    line: int
    at: datetime
    who: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipGap:
    """A hole in the recording, kept as recordings told it."""

    from_ms: int
    until_ms: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """The moments before and after an alarm at one camera: a copy, with a retention of its own."""

    id: str
    alarm_id: str
    point_id: str
    from_at: datetime
    until_at: datetime
    due_at: datetime
    """when it is tried next: after `until_at`, later with each failure"""
    state: ClipState = ClipState.WAITING
    incident_id: str = ""
    """empty until the alarm is taken"""
    attempts: int = 0
    file_key: str = ""
    """where the bytes lie, in the words of `ClipFiles`"""
    seconds: float = 0.0
    size_bytes: int = 0
    sha256: str = ""
    gaps: tuple[ClipGap, ...] = ()
    reason: str = ""
    """why it failed, or why the last try did"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """The four measured phases (product.md A11): taken, dispatched, arrived, closed, each from the one before."""

    received_at: datetime
    taken_at: datetime
    dispatched_at: datetime | None
    arrived_at: datetime | None
    closed_at: datetime | None
    take_s: float
    dispatch_s: float | None
    arrive_s: float | None
    close_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentBrief:
    """What a line of the list shows of one incident."""

    incident: Incident
    alarms: Sequence[Alarm]
    premises: Premises | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentDetail:
    """All that a workspace shows of one incident and of those joined to it, read in one unit."""

    incident: Incident
    alarms: Sequence[Alarm]
    premises: Premises | None
    points: Mapping[str, Point]
    dispatches: Sequence[Dispatch]
    calls: Sequence[Call]
    clips: Sequence[Clip]
    log: Sequence[LogLine]
    phases: Phases
    joined: Sequence[IncidentBrief] = ()
    """those that were joined to it, and to them, as far as this person may see them"""
    joined_to: Incident | None = None


class HandOverState(Enum):
    WAITING = "waiting"
    """written, and nobody has accepted it yet"""
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


class HandedKind(Enum):
    """What is handed over."""

    INCIDENT = "incident"
    ALARM = "alarm"
    """open, and nobody has taken it"""
    SHELVED = "shelved"
    ON_TEST = "on-test"
    DARK = "dark"
    """a device that does not answer: its cameras show nothing"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedItem:
    """One open matter as it stood when the hand-over was written."""

    kind: HandedKind
    id: str
    facts: Mapping[str, str]
    """what a line shows: see `service.hand_over`"""

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """A shift handed from one person to the next (交接班): written by one, accepted item by item by another."""

    id: str
    state: HandOverState
    post: str
    """the duty post of the writer"""
    written_by: str
    written_by_name: str
    written_at: datetime
    notes: str
    on_duty: tuple[str, ...]
    """names of those who were signed in then"""
    items: tuple[HandedItem, ...]
    dark_devices: int
    """how many devices were dark; the items name the first of them"""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """of the other kinds: how many more there were than the items name"""
    version: int = 1
    accepted_by: str = ""
    accepted_by_name: str = ""
    accepted_at: datetime | None = None
    remark: str = ""
    """words of the one who accepted"""
    organisation_id: str = ""
    area_code: str = ""

    @property
    def place(self) -> Place:
        """The facts by which rights to it are looked up."""
        return Place(self.organisation_id, self.area_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverChanged(Event):
    """A hand-over was written, accepted or withdrawn."""

    kind: ClassVar[str] = "incidents.hand_over_changed"
    needs: ClassVar[str] = "incidents.see"
    hand_over_id: str
    state: str
    organisation_id: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened(Event):
    """Somebody took an alarm, and an incident was opened for it."""

    kind: ClassVar[str] = "incidents.opened"
    needs: ClassVar[str] = "incidents.see"
    incident_id: str
    number: str
    alarm_id: str
    organisation_id: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentChanged(Event):
    """Any later change; `step` names it (a life-cycle step, or join, part, note, call, step)."""

    kind: ClassVar[str] = "incidents.changed"
    needs: ClassVar[str] = "incidents.see"
    incident_id: str
    version: int
    step: str
    state: str
    organisation_id: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipChanged(Event):
    """A clip was asked for, is ready, or could not be made; `incident_id` is empty until the alarm is taken."""

    kind: ClassVar[str] = "incidents.clip_changed"
    needs: ClassVar[str] = "incidents.see"
    incident_id: str
    """empty while nobody has taken the alarm"""
    alarm_id: str
    clip_id: str
    state: str
    organisation_id: str = ""
    area_code: str = ""

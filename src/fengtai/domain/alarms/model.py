"""Signals as they came, and the alarms that were made of them.

A signal is what a channel delivered, kept for ever with its raw bytes. An alarm is what a person must know of. The rules
(`rules.py`) say which signal becomes which alarm, and keep the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

from fengtai.domain.access.model import Place
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.places import Position


class Channel(Enum):
    """The ways in which an alarm reaches the centre (product.md A1, A2)."""

    TELEPHONE = "telephone"
    SMS = "sms"
    FAX = "fax"
    INTERNET = "internet"
    FIXED = "fixed"
    MOBILE = "mobile"
    FIRE = "fire"
    SYSTEM = "system"


class Qualifier(Enum):
    NEW = "new"
    RESTORE = "restore"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The one normal form of all channels. `seq` and `received_at` are given by the journal."""

    channel: Channel
    source: str
    """the gateway's name: "sia-dc09", "gb28181" """
    account: str
    receiver: str = ""
    line: str = ""
    sequence: str = ""
    code_system: str = ""
    """ "contact-id", "sia-dc03", "gb28181", "platform" """
    code: str = ""
    qualifier: Qualifier = Qualifier.NEW
    partition: str = ""
    zone: str = ""
    text: str = ""
    device_time: datetime | None = None
    position: Position | None = None
    media_ref: str = ""
    dedup_key: str = ""
    """equal for repeats of one message; empty: never a repeat"""
    drill: bool = False
    peer: str = ""
    raw: bytes = b""
    details: Mapping[str, str] = field(default_factory=dict)
    """what the gateway knows of the code, and what only some channels tell. Rules read: `category` and `kind` (see
    `rules.py`), `label` (English), `label_zh`, `number_is` ("zone", "user", "area", "door"), `restores` (codes, joined by
    commas, whose condition this one ends), `known` ("no": the code is not in the gateway's table), `device_id` and
    `channel_id` (20-digit codes), `account_id` (of the platform's own signals)"""


class TriageLane(Enum):
    """Which of two queues a signal waits in to be judged (`rules.lane_of`). The value is the order: urgent first."""

    URGENT = 0
    """fire, hold-up, medical, and whatever is not known"""
    ORDINARY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The signals of one lane that wait to be judged."""

    signals: int
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalledSignal:
    """A signal that is durable: its place in the journal and the moment at which it was received."""

    seq: int
    received_at: datetime
    signal: Signal


class AlarmState(Enum):
    """See `rules.ALLOWED_STEPS`. RAISED waits for a person; TAKEN is held in an incident; SHELVED returns by itself."""

    RAISED = "raised"
    TAKEN = "taken"
    SHELVED = "shelved"
    RESTORED = "restored"
    SUPPRESSED = "suppressed"
    CLOSED = "closed"


class Step(Enum):
    """See `rules.ALLOWED_STEPS`."""

    TAKE = "take"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    RESTORE = "restore"
    CLOSE = "close"
    REPEAT = "repeat"
    NOTE_RESTORE = "note-restore"
    LOWER = "lower"
    ESCALATE = "escalate"
    MOVE = "move"
    """into another incident"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    id: str
    signal_seq: int
    state: AlarmState
    priority: int
    """1 fire, 2 hold-up, 3 medical, 4 burglary, 5 technical and path lost, 6 trouble, 7 battery and tamper, 8 opening
    and closing, 9 tests"""
    category: str
    """ "fire", "hold-up", "medical", "burglary", "technical", "path-lost", "trouble", "open-close", "test", "unmapped" """
    title: str
    """code's meaning in English; the console translates by `code_system` and `code`"""
    code_system: str
    code: str
    channel: Channel
    account: str
    raised_at: datetime
    updated_at: datetime
    reason: str
    """id and words of the rule that made it what it is"""
    version: int = 1
    premises_id: str = ""
    premises_name: str = ""
    zone: str = ""
    zone_name: str = ""
    partition: str = ""
    text: str = ""
    position: Position | None = None
    point_ids: tuple[str, ...] = ()
    """cameras that show it: assigned to the zone, to the premises, else the nearest; best first"""
    drill: bool = False
    on_test: bool = False
    repeats: int = 0
    restored_at: datetime | None = None
    held_by: str = ""
    held_by_name: str = ""
    taken_at: datetime | None = None
    escalate_at: datetime | None = None
    """when it escalates if nobody has taken it"""
    escalations: int = 0
    shelved_until: datetime | None = None
    shelved_reason: str = ""
    incident_id: str = ""
    disposition: str = ""
    source: str = ""
    title_zh: str = ""
    """the meaning in Chinese, when the gateway's table has it"""
    account_id: str = ""
    """the panel account (premises) that reported it; empty when unknown"""
    dedup_key: str = ""
    path: str = ""
    """receiver, line and address that its first signal came by"""
    organisation_id: str = ""
    """whose premises or point it was when the alarm was raised; of what nobody has assigned: the city"""
    area_code: str = ""

    @property
    def place(self) -> Place:
        """The facts by which rights to it are looked up."""
        return Place(self.organisation_id, self.area_code)


FOLDED_BEYOND = 5
"""more open alarms than this of one panel, of one priority, in one state are one row of the queue: the oldest of them"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A row of the queue: an alarm, and how many more of its panel stand behind it (`FOLDED_BEYOND`)."""

    alarm: Alarm
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCounts:
    """How many are open; `waiting` by priority are those that nobody has taken or shelved."""

    waiting: Mapping[int, int]
    taken: int
    shelved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStep:
    """One line of an alarm's history: what was done to it, by whom, with which words."""

    alarm_id: str
    at: datetime
    step: str
    who: str
    """name of a person, or "rule R40" """
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTest:
    """An account, or one zone of it, that is on test until a moment; or, with `drill`, in a drill: its alarms are shown
    as DRILL and handled like real ones."""

    id: str
    account_id: str
    number: str
    """the account's number, for the list"""
    zone: str
    """empty: the whole account"""
    until: datetime
    reason: str
    by_name: str
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Supervision of one panel account: when it was last heard, and whether its path is lost."""

    account_id: str
    last_seen_at: datetime
    lost_at: datetime | None = None


class SourceState(Enum):
    ALIVE = "alive"
    LATE = "late"
    """the interval has passed, the grace has not"""
    LOST = "lost"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    source: str
    account_id: str
    number: str
    premises_name: str
    last_seen_at: datetime | None
    expected_seconds: int
    """0: not supervised"""
    state: SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneActivity:
    """Alarms of one zone since its account was last armed or disarmed: what tells a swinger."""

    account: str
    """source and account: "sia-dc09/1234" """
    zone: str
    alarms: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWords:
    """What a call-taker writes down of a caller's words. The place is told by premises, point, position or address."""

    category: str
    text: str = ""
    caller_number: str = ""
    """as shown or told; empty: withheld"""
    caller_name: str = ""
    address: str = ""
    premises_id: str = ""
    point_id: str = ""
    position: Position | None = None
    repeats_alarm_id: str = ""
    """the alarm that the call-taker says it is about; empty: a new one"""
    drill: bool = False
    took_seconds: float = 0.0
    """from lifting the receiver (the first key) to registering"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneCall:
    """A registered call. Its signal follows at once, or after a restart: `signal_seq` is 0 until it is in the journal."""

    id: str
    words: CallWords
    registered_at: datetime
    by_id: str
    by_name: str
    organisation_id: str
    area_code: str
    signal_seq: int = 0

    @property
    def place(self) -> Place:
        """The facts by which rights to it are looked up."""
        return Place(self.organisation_id, self.area_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRegistered(Event):
    """A call-taker has registered a call; its alarm is raised a moment later."""

    kind: ClassVar[str] = "alarms.call_registered"
    needs: ClassVar[str] = "alarms.see"
    call_id: str
    organisation_id: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised(Event):
    """A new alarm waits for a person."""

    kind: ClassVar[str] = "alarms.raised"
    needs: ClassVar[str] = "alarms.see"
    alarm_id: str
    priority: int
    category: str
    premises_id: str
    premises_name: str
    title: str
    point_ids: list[str]
    raised_at_ms: int
    drill: bool
    signal_seq: int
    organisation_id: str = ""
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmChanged(Event):
    """Any later change of an alarm: taken, shelved, escalated, restored, repeated, closed. `step` tells which."""

    kind: ClassVar[str] = "alarms.changed"
    needs: ClassVar[str] = "alarms.see"
    alarm_id: str
    step: str
    state: str
    version: int
    priority: int
    organisation_id: str = ""
    area_code: str = ""

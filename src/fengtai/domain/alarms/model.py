"""Signals as they came, and the alarms that were made of them.

A signal is what a channel delivered, kept for ever with its raw bytes. An alarm is what a person must know of. The rules
(`rules.py`) say which signal becomes which alarm, and keep the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

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

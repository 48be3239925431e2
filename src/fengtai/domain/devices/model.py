"""Devices that register with us (GB/T 28181 device side) and their channels.

Owns: enrolment, being online, bindings, catalogue. Must not know: SIP messages, points.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar, NamedTuple

from fengtai.vocabulary.events import Event


class Enrolment(Enum):
    """A device that nobody entered is PENDING: listed, alive, not played or recorded until an engineer accepts it."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class EnrolPolicy(Enum):
    """What happens to a device that nobody entered and that knows the shared password."""

    PENDING = "pending"
    ACCEPT = "accept"
    REFUSE = "refuse"


class Presence(Enum):
    ONLINE = "online"
    OFFLINE = "offline"


class Binding(NamedTuple):
    """Where a registered device is reached, until when. Persisted, so that a restart causes no storm. A tuple, because a
    storm of registrations makes hundreds of thousands."""

    transport: str
    """ "udp" or "tcp" """
    host: str
    port: int
    expires_at: datetime
    edition: str = "2.0"
    """X-GB-ver: 1.0 = 2011, 1.1 = amendment, 2.0 = 2016, 3.0 = 2022"""
    call_id: str = ""


class Topic(Enum):
    """What a device can be asked to tell by itself (SUBSCRIBE)."""

    CATALOGUE = "catalogue"
    ALARM = "alarm"
    POSITION = "position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a person wants this device to be spoken to. Empty: as it says itself, as its make is known, as is the rule."""

    edition: str = ""
    """X-GB-ver value"""
    make: str = ""
    """quirk profile"""
    charset: str = ""
    """ "gb18030" or "utf-8" """
    topics: frozenset[Topic] | None = None
    """what we subscribe to; None: by the rule for its type"""
    redirect_to: str = ""
    """ "<server id>@<host>:<port>": it is sent there when it registers"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    id: str
    """its 20-digit code"""
    name: str = ""
    enrolment: Enrolment = Enrolment.PENDING
    presence: Presence = Presence.OFFLINE
    binding: Binding | None = None
    last_seen_at: datetime | None = None
    registered_at: datetime | None = None
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    sealed_password: bytes = b""
    """own password sealed by the vault; empty: the shared password"""
    organisation_id: str = ""
    clock_error_ms: int | None = None
    """its clock minus ours, when it last told; None: it never did"""
    user_agent: str = ""
    manner: Manner = field(default_factory=Manner)
    on_guard: bool | None = None
    """armed: its alarm inputs report; None: neither confirmed nor told"""
    catalogue_at: datetime | None = None
    """when it last told its catalogue"""
    catalogue_note: str = ""
    """what was odd about that catalogue; empty: nothing"""


class Standing(NamedTuple):
    """As much of a device as a registration needs."""

    enrolment: Enrolment
    presence: Presence
    sealed_password: bytes
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One item of a device's catalogue."""

    device_id: str
    id: str
    name: str
    on: bool = True
    manufacturer: str = ""
    model: str = ""
    longitude: float | None = None
    latitude: float | None = None
    ptz_type: int = 0
    parent_id: str = ""
    stale: bool = False
    """missing from the last complete catalogue; kept, never deleted by a device's word"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChange:
    """What a device says has happened to one channel. `channel` is whole only for ADD and UPDATE; empty fields of an
    UPDATE were not told."""

    event: str
    """ON, OFF, VLOST, DEFECT, ADD, DEL or UPDATE"""
    channel: Channel
    tells_status: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPosition:
    """Where a device (or one of its channels) last was. Only the last one is kept: no track."""

    device_id: str
    channel_id: str
    """the device's own id when it is the device that moves"""
    longitude: float
    latitude: float
    at: datetime
    """when we were told"""
    device_time: datetime | None = None
    speed_kmh: float | None = None
    direction_degrees: float | None = None
    altitude_m: float | None = None


class Order(Enum):
    """What a device can be told to do, with an answer."""

    GUARD = "guard"
    UNGUARD = "unguard"
    RESET_ALARM = "reset-alarm"


class OrderOutcome(Enum):
    DONE = "done"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    """taken, but the device never said that it did it"""
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    outcome: OrderOutcome
    detail: str = ""
    """a sentence for a person"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """How it stands with one subscription: "asking", "active", "refused", "failed" or "waiting"."""

    topic: Topic
    state: str
    since: datetime | None = None
    expires_at: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRefusal:
    """A device said no to a subscription. Kept, so that a restart of ours does not ask it again."""

    device_id: str
    topic: Topic
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """A quirk profile: what devices of this make do otherwise."""

    id: str
    name: str
    quirks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedMessage:
    """One message of a device's conversation with us, as it went over the wire; secrets are masked."""

    at: datetime
    incoming: bool
    transport: str
    peer: str
    first_line: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A device that sends, or may still be sending: what is needed to tell it to stop, even after a crash."""

    id: str
    """Call-ID"""
    stream_id: str
    device_id: str
    channel_id: str
    local: str
    """our party of the dialog, tag included"""
    remote: str
    """the device's party, with its tag when it gave one"""
    target: str
    """where the device takes requests of this dialog"""
    route: tuple[str, ...] = ()
    sequence: int = 1
    """number of our last request in the dialog"""
    port: int
    """of our receiver"""
    ssrc: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCameOnline(Event):
    """A device registered or was heard again."""

    kind: ClassVar[str] = "devices.came_online"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    enrolment: str
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWentOffline(Event):
    """A device signed off, or was not heard in time."""

    kind: ClassVar[str] = "devices.went_offline"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    reason: str
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolled(Event):
    """An engineer (or the policy) accepted or refused the device."""

    kind: ClassVar[str] = "devices.enrolled"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    enrolment: str
    make_points: bool = False
    """a point is wanted for every camera among its channels (the folder of points subscribes)"""
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChanged(Event):
    """A device told its channels; `complete` is false when parts of its answer were lost."""

    kind: ClassVar[str] = "devices.catalogue_changed"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    channels: int
    complete: bool
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMannerChanged(Event):
    """A person chose how a device is spoken to: edition, make, charset, subscriptions, another server."""

    kind: ClassVar[str] = "devices.manner_changed"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGuardChanged(Event):
    """A device confirmed or told that it is armed (or not)."""

    kind: ClassVar[str] = "devices.guard_changed"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    on_guard: bool
    organisation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceMoved(Event):
    """A mobile device reported another place. The place itself is asked for: the event log must not become a track."""

    kind: ClassVar[str] = "devices.moved"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    channel_ids: list[str]
    organisation_id: str = ""

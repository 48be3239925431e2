"""Devices that register with us (GB/T 28181 device side) and their channels.

Owns: enrolment, being online, bindings, catalogue. Must not know: SIP messages, points.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where a registered device is reached, until when. Persisted, so that a restart causes no storm."""

    transport: str
    """ "udp" or "tcp" """
    host: str
    port: int
    expires_at: datetime
    edition: str = "2.0"
    """X-GB-ver: 1.0 = 2011, 1.1 = amendment, 2.0 = 2016, 3.0 = 2022"""
    call_id: str = ""


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


class Standing(NamedTuple):
    """As much of a device as a registration needs."""

    enrolment: Enrolment
    presence: Presence
    sealed_password: bytes


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWentOffline(Event):
    """A device signed off, or was not heard in time."""

    kind: ClassVar[str] = "devices.went_offline"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolled(Event):
    """An engineer (or the policy) accepted or refused the device."""

    kind: ClassVar[str] = "devices.enrolled"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    enrolment: str
    make_points: bool = False
    """a point is wanted for every camera among its channels (the folder of points subscribes)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChanged(Event):
    """A device told its channels; `complete` is false when parts of its answer were lost."""

    kind: ClassVar[str] = "devices.catalogue_changed"
    needs: ClassVar[str] = "devices.see"
    device_id: str
    channels: int
    complete: bool

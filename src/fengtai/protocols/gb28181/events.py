"""What the two endpoints of GB/T 28181 tell their shells."""

from dataclasses import dataclass
from typing import NamedTuple

from fengtai.protocols.gb28181.call import KeptCall
from fengtai.protocols.gb28181.items import CatalogItem
from fengtai.protocols.gb28181.messages import AlarmNotice, DeviceInfo, DeviceStatus, SnapshotOrder
from fengtai.protocols.gb28181.notices import CatalogueChange, Fix
from fengtai.protocols.gb28181.orders import OrderEnded as OrderEnded
from fengtai.protocols.gb28181.subscriptions import SubscriptionRefused as SubscriptionRefused
from fengtai.protocols.sip import Credentials as Credentials
from fengtai.protocols.sip import Peer as Peer

# -- platform role -----------------------------------------------------------------------------------------------------


class RegistrationAsked(NamedTuple):
    """A device answered our challenge. Look up its password, try `credentials.matches(password, "REGISTER")`, then call
    `PlatformEndpoint.admit(ticket)` or `.refuse(ticket, status)`."""

    ticket: int
    device_id: str
    credentials: Credentials
    peer: Peer
    expires_seconds: int
    """0: it signs off"""
    edition: str
    call_id: str


class DeviceRegistered(NamedTuple):
    """`renewed`: it was registered already, at the same place."""

    device_id: str
    peer: Peer
    expires_seconds: int
    edition: str
    renewed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUnregistered:
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSilent:
    """Keepalives are missing, the registration ran out, or its connection broke."""

    device_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueArrived:
    device_id: str
    items: tuple[CatalogItem, ...]
    complete: bool
    expected: int
    note: str = ""
    """what is odd about it, as a sentence"""
    raw: tuple[bytes, ...] = ()
    """its newest messages as they came, oldest first"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueChanged:
    """A device that we are subscribed to (or that tells by itself) names channels that changed."""

    device_id: str
    changes: tuple[CatalogueChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsTold:
    device_id: str
    fixes: tuple[Fix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotsUploaded:
    device_id: str
    session_id: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDescribed:
    device_id: str
    info: DeviceInfo
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported:
    device_id: str
    status: DeviceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmArrived:
    """Keep it durably, then call `PlatformEndpoint.acknowledge_alarm(ticket)` (200 and Response Alarm); when it cannot be
    kept, `.refuse(ticket, 503)`, and the device sends it again."""

    ticket: int
    device_id: str
    notice: AlarmNotice
    peer: Peer
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayTrying:
    call_id: str
    status: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayAnswered:
    """The device agreed. Make `keep` durable, then call `PlatformEndpoint.acknowledge(call_id)`: the device sends when it
    has the ACK. `ssrc` is what it will send with, `note` what is odd about its answer."""

    call_id: str
    ssrc: int
    host: str
    port: int
    note: str
    keep: KeptCall
    peer_host: str = ""
    """the address by which it talks to us: that of its answer may be a private one"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayFailed:
    """`cause` and `fix` are sentences for a person."""

    call_id: str
    status: int
    cause: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayEnded:
    """The device stopped a stream that was running, or a stream that we stopped is confirmed to be over."""

    call_id: str
    by_device: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOver:
    """A call that had been answered is over for good (confirmed, or given up after a day): it need not be kept."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerRefused:
    """Something was refused or could not be read: to be logged and counted, nothing else."""

    peer: Peer
    device_id: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionUnusable:
    peer: Peer
    cause: str


PlatformEvent = (
    RegistrationAsked
    | DeviceRegistered
    | DeviceUnregistered
    | DeviceSilent
    | CatalogueArrived
    | CatalogueChanged
    | PositionsTold
    | SnapshotsUploaded
    | OrderEnded
    | SubscriptionRefused
    | DeviceDescribed
    | StatusReported
    | AlarmArrived
    | PlayTrying
    | PlayAnswered
    | PlayFailed
    | PlayEnded
    | CallOver
    | PeerRefused
    | ConnectionUnusable
)

# -- device role -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    expires_seconds: int
    platform_time: str
    """the Date header: Beijing time, by which a device sets its clock"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationFailed:
    status: int
    """0: nobody answered"""
    retry_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWanted:
    """Answer with `DeviceEndpoint.accept(call_id)` or `.decline(call_id, status)`; media begins after the ACK."""

    call_id: str
    channel_id: str
    host: str
    port: int
    transport: str
    """ "udp", "tcp" (we connect to them) or "tcp-listen" (they connect to the port that we answer with)"""
    ssrc: int
    stream_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamAcknowledged:
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnded:
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFrameWanted:
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged:
    sn: int
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReset:
    channel_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSet:
    target_id: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotWanted:
    """Upload the pictures over HTTP, then call `DeviceEndpoint.tell_snapshots`."""

    order: SnapshotOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """The platform named another server for us (302): connect there and call `DeviceEndpoint.start`."""

    server_id: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    topic: str
    seconds: int
    """0: it is over"""


DeviceEvent = (
    Registered
    | RegistrationFailed
    | StreamWanted
    | StreamAcknowledged
    | StreamEnded
    | KeyFrameWanted
    | AlarmAcknowledged
    | AlarmReset
    | GuardSet
    | SnapshotWanted
    | Redirected
    | Subscribed
    | ConnectionUnusable
)

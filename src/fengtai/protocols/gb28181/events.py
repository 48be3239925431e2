"""What the two endpoints of GB/T 28181 tell their shells."""

from dataclasses import dataclass
from typing import NamedTuple

from fengtai.protocols.gb28181.call import KeptCall
from fengtai.protocols.gb28181.messages import AlarmNotice, CatalogItem, DeviceInfo, DeviceStatus
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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceDescribed:
    device_id: str
    info: DeviceInfo


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
    """ "udp" or "tcp" (we connect to them)"""
    ssrc: int


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


DeviceEvent = (
    Registered
    | RegistrationFailed
    | StreamWanted
    | StreamAcknowledged
    | StreamEnded
    | KeyFrameWanted
    | AlarmAcknowledged
    | AlarmReset
    | ConnectionUnusable
)

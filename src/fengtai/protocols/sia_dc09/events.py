"""What has happened on the line of a receiver. The shell acts on these; the endpoint has decided."""

from dataclasses import dataclass, field

from fengtai.protocols.sia_dc09.content import PanelEvent
from fengtai.protocols.sia_dc09.messages import Message


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A message that must be stored; only then send `Receiver.acknowledge(event)`."""

    message: Message
    events: tuple[PanelEvent, ...]
    raw: bytes
    binary_crc: bool
    quirks: tuple[str, ...]
    clock_skew_seconds: float | None
    """the panel's time minus ours; None when it told none"""
    dedup_key: str
    """equal for repeats of this message, by whatever path"""
    key: bytes | None = field(default=None, repr=False)
    """the key that opened it, for the answer"""


@dataclass(frozen=True, slots=True)
class HeartbeatReceived:
    """A link test; `reply` goes out at once."""

    message: Message
    reply: bytes


@dataclass(frozen=True, slots=True)
class FrameRefused:
    """A message that is answered with `reply` (NAK with our time, or DUH) and not stored as an event."""

    message: Message
    reply: bytes
    reason: str
    """ "time" (encrypted, outside the window) or "form" (a message form that we do not speak)"""


@dataclass(frozen=True, slots=True)
class FrameIgnored:
    """Bytes that get no answer: the panel times out and repeats."""

    reason: str
    """ "crc", "malformed", "no-key", "wrong-key" or "reply" (somebody sent us an answer)"""
    raw: bytes
    account: str = ""


ReceiverEvent = FrameReceived | HeartbeatReceived | FrameRefused | FrameIgnored

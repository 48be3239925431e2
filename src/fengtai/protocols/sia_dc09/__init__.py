"""SIA DC-09 (ANSI/SIA DC-09-2007 to -2021): alarm messages over TCP and UDP, receiver and panel. No sockets, no clock."""

from fengtai.protocols.sia_dc09.cipher import parse_keys
from fengtai.protocols.sia_dc09.content import PanelEvent, events_of
from fengtai.protocols.sia_dc09.dialler import ANSWER_SECONDS, ATTEMPTS, Answer, Answered, Dialler
from fengtai.protocols.sia_dc09.endpoint import (
    Address,
    ClockWindow,
    Receiver,
    ReceiverConnection,
    UnansweredFrame,
    dedup_key,
)
from fengtai.protocols.sia_dc09.events import (
    FrameIgnored,
    FrameReceived,
    FrameRefused,
    HeartbeatReceived,
    ReceiverEvent,
)
from fengtai.protocols.sia_dc09.framing import FrameScanner, RawFrame, frames_of_datagram, wrap
from fengtai.protocols.sia_dc09.messages import Message, decode, encode, parse_timestamp

__all__ = [
    "ANSWER_SECONDS",
    "ATTEMPTS",
    "Address",
    "Answer",
    "Answered",
    "ClockWindow",
    "Dialler",
    "FrameIgnored",
    "FrameReceived",
    "FrameRefused",
    "FrameScanner",
    "HeartbeatReceived",
    "Message",
    "PanelEvent",
    "RawFrame",
    "Receiver",
    "ReceiverConnection",
    "ReceiverEvent",
    "UnansweredFrame",
    "decode",
    "dedup_key",
    "encode",
    "events_of",
    "frames_of_datagram",
    "parse_keys",
    "parse_timestamp",
    "wrap",
]

"""Live pictures: what is asked of a source and of media, and what each step of starting a stream took."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

from fengtai.vocabulary.events import Event


class Stage(Enum):
    """The steps of starting a stream; a failed start names the first one that was not reached."""

    REQUESTED = "requested"
    RECEIVER_OPEN = "receiver-open"
    INVITE_SENT = "invite-sent"
    TRYING = "trying"
    ANSWERED = "answered"
    ACKNOWLEDGED = "acknowledged"
    FIRST_PACKET = "first-packet"
    FIRST_KEY_FRAME = "first-key-frame"
    PLAYING = "playing"
    FAILED = "failed"
    STOPPED = "stopped"


class Transport(Enum):
    TCP_PASSIVE = "tcp-passive"
    """the device connects to us"""
    UDP = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where media waits for a stream: what goes into the SDP offer."""

    stream_id: str
    host: str
    """the advertised address"""
    port: int
    ssrc: int
    transport: Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    stage: Stage
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTrace:
    """One start of a stream, kept for the last starts of each point: the answer to "why is there no picture"."""

    stream_id: str
    point_id: str
    started_at: datetime
    stages: tuple[StageTime, ...] = ()
    failed: str = ""
    """one sentence of cause, empty while all is well"""
    fix: str = ""
    """one thing to do about it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlace:
    """Where a console watches a point: the media worker that has the stream, and a ticket for it."""

    point_id: str
    stream_id: str
    url: str
    """WebSocket address of the worker, ticket included"""
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamState:
    """How a stream stands now."""

    point_id: str
    stream_id: str
    stage: Stage
    since: datetime
    detail: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamChanged(Event):
    """A stream reached a stage of its start, failed or ended; `detail` and `fix` are sentences for people."""

    kind: ClassVar[str] = "live.stream_changed"
    needs: ClassVar[str] = "live.see"
    point_id: str
    stream_id: str
    stage: str
    detail: str = ""
    fix: str = field(default="")

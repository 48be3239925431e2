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
    TCP_ACTIVE = "tcp-active"
    """we connect to the device"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where media waits for a stream: what goes into the SDP offer."""

    stream_id: str
    host: str
    """the advertised address"""
    port: int
    ssrc: int
    transport: Transport
    stream_number: int = 0
    """0 the main stream, 1 the sub-stream"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Where a device sends from, as far as it is known when it has agreed."""

    hosts: tuple[str, ...]
    """the address of its answer, and the one by which it talks to us; without repeats"""
    port: int = 0
    """of its answer: where we connect to when the transport says so"""
    told_host: str = ""
    """where it was told to send to; empty: to the receiver's address"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportLesson:
    """By which transport a device's media have come, learnt from what failed before. Without one, the usual order is
    tried: TCP to us, UDP, TCP to the device."""

    device_id: str
    transport: Transport
    learnt_at: datetime
    why: str
    """what the transports before it died of, or who set it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchWish:
    """What the one who watches can take, and what the point's policy lets out."""

    carries_sound: bool = False
    """the point's policy: without it no sound leaves the receiver"""
    plays_h265: bool = True
    """told by the console; false: H.265 is looked for in H.264 (sub-stream), or re-coded"""


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
class DevicePicture:
    """A picture that a camera took and uploaded itself (GB/T 28181-2022 section 9.14). `id` tells when it came and is
    part of its key in the object store, so that there is nothing beside the object to be kept or to be lost."""

    id: str
    """<UTC milliseconds>-<own id>"""
    point_id: str
    size_bytes: int

    @property
    def key(self) -> str:
        return f"{PICTURES}/{self.point_id}/{self.id}.jpg"


PICTURES = "device-pictures"
"""folder of the object store"""


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
    organisation_id: str = ""
    area_code: str = ""
    point_class: int = 0


@dataclass(frozen=True, slots=True)
class GivenTicket:
    """That a session was given a ticket for a point. `holder` stands in the ticket in place of the session, so that one
    picture can be closed without ending the session; it is never used twice after it has ended."""

    holder: str
    session_id: str
    user_id: str
    point_id: str


class GivenTickets:
    """What was given to whom since the start of this process; workers and their ticket key do not outlive it either."""

    def __init__(self, of: str = "live") -> None:
        self._of = of
        self._by_session: dict[str, dict[str, GivenTicket]] = {}
        self._ended = 0

    def holder(self, session_id: str, user_id: str, point_id: str) -> str:
        """What goes into the ticket of this session for this point."""
        of_session = self._by_session.setdefault(session_id, {})
        if point_id not in of_session:
            holder = f"{session_id}/{self._of}/{point_id}/{self._ended}"
            of_session[point_id] = GivenTicket(holder, session_id, user_id, point_id)
        return of_session[point_id].holder

    def of(self, *, user_id: str = "", point_id: str = "") -> list[GivenTicket]:
        return [
            given
            for of_session in self._by_session.values()
            for given in of_session.values()
            if user_id in ("", given.user_id) and point_id in ("", given.point_id)
        ]

    def end(self, given: GivenTicket) -> None:
        self._ended += 1
        self._by_session.get(given.session_id, {}).pop(given.point_id, None)

    def end_session(self, session_id: str) -> list[str]:
        """The holders that are dead from now on."""
        self._ended += 1
        return [given.holder for given in self._by_session.pop(session_id, {}).values()]


PANES = (1, 4, 6, 8, 9, 13, 16)
"""how many pictures a wall may show at once"""
MOST_ON_A_WALL = 64
"""points of one layout; more than there are panes are shown in turn"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WallLayout:
    """Which points stand where on the wall. Personal; a shared one is everybody's to open, and its owner's to change."""

    id: str
    owner_id: str
    owner_name: str
    name: str
    shared: bool
    panes: int
    point_ids: tuple[str, ...]
    """by pane; empty words for empty panes"""
    turn_seconds: int = 0
    """after which the next points take their turn; 0: they stand"""
    version: int = 1

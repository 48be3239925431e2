"""Typed messages between the main process and its media workers: commands go down, reports come up.

Both sides run the same version, so the format (MessagePack of msgspec tagged unions) needs no compatibility. An `ask`
number ties an answer to its command. The transport is a stream; `link` frames it.
"""

import msgspec

NOTHING_CAME = "no packet has come yet"
"""the sentence of a snapshot that is refused because nothing has come at all"""


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all messages."""


class Hole(msgspec.Struct, frozen=True):
    from_ms: int
    until_ms: int
    cause: str


# --- commands


class Configure(Message, frozen=True, kw_only=True):
    """First message to a worker. It has no clock of its own: UTC = its monotonic clock + `utc_offset_ms`."""

    worker: int
    journals: list[int]
    """journals that it recovers before it begins: its own, and those of workers that are no more"""
    utc_offset_ms: float
    recordings: str
    clips: str
    http_host: str
    http_port: int
    http_tls: tuple[str, str] | None = None
    """certificate and key file of the live port; None: it does not encrypt"""
    ticket_key: bytes
    origins: list[str]
    sync_seconds: float
    no_packet_seconds: float
    recoded_streams: int = 0


class Beat(Message, frozen=True, kw_only=True):
    """Once a second; carries the clock. A worker that hears none for long has lost its main process and stops."""

    utc_offset_ms: float


class OpenReceiver(Message, frozen=True, kw_only=True):
    ask: int
    stream_id: str
    point_id: str
    host: str
    port: int
    ssrc: int
    is_tcp: bool
    records: bool
    connects: bool = False
    """by TCP, but we connect to the device when `SenderKnown` tells where"""
    carries_sound: bool = False


class SenderKnown(Message, frozen=True, kw_only=True):
    """The device has agreed: from where it may send, and the port where it waits when we are the one that connects."""

    stream_id: str
    hosts: list[str]
    port: int


class CarrySound(Message, frozen=True, kw_only=True):
    """The point's policy: without it no sound goes beyond the receiver."""

    stream_id: str
    on: bool


class Record(Message, frozen=True, kw_only=True):
    """Begin or end recording of a stream that is open."""

    stream_id: str
    on: bool


class CloseReceiver(Message, frozen=True, kw_only=True):
    stream_id: str
    reason: str


class TellViewers(Message, frozen=True, kw_only=True):
    """A stage or fault that viewers should read while they wait."""

    stream_id: str
    stage: str
    detail: str
    fix: str


class EndSession(Message, frozen=True, kw_only=True):
    session_id: str


class MakeSnapshot(Message, frozen=True, kw_only=True):
    ask: int
    point_id: str


class MakeClip(Message, frozen=True, kw_only=True):
    ask: int
    point_id: str
    clip_id: str
    from_ms: int
    until_ms: int


class OpenPlayback(Message, frozen=True, kw_only=True):
    """Who has the ticket of this playback may see this range of the point; `holes` with the causes that the books know."""

    ask: int
    playback_id: str
    point_id: str
    from_ms: int
    until_ms: int
    holes: list[Hole]
    carries_sound: bool


class ClosePlayback(Message, frozen=True, kw_only=True):
    """Nobody came in time."""

    playback_id: str


class MakeStill(Message, frozen=True, kw_only=True):
    """The picture of one recorded moment."""

    ask: int
    point_id: str
    at_ms: int


class Discard(Message, frozen=True, kw_only=True):
    ask: int
    names: list[str]


class HourKept(Message, frozen=True, kw_only=True):
    """The row of this closed hour is durable: strike its name from the journal."""

    name: str


class Stop(Message, frozen=True, kw_only=True):
    """Close all files and end."""


# --- reports


class Ready(Message, frozen=True, kw_only=True):
    pid: int
    http_port: int
    recovered: int


class Done(Message, frozen=True, kw_only=True):
    """Answer to a command that has none of its own."""

    ask: int


class Refused(Message, frozen=True, kw_only=True):
    ask: int
    sentence: str
    fix: str = ""


class SnapshotMade(Message, frozen=True, kw_only=True):
    ask: int
    jpeg: bytes


class ClipCut(Message, frozen=True, kw_only=True):
    ask: int
    object_key: str
    from_ms: int
    until_ms: int
    seconds: float
    sha256: str
    size_bytes: int
    holes: list[Hole]


class Discarded(Message, frozen=True, kw_only=True):
    ask: int
    missing: list[str]


class StreamReached(Message, frozen=True, kw_only=True):
    """ "first-packet" or "first-key-frame" """

    stream_id: str
    stage: str
    detail: str


class StreamSilent(Message, frozen=True, kw_only=True):
    """No usable packet for so long; the worker goes on listening until it is told to close."""

    stream_id: str
    seconds: float
    detail: str


class StreamNoted(Message, frozen=True, kw_only=True):
    """Something odd that people should read in the stream's trace; it goes on."""

    stream_id: str
    detail: str


class StreamBroken(Message, frozen=True, kw_only=True):
    """The device closed its TCP connection."""

    stream_id: str
    detail: str


class Viewers(Message, frozen=True, kw_only=True):
    stream_id: str
    count: int


class PlaybackEnded(Message, frozen=True, kw_only=True):
    playback_id: str
    seconds: float
    size_bytes: int
    first_ms: int
    last_ms: int


class HourOpened(Message, frozen=True, kw_only=True):
    name: str
    point_id: str
    from_ms: int


class HourClosed(Message, frozen=True, kw_only=True):
    name: str
    point_id: str
    from_ms: int
    until_ms: int
    size_bytes: int
    index_bytes: int
    index_sha256: str
    gops: int
    was_torn: bool


class HourDropped(Message, frozen=True, kw_only=True):
    name: str


class GapSeen(Message, frozen=True, kw_only=True):
    point_id: str
    from_ms: int
    until_ms: int
    cause: str


class RecordingFailed(Message, frozen=True, kw_only=True):
    """The disk refused a write; the recorder tries again by itself."""

    point_id: str
    cause: str
    detail: str


class Alive(Message, frozen=True, kw_only=True):
    """Every second, from the loop: a disk that stalls must not make the worker seem dead."""

    streams: list[str] = []
    """all that are open, so that one that nobody knows any more is closed"""


class Counters(Message, frozen=True, kw_only=True):
    """Every two seconds, or as often as files are synced."""

    recorded_until: dict[str, int]
    """open hour → end of its last GOP on the disk"""
    free_bytes: int
    figures: dict[str, int]


Command = (
    Configure
    | Beat
    | OpenReceiver
    | SenderKnown
    | CarrySound
    | Record
    | CloseReceiver
    | TellViewers
    | EndSession
    | MakeSnapshot
    | MakeClip
    | OpenPlayback
    | ClosePlayback
    | MakeStill
    | Discard
    | HourKept
    | Stop
)
Answer = Done | Refused | SnapshotMade | ClipCut | Discarded
Report = (
    Ready
    | Answer
    | StreamReached
    | StreamSilent
    | StreamBroken
    | StreamNoted
    | Viewers
    | PlaybackEnded
    | HourOpened
    | HourClosed
    | HourDropped
    | GapSeen
    | RecordingFailed
    | Alive
    | Counters
)

"""Recorded hours (one row per point and hour file), the gaps between them, and clips cut out of them.

Owns: what was recorded, what is missing and why. Must not know: MP4, folders, workers.
Moments are milliseconds since 1970 UTC (`_ms`), as the index of the hour file has them.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from fengtai.vocabulary.events import Event


class HourState(Enum):
    OPEN = "open"
    """a worker writes it"""
    CLOSED = "closed"
    """complete: length and digest of the row are those of the files"""
    DISCARDED = "discarded"
    """retention has decided; the files are being unlinked, then the row goes"""


class GapCause(Enum):
    DEVICE_OFFLINE = "device-offline"
    STREAM_LOST = "stream-lost"
    WORKER_RESTARTED = "worker-restarted"
    PLATFORM_DOWN = "platform-down"
    DISK = "disk"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHour:
    """One file of one point; normally one an hour, more when the stream or a worker was restarted within it."""

    name: str
    """its name on the shelf, without suffix"""
    point_id: str
    from_ms: int
    until_ms: int
    """end of the last whole GOP known so far"""
    size_bytes: int = 0
    index_bytes: int = 0
    index_sha256: str = ""
    """of the index, which has the CRC of every GOP; empty while open"""
    gops: int = 0
    state: HourState = HourState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A range in which a point that should be recorded was not."""

    point_id: str
    from_ms: int
    until_ms: int | None
    """None while it lasts"""
    cause: GapCause


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipGap:
    """A hole inside a clip."""

    from_ms: int
    until_ms: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipMade:
    object_key: str
    """its name in the store of objects"""
    from_ms: int
    """first picture; not later than what was asked, when that was recorded"""
    until_ms: int
    seconds: float
    sha256: str
    size_bytes: int
    gaps: tuple[ClipGap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackAsked:
    """What is to be played back, of whom for whom; moments are UTC ms."""

    point_id: str
    from_ms: int
    until_ms: int
    """nothing after it is shown, wherever the player seeks"""
    session_id: str
    """the ticket dies with it"""
    host: str = ""
    """by which name the console reached us"""
    carries_sound: bool = False
    """the point's policy now: sound recorded before it was changed is kept, not played"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackPlace:
    """Where a playback is seen: a media worker, and a ticket for it."""

    playback_id: str
    url: str
    """WebSocket address, ticket included"""
    expires_ms: int
    """until when it must be opened"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackShown:
    """What was seen of a playback that has ended."""

    playback_id: str
    seconds: float
    """of recording that were sent"""
    size_bytes: int
    first_ms: int
    """of what was sent; 0: nothing was"""
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How long the disk lasts, and how many days of recordings it can keep."""

    bytes_per_day: int
    """as recorded in the last 24 hours; 0: nothing was"""
    kept_bytes: int
    oldest_ms: int | None
    free_bytes: int | None
    """None: no media worker has told yet"""
    reserve_bytes: int
    days_until_full: float | None
    """None: it is not being filled, or the free space is not known"""
    days_kept_when_full: float | None
    """what is kept now and what still fits, at the pace of today"""
    floor_days: int

    @property
    def is_enough(self) -> bool | None:
        """None: it cannot be told yet."""
        return None if self.days_kept_when_full is None else self.days_kept_when_full >= self.floor_days


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPoint:
    """A bound point whose policy says that it is recorded."""

    point_id: str
    device_id: str
    channel_id: str
    point_class: int = 3
    """1, 2, 3 or 9 (other)"""
    online: bool = True
    """its device is online and accepted"""
    carries_sound: bool = False
    """its policy lets sound beyond the receiver"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFound(Event):
    """A time that should have been recorded was not."""

    kind: ClassVar[str] = "recordings.gap_found"
    needs: ClassVar[str] = "playback.see"
    point_id: str
    from_ms: int
    until_ms: int | None
    """null while the gap lasts"""
    cause: str
    organisation_id: str = ""
    area_code: str = ""
    point_class: int = 0

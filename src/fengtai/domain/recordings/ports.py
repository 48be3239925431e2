"""What recordings need from outside: rows, the shelf that holds the files, and the points that are to be recorded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.recordings.model import (
    ClipMade,
    Gap,
    GapCause,
    HourState,
    PlaybackAsked,
    PlaybackPlace,
    PlaybackShown,
    RecordedHour,
    WantedPoint,
)


class HourStore(Protocol):
    """One row per hour file, by name."""

    def get(self, name: str) -> RecordedHour | None: ...

    def save(self, hour: RecordedHour) -> None: ...

    def delete(self, name: str) -> None: ...

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[RecordedHour]:
        """Hours that overlap the range, discarded ones left out, oldest first."""

    def newest_of_point(self, point_id: str) -> RecordedHour | None: ...

    def in_state(self, state: HourState, *, limit: int = 500) -> Sequence[RecordedHour]: ...

    def closed_before(
        self, until_ms: int, *, after: tuple[int, str] = (0, ""), limit: int = 200
    ) -> Sequence[RecordedHour]:
        """Closed hours that end before this moment, by (end, name), from after that place on."""

    def page(self, *, after_name: str = "", limit: int = 500) -> Sequence[RecordedHour]:
        """All hours by name, for the checker."""

    def closed_bytes_since(self, until_ms: int) -> int:
        """Bytes of the closed hours that end after this moment."""

    def kept(self) -> tuple[int, int | None]:
        """Bytes of all closed hours, and the first moment of the oldest (None: there is none)."""


class GapStore(Protocol):
    """Gaps, by point and start."""

    def save(self, gap: Gap) -> None: ...

    def lasting(self, point_id: str) -> Gap | None:
        """The gap that has not ended yet, if there is one."""

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[Gap]:
        """Gaps that overlap the range, oldest first."""

    def delete(self, point_id: str, from_ms: int) -> None: ...

    def delete_before(self, point_id: str, until_ms: int) -> None: ...


class Shelf(Protocol):
    """Where the files stand; `media.remote_shelf` implements it."""

    async def discard(self, names: Sequence[str]) -> Sequence[str]:
        """Unlink data and index, fsync their folders. Return the names that were absent already (I2 was broken)."""

    def free_bytes(self) -> int | None:
        """Free space where recordings are written; None while no worker has told."""

    @property
    def reserve_bytes(self) -> int:
        """Free space at which recording begins to stop."""


class HourReports(Protocol):
    """Who keeps the books of what workers write; `RecordingLedger` implements it, media calls it."""

    async def hour_opened(self, hour: RecordedHour) -> None: ...

    async def hour_closed(self, hour: RecordedHour) -> None:
        """Durable on return: the worker then strikes the name from its journal."""

    async def hour_dropped(self, name: str) -> None:
        """Recovery found nothing whole in it and removed the files."""

    async def gap_found(self, gap: Gap) -> None:
        """A worker saw a hole within a stream that goes on."""

    async def gap_began(self, point_id: str, cause: GapCause) -> None:
        """Recording of this point has stopped; the gap starts where the last recorded GOP ended."""

    async def recorded_until(self, hours: Mapping[str, int]) -> None:
        """Name of an open hour → end of its last GOP on the disk; told every few seconds."""


class GapBook(Protocol):
    """Tells why something is missing; `RecordingLedger` implements it."""

    async def gaps(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[Gap]: ...


class RecordedPoints(Protocol):
    """Which points are to be recorded; the wiring implements it over points and devices."""

    async def wanted(self) -> Sequence[WantedPoint]: ...


class Clips(Protocol):
    """Cuts a range out of a point's recordings, the open hour included; `media.clips` implements it."""

    async def make_clip(self, point_id: str, start: datetime, until: datetime, clip_id: str) -> ClipMade:
        """Cover the range with whole GOPs (so it may begin up to one GOP early); nothing is padded, holes are told.
        The same `clip_id` again overwrites. Raise Unavailable with the cause when nothing of it was recorded."""


class Player(Protocol):
    """Shows what was recorded; `media.playback` implements it."""

    async def open(
        self, asked: PlaybackAsked, gaps: Sequence[Gap], ended: Callable[[PlaybackShown], None]
    ) -> PlaybackPlace:
        """Return where it is seen. `ended` is called when the player has gone, or never came. Raise Unavailable."""

    async def still(self, point_id: str, at_ms: int) -> bytes:
        """The picture of this moment as JPEG: the last one that begins at it or before it, by at most ten seconds. Raise
        Unavailable when there is none."""

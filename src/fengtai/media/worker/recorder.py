"""Collects the access units of one point into GOPs and gives them to the scribe. Knows when a new file begins."""

from collections.abc import Callable
from typing import Protocol

from fengtai.media.shelf.names import next_rollover_ms
from fengtai.media.worker.fragments import init_of, pieces_of
from fengtai.media.worker.scribe import Gop
from fengtai.media.worker.sound import RunMaker, TimedSound
from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols.elementary import ParameterSets

LEAST_GAP_MS = 2_000
MOST_GOP_MS = 90_000
MOST_GOP_BYTES = 64 << 20
MOST_SOUNDS = 8_192
"""frames of sound of one GOP: what a camera sends beyond is dropped"""
RETRY_MS = 10_000
"""after a fault of the disk"""
GUESSED_DURATION_90K = 3_600
"""of a picture without a successor: 25 frames a second"""


class Store(Protocol):
    """Where GOPs go; the scribe."""

    def store(self, gop: Gop) -> bool: ...

    def close_point(self, point_id: str) -> None: ...


Hole = Callable[[int, int, str], None]
"""from, until (UTC ms), cause"""


class Recorder:
    """Feed it every unit of the stream; call `stop` at its end."""

    def __init__(self, point_id: str, store: Store, hole: Hole) -> None:
        self.point_id = point_id
        self._store, self._hole = store, hole
        self._gop: list[TimedUnit] = []
        self._sounds: list[TimedSound] = []
        """that came since the key frame"""
        self._runs: RunMaker | None = None
        """of the file's track of sound; None: it has none"""
        self._gop_bytes = 0
        self._sets: ParameterSets | None = None
        self._file_start_90k = 0
        self._rollover_ms: int | None = None
        """None: the next GOP begins a new file"""
        self._not_before_ms = 0
        self.end_ms: int | None = None
        """of the last GOP given to the store, or told as a hole"""
        self._end_90k = 0
        """the same end, in the stream's media time"""
        self._sequence = 0

    def take(self, timed: TimedUnit) -> None:
        if timed.unit.is_key and timed.unit.parameter_sets is not None:
            self._finish(timed)
            self._gop, self._gop_bytes = [timed], timed.unit.size_bytes
        elif self._gop:
            self._gop.append(timed)
            self._gop_bytes += timed.unit.size_bytes
            if self._gop_bytes > MOST_GOP_BYTES or timed.utc_ms - self._gop[0].utc_ms > MOST_GOP_MS:
                self._finish(None)

    def take_sound(self, sound: TimedSound) -> None:
        if self._gop and len(self._sounds) < MOST_SOUNDS:
            self._sounds.append(sound)

    def failed(self) -> None:
        """The scribe could not write: begin a new file, a little later."""
        self._rollover_ms = None
        if self.end_ms is not None:
            self._not_before_ms = self.end_ms + RETRY_MS

    def stop(self) -> None:
        self._finish(None)
        self._store.close_point(self.point_id)
        self._rollover_ms = None

    def _finish(self, following: TimedUnit | None) -> None:
        units, self._gop = self._gop, []
        sounds, self._sounds = self._sounds, []
        if not units or units[0].utc_ms < self._not_before_ms:
            return
        last_90k = _last_duration_90k(units, following)
        start_ms = units[0].utc_ms
        if self.end_ms is not None:
            if start_ms - self.end_ms >= LEAST_GAP_MS and self._rollover_ms is not None:
                # pictures that follow each other in the camera's time: nothing was lost, a clock has been set
                is_clock = abs(units[0].media_90k - self._end_90k) < LEAST_GAP_MS * 90
                self._hole(self.end_ms, start_ms, "clock" if is_clock else "stream-lost")
            # the slow correction of the clock must not make files overlap
            start_ms = max(start_ms, self.end_ms)
        sets = units[0].unit.parameter_sets
        begins_file = self._rollover_ms is None or start_ms >= self._rollover_ms or sets != self._sets
        begins_file = begins_file or self._sound_changed(sounds)
        if begins_file:
            self._sets, self._file_start_90k = sets, units[0].media_90k
            self._rollover_ms = next_rollover_ms(self.point_id, start_ms)
            self._sequence = 0
            self._runs = RunMaker(sounds[0].track, self._file_start_90k) if sounds else None
        assert self._sets is not None
        self._sequence += 1
        duration_ms = round((units[-1].media_90k + last_90k - units[0].media_90k) / 90)
        pieces = pieces_of(
            self._sequence,
            units,
            origin_90k=self._file_start_90k,
            last_duration_90k=last_90k,
            audio=self._runs.run(sounds) if self._runs is not None and sounds else None,
        )
        gop = Gop(
            point_id=self.point_id,
            init=init_of(self._sets, self._runs.track if self._runs else None) if begins_file else None,
            pieces=pieces,
            size_bytes=sum(map(len, pieces)),
            start_ms=start_ms,
            duration_ms=duration_ms,
            frames=len(units),
            is_damaged=any(timed.unit.is_damaged or timed.unit.follows_loss for timed in units),
        )
        self.end_ms = start_ms + duration_ms
        self._end_90k = units[-1].media_90k + last_90k
        if not self._store.store(gop):
            self._hole(start_ms, start_ms + duration_ms, "disk")
            if begins_file:
                self._rollover_ms = None

    def _sound_changed(self, sounds: list[TimedSound]) -> bool:
        """A file has one track of sound or none, of one kind; where sound is only missing for a while, it goes on."""
        return bool(sounds) and (self._runs is None or sounds[0].track != self._runs.track)


def _last_duration_90k(units: list[TimedUnit], following: TimedUnit | None) -> int:
    if following is not None:
        until_next = following.media_90k - units[-1].media_90k
        if 0 < until_next < LEAST_GAP_MS * 90:
            return until_next
    if len(units) > 1:
        return max(1, (units[-1].media_90k - units[0].media_90k) // (len(units) - 1))
    return GUESSED_DURATION_90K

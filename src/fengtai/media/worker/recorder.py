"""Collects the access units of one point into GOPs and gives them to the scribe. Knows when a new file begins."""

from collections.abc import Callable
from typing import Protocol

from fengtai.media.shelf.names import next_rollover_ms
from fengtai.media.worker.fragments import fragment_of, init_of
from fengtai.media.worker.scribe import Gop
from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols.elementary import ParameterSets

LEAST_GAP_MS = 2_000
MOST_GOP_MS = 90_000
MOST_GOP_BYTES = 64 << 20
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
        self._gop_bytes = 0
        self._sets: ParameterSets | None = None
        self._file_start_90k = 0
        self._rollover_ms: int | None = None
        """None: the next GOP begins a new file"""
        self._not_before_ms = 0
        self.end_ms: int | None = None
        """of the last GOP given to the store, or told as a hole"""
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
        if not units or units[0].utc_ms < self._not_before_ms:
            return
        last_90k = _last_duration_90k(units, following)
        start_ms = units[0].utc_ms
        if self.end_ms is not None:
            if start_ms - self.end_ms >= LEAST_GAP_MS and self._rollover_ms is not None:
                self._hole(self.end_ms, start_ms, "stream-lost")
            # the slow correction of the clock must not make files overlap
            start_ms = max(start_ms, self.end_ms)
        sets = units[0].unit.parameter_sets
        begins_file = self._rollover_ms is None or start_ms >= self._rollover_ms or sets != self._sets
        if begins_file:
            self._sets, self._file_start_90k = sets, units[0].media_90k
            self._rollover_ms = next_rollover_ms(self.point_id, start_ms)
            self._sequence = 0
        assert self._sets is not None
        self._sequence += 1
        duration_ms = round((units[-1].media_90k + last_90k - units[0].media_90k) / 90)
        gop = Gop(
            point_id=self.point_id,
            init=init_of(self._sets) if begins_file else None,
            fragment=fragment_of(self._sequence, units, origin_90k=self._file_start_90k, last_duration_90k=last_90k),
            start_ms=start_ms,
            duration_ms=duration_ms,
            frames=len(units),
            is_damaged=any(timed.unit.is_damaged or timed.unit.follows_loss for timed in units),
        )
        self.end_ms = start_ms + duration_ms
        if not self._store.store(gop):
            self._hole(start_ms, start_ms + duration_ms, "disk")
            if begins_file:
                self._rollover_ms = None


def _last_duration_90k(units: list[TimedUnit], following: TimedUnit | None) -> int:
    if following is not None:
        until_next = following.media_90k - units[-1].media_90k
        if 0 < until_next < LEAST_GAP_MS * 90:
            return until_next
    if len(units) > 1:
        return max(1, (units[-1].media_90k - units[0].media_90k) // (len(units) - 1))
    return GUESSED_DURATION_90K

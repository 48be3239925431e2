"""From a device's time stamps to our media time and UTC. Pure.

Stamps of cameras jump (clock set, reboot, wrap) and drift. Media time goes on by their differences as long as those are
plausible, else by what has passed here; UTC follows the arrival slowly, so that jitter does not shake it.
"""

from dataclasses import dataclass

from fengtai.protocols.elementary import AccessUnit

MOST_STEP_90K = 5 * 90_000
"""a step of the device's stamps larger than this must agree with the time that has passed here"""
MOST_ERROR_MS = 2_000.0
FOLLOW = 1 / 64


@dataclass(frozen=True, slots=True)
class TimedUnit:
    """An access unit with its place in time."""

    unit: AccessUnit
    media_90k: int
    """runs on from the start of the stream, without the device's jumps"""
    utc_ms: int


class TimeLine:
    def __init__(self) -> None:
        self._last_pts: int | None = None
        self._last_arrival_ms = 0.0
        self._media_90k = 0
        self._offset_ms = 0.0
        """UTC of media time 0"""
        self.jumps = 0

    def place(self, unit: AccessUnit, arrival_ms: float) -> TimedUnit:
        if self._last_pts is None:
            self._offset_ms = arrival_ms
        else:
            self._media_90k += self._step(unit.pts_90k - self._last_pts, arrival_ms - self._last_arrival_ms)
        self._last_pts, self._last_arrival_ms = unit.pts_90k, arrival_ms
        error_ms = arrival_ms - (self._offset_ms + self._media_90k / 90)
        self._offset_ms += error_ms if abs(error_ms) > MOST_ERROR_MS else error_ms * FOLLOW
        return TimedUnit(unit, self._media_90k, round(self._offset_ms + self._media_90k / 90))

    def _step(self, stamps_90k: int, passed_ms: float) -> int:
        passed_90k = round(passed_ms * 90)
        if -90_000 < stamps_90k < MOST_STEP_90K or abs(stamps_90k - passed_90k) < 90_000:
            return stamps_90k
        self.jumps += 1
        return max(0, passed_90k)

"""From a device's time stamps to our media time and UTC. Pure.

Stamps of cameras jump (clock set, reboot, wrap) and drift. Media time goes on by their differences as long as those are
plausible, else by what has passed here; UTC follows the arrival slowly, so that jitter does not shake it.
"""

from msgspec import Struct

from fengtai.protocols.elementary import AccessUnit

MOST_STEP_90K = 5 * 90_000
"""a step of the device's stamps larger than this must agree with the time that has passed here"""
MOST_ERROR_MS = 2_000.0
FOLLOW = 1 / 64
STANDING_STAMPS = 3
"""so many pictures with one stamp: the camera sends none, and the pace is taken from the arrival"""
DRIFT_AFTER_MS = 60_000.0


class TimedUnit(Struct, frozen=True, gc=False):
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
        self.missing = 0
        """pictures without a time stamp of their own"""
        self._standing = 0
        self._pace_ms = 40.0
        """between pictures, while stamps stand still"""
        self._since: tuple[float, int] | None = None
        """arrival and media time from which drift is measured"""

    @property
    def drift_ppm(self) -> int | None:
        """How much faster (or slower, below 0) the camera's clock runs than ours; None: not measured for a minute yet."""
        if self._since is None:
            return None
        passed_ms = self._last_arrival_ms - self._since[0]
        if passed_ms < DRIFT_AFTER_MS:
            return None
        return round(((self._media_90k - self._since[1]) / 90 - passed_ms) / passed_ms * 1_000_000)

    def place(self, unit: AccessUnit, arrival_ms: float) -> TimedUnit:
        if self._last_pts is None:
            self._offset_ms = arrival_ms
        else:
            self._media_90k += self._step(unit.pts_90k - self._last_pts, arrival_ms - self._last_arrival_ms)
        self._last_pts, self._last_arrival_ms = unit.pts_90k, arrival_ms
        error_ms = arrival_ms - (self._offset_ms + self._media_90k / 90)
        if self._since is None or abs(error_ms) > MOST_ERROR_MS:
            self._since = arrival_ms, self._media_90k
        self._offset_ms += error_ms if abs(error_ms) > MOST_ERROR_MS else error_ms * FOLLOW
        return TimedUnit(unit, self._media_90k, round(self._offset_ms + self._media_90k / 90))

    def _step(self, stamps_90k: int, passed_ms: float) -> int:
        if 0 < stamps_90k < MOST_STEP_90K:
            self._standing = 0
            return stamps_90k
        if stamps_90k == 0:
            return self._pace(passed_ms)
        if -90_000 < stamps_90k < 0:
            return stamps_90k
        passed_90k = round(passed_ms * 90)
        if abs(stamps_90k - passed_90k) < 90_000:
            return stamps_90k
        self.jumps += 1
        self._since = None
        return max(0, passed_90k)

    def _pace(self, passed_ms: float) -> int:
        """Pictures that are read in one round have one arrival: their pace is the mean of what has passed."""
        self._standing += 1
        self._pace_ms += (min(passed_ms, MOST_ERROR_MS) - self._pace_ms) / 16
        if self._standing < STANDING_STAMPS:
            return 0
        self.missing += 1
        return max(1, round(self._pace_ms * 90))

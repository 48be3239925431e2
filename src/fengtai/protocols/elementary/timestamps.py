"""Time stamps that wrap (RTP: 32 bits, PES: 33 bits) made into numbers that do not, and those that are missing made up."""


class TimestampUnwrapper:
    """Gives each stamp the value nearest to the one before: small steps back stay small, wraps go on upwards."""

    __slots__ = ("_half", "_last", "_modulus")

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._half = self._modulus >> 1
        self._last: int | None = None

    def unwrap(self, stamp: int) -> int:
        last = self._last
        if last is None:
            self._last = stamp
            return stamp
        step = (stamp - last) % self._modulus
        if step >= self._half:
            step -= self._modulus
        self._last = last + step
        return self._last


class PresentationTimes:
    """PTS of one stream, of program and transport streams alike, in which some PES have none."""

    __slots__ = ("_last", "_unwrapper")

    def __init__(self) -> None:
        self._unwrapper = TimestampUnwrapper(33)
        self._last: tuple[int, int] | None = None
        """(PTS, time stamp of the transport) of the last PES that had a PTS"""

    def moment(self, pts: int | None, timestamp: int) -> int:
        """The unwrapped PTS; without one, the last PTS carried on by the time stamps of the transport."""
        if pts is not None:
            moment = self._unwrapper.unwrap(pts)
            self._last = (moment, timestamp)
            return moment
        if self._last is None:
            return timestamp
        return self._last[0] + timestamp - self._last[1]

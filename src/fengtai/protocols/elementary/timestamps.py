"""Time stamps that wrap (RTP: 32 bits, PES: 33 bits) made into numbers that do not."""


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

"""RTP ports and SSRCs: each belongs to one stream, and rests after use, because the old sender may still be sending.

Pure; `now` is the loop's clock in seconds.
"""

from collections import deque

from fengtai.media.settings import port_range
from fengtai.vocabulary.errors import Unavailable


class _Resting:
    """Numbers that are free, in use, or resting; the one longest unused is given first."""

    def __init__(self, numbers: range, rest_seconds: float, what: str) -> None:
        self._free = deque(numbers)
        self._resting: deque[tuple[float, int]] = deque()
        self._rest_seconds, self._what = rest_seconds, what

    def take(self, now: float) -> int:
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])
        if not self._free:
            raise Unavailable(f"all {self._what} are in use or resting")
        return self._free.popleft()

    def give_back(self, number: int, now: float) -> None:
        self._resting.append((now + self._rest_seconds, number))


class PortPool(_Resting):
    """Even ports of the range (RFC 3550 11; the odd one is for RTCP)."""

    def __init__(self, ports: str, rest_seconds: float) -> None:
        numbers = port_range(ports)
        first = numbers.start + numbers.start % 2
        what = f"RTP ports ({ports}): widen media.ports"
        super().__init__(range(first, numbers.stop, 2), rest_seconds, what)


class SsrcPool:
    """y= of GB/T 28181: [0 live][digits 4 to 8 of the SIP domain][4 digits]; 10,000 per domain."""

    def __init__(self, domain: str, rest_seconds: float) -> None:
        self._base = int(domain[3:8].ljust(5, "0")) * 10_000
        self._serials = _Resting(range(1, 10_000), rest_seconds, "SSRCs of this SIP domain")

    def take(self, now: float) -> int:
        return self._base + self._serials.take(now)

    def give_back(self, ssrc: int, now: float) -> None:
        self._serials.give_back(ssrc - self._base, now)

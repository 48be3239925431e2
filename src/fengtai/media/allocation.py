"""RTP ports and SSRCs: each belongs to one stream, and rests after use, because the old sender may still be sending.

A port that rests goes back at once to the point that had it: what may still come is that point's own camera, with another
SSRC than the one that is asked for now. So as many ports as cameras are enough, however often their streams start anew.
Pure; `now` is the loop's clock in seconds.
"""

from collections import OrderedDict, deque

from fengtai.media.settings import port_range
from fengtai.vocabulary.errors import Unavailable


class _Resting:
    """Numbers that are free, in use, or resting; the one longest unused is given first."""

    def __init__(self, numbers: range, rest_seconds: float, what: str) -> None:
        self._count = len(numbers)
        self._free = deque(numbers)
        self._resting: OrderedDict[int, tuple[float, str]] = OrderedDict()
        """number → until when, and whose it was; the order is that of the ends, since all rest equally long"""
        self._last_of: dict[str, int] = {}
        """owner → the number of his that rests"""
        self._rest_seconds, self._what = rest_seconds, what

    def take_own(self, owner: str) -> int | None:
        """The number that this owner gave back last, if it still rests."""
        own = self._last_of.pop(owner, None)
        if own is not None:
            del self._resting[own]
        return own

    def take(self, now: float) -> int:
        self._wake(now)
        if not self._free:
            raise Unavailable(f"all {self._count} {self._what} are taken ({len(self._resting)} of them rest after use)")
        return self._free.popleft()

    def give_back(self, number: int, now: float, owner: str = "", *, unused: bool = False) -> None:
        """`unused`: no device was ever asked to send there, so that it need not rest."""
        if unused:
            self._free.append(number)
            return
        self._resting[number] = (now + self._rest_seconds, owner)
        if owner:
            self._last_of[owner] = number

    def rested_at(self, now: float) -> float | None:
        """When the next one that rests is free; None: there is none."""
        self._wake(now)
        return next((until for until, _ in self._resting.values()), None)

    def _wake(self, now: float) -> None:
        while self._resting:
            number, (until, owner) = next(iter(self._resting.items()))
            if until > now:
                return
            del self._resting[number]
            if self._last_of.get(owner) == number:
                del self._last_of[owner]
            self._free.append(number)


class PortPool(_Resting):
    """Even ports of the range (RFC 3550 11; the odd one is for RTCP)."""

    def __init__(self, ports: str, rest_seconds: float) -> None:
        numbers = port_range(ports)
        first = numbers.start + numbers.start % 2
        what = f"RTP ports ({ports}; widen media.ports)"
        super().__init__(range(first, numbers.stop, 2), rest_seconds, what)


class SsrcPool:
    """y= of GB/T 28181: [0 live][digits 4 to 8 of the SIP domain][4 digits]; 10,000 per domain."""

    def __init__(self, domain: str, rest_seconds: float) -> None:
        self._base = int(domain[3:8].ljust(5, "0")) * 10_000
        self._serials = _Resting(range(1, 10_000), rest_seconds, "SSRCs of this SIP domain")

    def take(self, now: float) -> int:
        return self._base + self._serials.take(now)

    def give_back(self, ssrc: int, now: float, *, unused: bool = False) -> None:
        self._serials.give_back(ssrc - self._base, now, unused=unused)

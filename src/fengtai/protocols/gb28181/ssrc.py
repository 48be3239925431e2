"""SSRCs of a SIP domain (GB/T 28181-2022 annex G, y=): [0 live, 1 history][digits 4 to 8 of the domain][serial 0000-9999].

A number that was given back rests for a while: devices go on sending after a lost BYE, and a reused SSRC would mix
pictures.
"""

from collections import deque

from fengtai.vocabulary.errors import Invalid, TooMany

PER_DOMAIN = 10_000
REST_SECONDS = 30.0


class SsrcPool:
    """The live SSRCs of one domain."""

    def __init__(self, domain: str, *, first: int = 0) -> None:
        if len(domain) < 8 or not domain.isdigit():
            raise Invalid(f"{domain[:20]!r} is not a SIP domain of ten digits", field="domain")
        self._base = int(f"0{domain[3:8]}0000")
        self._free: deque[int] = deque((first + step) % PER_DOMAIN for step in range(PER_DOMAIN))
        self._resting: deque[tuple[float, int]] = deque()
        self._taken: set[int] = set()

    def take(self, now: float) -> int:
        """Raise TooMany when ten thousand streams run."""
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])
        if not self._free:
            raise TooMany("all SSRCs of the SIP domain are in use; stop streams that nobody watches")
        serial = self._free.popleft()
        self._taken.add(serial)
        return self._base + serial

    def give_back(self, ssrc: int, now: float) -> None:
        serial = ssrc - self._base
        if serial in self._taken:
            self._taken.remove(serial)
            self._resting.append((now + REST_SECONDS, serial))

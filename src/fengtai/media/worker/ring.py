"""The last key frame and what followed it: what a new viewer begins with, and what a snapshot is made of. Pure."""

from fengtai.media.worker.timeline import TimedUnit

MOST_BYTES = 32 << 20
MOST_UNITS = 3_000


class GopRing:
    """One GOP, bounded. A GOP above the bound is dropped to its key frame: late viewers then wait for the next one."""

    def __init__(self) -> None:
        self._units: list[TimedUnit] = []
        self._bytes = 0
        self._is_cut = False

    def add(self, timed: TimedUnit) -> None:
        if timed.unit.is_key:
            self._units, self._bytes, self._is_cut = [], 0, False
        elif not self._units or self._is_cut:
            return
        self._units.append(timed)
        self._bytes += timed.unit.size_bytes
        if self._bytes > MOST_BYTES or len(self._units) > MOST_UNITS:
            self._units, self._is_cut = self._units[:1], True

    def clear(self) -> None:
        self._units, self._bytes, self._is_cut = [], 0, False

    @property
    def units(self) -> tuple[TimedUnit, ...]:
        """Decodable from the first; empty when a late viewer must wait."""
        return () if self._is_cut else tuple(self._units)

    @property
    def key_frame(self) -> TimedUnit | None:
        return self._units[0] if self._units else None

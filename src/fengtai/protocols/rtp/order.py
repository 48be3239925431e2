"""The reordering window: packets that came early wait a little for those before them (RFC 3550 A.1)."""

from collections.abc import Iterator
from dataclasses import dataclass

_MAX_GIVEN_UP = 512


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet without its header."""

    marker: bool
    payload_type: int
    timestamp: int
    payload: bytes
    at: float


class ReorderWindow:
    """Holds at most `packets` for at most `seconds`; then what is missing is given up as lost."""

    __slots__ = ("_given_up", "_packets", "_seconds", "held", "next_sequence")

    def __init__(self, packets: int, seconds: float) -> None:
        self._packets, self._seconds = packets, seconds
        self.held: dict[int, Arrived] = {}
        self.next_sequence: int | None = None
        self._given_up: dict[int, None] = {}

    def hold(self, sequence: int, packet: Arrived) -> None:
        self.held[sequence] = packet

    def take_back(self, sequence: int) -> bool:
        """Whether a packet that comes now had been given up (true: it is late) or seen (false: a duplicate)."""
        if sequence in self._given_up:
            del self._given_up[sequence]
            return True
        return False

    def in_order(self) -> Iterator[Arrived]:
        """What can go on now that the packet before it has."""
        while self.next_sequence is not None and self.held:
            packet = self.held.pop(self.next_sequence, None)
            if packet is None:
                return
            self.next_sequence = self.next_sequence + 1 & 0xFFFF
            yield packet

    def is_overdue(self, now: float) -> bool:
        if not self.held:
            return False
        return len(self.held) > self._packets or now - next(iter(self.held.values())).at > self._seconds

    def give_up(self) -> int:
        """Go on at the nearest held packet; return how many packets are missing before it."""
        expected = self.next_sequence or 0
        nearest = min((sequence - expected & 0xFFFF for sequence in self.held), default=0)
        for missing in range(expected, expected + min(nearest, _MAX_GIVEN_UP)):
            self._given_up[missing & 0xFFFF] = None
        while len(self._given_up) > _MAX_GIVEN_UP:
            del self._given_up[next(iter(self._given_up))]
        self.next_sequence = expected + nearest & 0xFFFF
        return nearest

    def begin_anew(self, sequence: int | None = None) -> None:
        self.held.clear()
        self._given_up.clear()
        self.next_sequence = sequence

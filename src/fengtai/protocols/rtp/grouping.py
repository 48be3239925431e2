"""Packets of one time stamp make a frame (GB/T 28181-2022 C.2.4).

Vendors differ in the marker: none, on every packet, on every PES. It is trusted only after it has stood on the last
packet of a frame and nowhere else; without it a frame is given when the next one begins, one frame later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.protocols.elementary import TimestampUnwrapper


@dataclass(frozen=True, slots=True)
class RtpGroup:
    """Payload of consecutive packets with one time stamp: a frame, or a piece of a very large one."""

    payload: bytes
    timestamp: int
    """unwrapped"""
    ends_frame: bool
    """false for a piece of a frame that was too large to be held"""
    lost: bool
    """packets are missing in it or right before it"""
    payload_type: int
    packets: Sequence[bytes] = ()
    """the same, packet by packet: where the edges matter (RFC 6184)"""


class FrameGrouper:
    """Feed packets in order to `add`; take groups from the list that it appends to."""

    __slots__ = (
        "_current",
        "_had_marker",
        "_hole",
        "_is_lost",
        "_marker_lies",
        "_marker_trusted",
        "_max_bytes",
        "_payload_type",
        "_payloads",
        "_size",
        "_unwrapped",
        "_unwrapper",
    )

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._unwrapper = TimestampUnwrapper(32)
        self._current = -1
        self._unwrapped = 0
        self._payload_type = 0
        self._payloads: list[bytes] = []
        self._size = 0
        self._is_lost = False
        self._hole = False
        self._had_marker = False
        self._marker_trusted = False
        self._marker_lies = False

    @property
    def timestamp(self) -> int:
        """The present frame's, as it stood in the packet; -1 before the first."""
        return self._current

    @property
    def payload_type(self) -> int:
        return self._payload_type

    def note_loss(self) -> None:
        """Packets are missing here: between those added before and those to come."""
        self._hole = True

    def add(self, marker: bool, payload_type: int, timestamp: int, payload: bytes, groups: list[RtpGroup]) -> None:
        if timestamp != self._current or payload_type != self._payload_type:
            if self._had_marker and not self._marker_lies:
                self._marker_trusted = True
            if self._payloads:
                # a hole may have taken the end of this frame as well as the beginning of the next
                self._is_lost |= self._hole
                self._give(True, groups)
            self._is_lost = self._hole
            self._hole = False
            self._current, self._payload_type = timestamp, payload_type
            self._unwrapped = self._unwrapper.unwrap(timestamp)
        elif self._hole:
            self._is_lost, self._hole = True, False
        elif self._had_marker:
            # the frame goes on after a marker: it does not mean the end here
            self._marker_lies, self._marker_trusted = True, False
        self._payloads.append(payload)
        self._size += len(payload)
        self._had_marker = marker
        if marker and self._marker_trusted:
            self._give(True, groups)
        elif self._size >= self._max_bytes:
            self._give(False, groups)

    def add_middle(self, payloads: list[bytes], groups: list[RtpGroup]) -> None:
        """As `add` for packets that go on with the present frame, type and time stamp, none of them with a marker."""
        if self._hole or self._had_marker or not self._payloads:
            for payload in payloads:
                self.add(False, self._payload_type, self._current, payload, groups)
            return
        self._payloads += payloads
        self._size += sum(map(len, payloads))
        if self._size >= self._max_bytes:
            self._give(False, groups)

    def finish(self, groups: list[RtpGroup]) -> None:
        """Give what is there: the stream ends or begins anew."""
        if self._payloads:
            self._give(True, groups)
        self._current, self._had_marker = -1, False

    def _give(self, ends_frame: bool, groups: list[RtpGroup]) -> None:
        payload = self._payloads[0] if len(self._payloads) == 1 else b"".join(self._payloads)
        groups.append(RtpGroup(payload, self._unwrapped, ends_frame, self._is_lost, self._payload_type, self._payloads))
        self._payloads = []
        self._size = 0
        if ends_frame:
            self._is_lost = False

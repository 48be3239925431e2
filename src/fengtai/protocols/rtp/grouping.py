"""Packets of one time stamp make a frame (GB/T 28181-2022 C.2.4).

Vendors differ in the marker: none, on every packet, on every PES. It is trusted only after it has stood on the last
packet of a frame and nowhere else; without it a frame is given when the next one begins, one frame later.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from msgspec import Struct

from fengtai.protocols.elementary import TimestampUnwrapper
from fengtai.protocols.rtp.bursts import GivenFrame, OpenFrame, ordinary_run


class RtpGroup(Struct, frozen=True, gc=False):
    """Payload of consecutive packets with one time stamp: a frame, or a piece of a very large one."""

    payload: bytes
    timestamp: int
    """unwrapped"""
    ends_frame: bool
    """false for a piece of a frame that was too large to be held"""
    lost: bool
    """packets are missing in it or right before it"""
    payload_type: int
    sizes_bytes: Sequence[int] = ()
    """how much of it each packet has brought"""

    @property
    def packets(self) -> list[bytes]:
        """The same, packet by packet: where the edges matter (RFC 6184)."""
        ends = accumulate(self.sizes_bytes, initial=0)
        return [self.payload[start:end] for start, end in pairwise(ends)]


class FrameGrouper:
    """Feed packets in order to `add`; take groups from the list that it appends to."""

    __slots__ = ("_hole", "_is_lost", "_max_bytes", "_open", "_unwrapped", "_unwrapper")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._unwrapper = TimestampUnwrapper(32)
        self._open = OpenFrame()
        self._unwrapped = 0
        self._is_lost = False
        self._hole = False

    @property
    def timestamp(self) -> int:
        """The present frame's, as it stood in the packet; -1 before the first."""
        return self._open.timestamp

    def note_loss(self) -> None:
        """Packets are missing here: between those added before and those to come."""
        self._hole = True

    def add(self, marker: bool, payload_type: int, timestamp: int, payload: bytes, groups: list[RtpGroup]) -> None:
        frame = self._open
        if timestamp != frame.timestamp or payload_type != frame.payload_type:
            if frame.had_marker and not frame.marker_lies:
                frame.marker_trusted = True
            if frame.sizes_bytes:
                # a hole may have taken the end of this frame as well as the beginning of the next
                self._is_lost |= self._hole
                self._give(True, groups)
            self._is_lost = self._hole
            self._hole = False
            frame.timestamp, frame.payload_type = timestamp, payload_type
            self._unwrapped = self._unwrapper.unwrap(timestamp)
        elif self._hole:
            self._is_lost, self._hole = True, False
        elif frame.had_marker:
            # the frame goes on after a marker: it does not mean the end here
            frame.marker_lies, frame.marker_trusted = True, False
        frame.parts.append(payload)
        frame.sizes_bytes.append(len(payload))
        frame.size_bytes += len(payload)
        frame.had_marker = marker
        if marker and frame.marker_trusted:
            self._give(True, groups)
        elif frame.size_bytes >= self._max_bytes:
            self._give(False, groups)

    def add_run(
        self, packets: Sequence[bytes], at: int, sequence: int, ssrc: int, groups: list[RtpGroup], begun: list[int]
    ) -> tuple[int, int, int]:
        """As `add` for as many of these whole packets as are ordinary: see `bursts.ordinary_run`, also for the answer."""
        frame = self._open
        if self._hole or self._is_lost or frame.timestamp < 0:
            return at, sequence, 0
        frames: list[GivenFrame] = []
        current = frame.timestamp
        run = ordinary_run(frame, packets, at, sequence, ssrc, self._max_bytes, frames, begun)
        beginnings = iter(begun)
        for timestamp, payload, sizes in frames:
            while current != timestamp:
                current = next(beginnings)
                self._unwrapped = self._unwrapper.unwrap(current)
            groups.append(RtpGroup(payload, self._unwrapped, True, False, frame.payload_type, sizes))
        for timestamp in beginnings:
            self._unwrapped = self._unwrapper.unwrap(timestamp)
        return run

    def finish(self, groups: list[RtpGroup]) -> None:
        """Give what is there: the stream ends or begins anew."""
        if self._open.sizes_bytes:
            self._give(True, groups)
        self._open.timestamp, self._open.had_marker = -1, False

    def _give(self, ends_frame: bool, groups: list[RtpGroup]) -> None:
        frame = self._open
        payload = frame.parts[0] if len(frame.parts) == 1 else b"".join(frame.parts)
        groups.append(
            RtpGroup(payload, self._unwrapped, ends_frame, self._is_lost, frame.payload_type, frame.sizes_bytes)
        )
        frame.parts, frame.sizes_bytes, frame.size_bytes = [], [], 0
        if ends_frame:
            self._is_lost = False

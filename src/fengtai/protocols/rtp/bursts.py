"""Runs of ordinary packets, recognised cheaply: what nearly all packets of nearly all cameras are.

Owns the definition of "ordinary"; whatever is not ends the run and is left to `StreamDeframer` and `RtpReceiver`. Compiled
twins (native_bursts.pyx) do the work where they have been built; those here define what they must give.
"""

from collections.abc import Sequence

from fengtai.protocols.rtp.packet import HEADER

_DOLLAR = 0x24
GivenFrame = tuple[int, bytes, list[int]]
"""time stamp, payload, size in bytes of each packet's share of it"""


class OpenFrameInPython:
    """The frame that is being received, and what is known of the sender's marker (see `grouping`)."""

    __slots__ = (
        "had_marker",
        "marker_lies",
        "marker_trusted",
        "parts",
        "payload_type",
        "size_bytes",
        "sizes_bytes",
        "timestamp",
    )

    def __init__(self) -> None:
        self.timestamp, self.payload_type = -1, 0
        self.parts: list[bytes] = []
        self.sizes_bytes: list[int] = []
        """of the packets; a part may hold several"""
        self.size_bytes = 0
        self.had_marker = self.marker_trusted = self.marker_lies = False


def plain_frames_in_python(buffer: bytes, is_dollar: bool) -> tuple[Sequence[bytes], int]:
    """The whole framed RTP packets at the beginning that follow each other, and where the first odd frame, RTCP or
    incomplete packet begins."""
    head, end, at = 4 if is_dollar else 2, len(buffer), 0
    packets: list[bytes] = []
    while at + head + 12 <= end:
        start = at + head
        size = buffer[start - 2] << 8 | buffer[start - 1]
        if not 12 <= size <= end - start or buffer[start] >> 6 != 2 or 192 <= buffer[start + 1] <= 223:
            break
        if is_dollar and (buffer[at] != _DOLLAR or buffer[at + 1] & 1):
            break
        at = start + size
        packets.append(buffer[start:at])
    return packets, at


def ordinary_run_in_python(
    frame: OpenFrameInPython,
    packets: Sequence[bytes],
    at: int,
    sequence: int,
    ssrc: int,
    most_bytes: int,
    frames: list[GivenFrame],
    begun: list[int],
) -> tuple[int, int, int]:
    """Take packets from `at` on while they come in order (`sequence` is the first one's number), from `ssrc`, of the
    frame's payload type, with bare headers, none of them after a marker in its own frame, no frame of `most_bytes`.

    Append the frames that end to `frames`, the time stamps of those that begin to `begun`; return the place of the first
    packet that is left, the number that should come there, and the bytes of payload that were taken.
    """
    unpack, count, total = HEADER.unpack_from, len(packets), 0
    while at < count:
        packet = packets[at]
        if len(packet) < 12:
            break
        flags, kind, number, timestamp, source = unpack(packet)
        if flags != 0x80 or kind & 0x7F != frame.payload_type or number != sequence or source != ssrc:
            break
        if 192 <= kind <= 223:
            break  # it may be RTCP
        size, is_new = len(packet) - 12, timestamp != frame.timestamp
        if size + (0 if is_new else frame.size_bytes) >= most_bytes or (frame.had_marker and not is_new):
            break
        if is_new:
            if frame.had_marker and not frame.marker_lies:
                frame.marker_trusted = True
            if frame.sizes_bytes:
                _give(frame, frames)
            frame.timestamp = timestamp
            begun.append(timestamp)
        frame.parts.append(packet[12:])
        frame.sizes_bytes.append(size)
        frame.size_bytes += size
        frame.had_marker = kind > 127
        total += size
        sequence = sequence + 1 & 0xFFFF
        at += 1
        if frame.had_marker and frame.marker_trusted:
            _give(frame, frames)
    return at, sequence, total


def _give(frame: OpenFrameInPython, frames: list[GivenFrame]) -> None:
    frames.append((frame.timestamp, b"".join(frame.parts), frame.sizes_bytes))
    frame.parts, frame.sizes_bytes, frame.size_bytes = [], [], 0


try:
    from fengtai.protocols.rtp.native_bursts import OpenFrame as OpenFrame
    from fengtai.protocols.rtp.native_bursts import ordinary_run as ordinary_run
    from fengtai.protocols.rtp.native_bursts import plain_frames as plain_frames

    IS_NATIVE = True
except ImportError:  # nobody has compiled them: the same, slower
    OpenFrame = OpenFrameInPython  # type: ignore[assignment,misc]
    ordinary_run = ordinary_run_in_python  # type: ignore[assignment]
    plain_frames = plain_frames_in_python
    IS_NATIVE = False

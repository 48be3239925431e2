"""Finds frames in what a TCP connection or a datagram delivers (5.5.1): LF, check, length, body, CR.

Tolerates what panels do: several frames in a segment, a frame in many segments, no LF, a NUL after the CR, garbage
between frames (skipped and counted), a wrong length field (the CR ends a frame; the check decides), the check as two
binary bytes (Jablotron JA-100, Lupusec: answered the same way), and a check that includes the CR (Eldes).
"""

import re
from dataclasses import dataclass

from fengtai.protocols.sia_dc09.crc import crc16

MAX_FRAME_BYTES = 4096
"""no frame is longer: 4095 is the largest length that the field 0LLL can tell"""

CRC_IS_BINARY = "crc-binary"
CRC_OVER_CR = "crc-over-cr"
LENGTH_WRONG = "length-wrong"
LF_MISSING = "lf-missing"

_HEAD = re.compile(
    rb"(?:(?P<crc>[0-9A-Fa-f]{4})|(?P<binary>.{2}))(?P<length>[0-9A-Fa-f]{4})(?=\"[^\"\r\n]{1,12}\")", re.DOTALL
)
"""what stands before a body; all to the next CR is the body, in which there is no LF"""
_BETWEEN = b"\r\n\x00"
"""bytes between frames that are no garbage"""


@dataclass(frozen=True, slots=True)
class RawFrame:
    """A whole frame as it came. `crc_ok` is false when neither way of computing the check fits."""

    body: bytes
    """from the first quotation mark to the byte before the CR"""
    raw: bytes
    """with LF, check, length and CR"""
    crc_ok: bool
    quirks: tuple[str, ...] = ()

    @property
    def crc_is_binary(self) -> bool:
        return CRC_IS_BINARY in self.quirks


def wrap(body: bytes, *, binary_crc: bool = False) -> bytes:
    """The frame of this body, as it goes onto the wire."""
    crc = crc16(body)
    check = crc.to_bytes(2, "big") if binary_crc else b"%04X" % crc
    return b"\n%b%04X%b\r" % (check, len(body), body)


class FrameScanner:
    """Takes bytes as they come and gives whole frames. Keeps at most `max_bytes` of an unfinished one."""

    def __init__(self, *, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = b""
        self.garbage_bytes = 0
        """bytes that belonged to no frame, since the beginning"""

    def receive_data(self, data: bytes) -> list[RawFrame]:
        buffer = self._buffer + data if self._buffer else data
        frames: list[RawFrame] = []
        start = at = 0
        end = -1 if b"\r" in data and b'"' in buffer else len(buffer)  # without another CR no frame can have ended
        while end < len(buffer) and (head := _HEAD.search(buffer, at)):
            if end < head.end():
                end = buffer.find(b"\r", head.end())
                if end < 0:
                    break
            line_feed = buffer.find(b"\n", head.end(), end)
            if line_feed >= 0:  # no body has one; two bytes before the next may be a binary check in which it stands
                at = max(head.start() + 1, line_feed - 1)
                continue
            frames.append(self._frame(buffer, start, head, end))
            start = at = end + 1
        self._keep(buffer[start:])
        return frames

    @property
    def held_bytes(self) -> int:
        """Of what may become a frame."""
        return len(self._buffer)

    def close(self) -> None:
        """The peer has gone: what is left of an unfinished frame is garbage."""
        self.garbage_bytes += len(self._buffer.strip(_BETWEEN))
        self._buffer = b""

    def _frame(self, buffer: bytes, start: int, match: re.Match[bytes], end: int) -> RawFrame:
        """`end`: of its body, where the CR is."""
        at, body = match.start(), buffer[match.end() : end]
        quirks: list[str] = []
        has_lf = at > start and buffer[at - 1] == 0x0A
        if at - has_lf > start:
            self.garbage_bytes += len(buffer[start : at - has_lf].strip(_BETWEEN))
        if not has_lf:
            quirks.append(LF_MISSING)
        if match["binary"] is not None:
            sent = int.from_bytes(match["binary"], "big")
            quirks.append(CRC_IS_BINARY)
        else:
            sent = int(match["crc"], 16)
        crc_ok = crc16(body) == sent
        if not crc_ok and crc16(body + b"\r") == sent:
            crc_ok = True
            quirks.append(CRC_OVER_CR)
        if int(match["length"], 16) != len(body) + (CRC_OVER_CR in quirks):
            quirks.append(LENGTH_WRONG)
        return RawFrame(body, buffer[at - has_lf : end + 1], crc_ok, tuple(quirks))

    def _keep(self, rest: bytes) -> None:
        if len(rest) > self._max_bytes:
            cut = max(rest.rfind(b"\n"), 0)
            if len(rest) - cut > self._max_bytes:
                cut = len(rest)
            self.garbage_bytes += len(rest[:cut].strip(_BETWEEN))
            rest = rest[cut:]
        self._buffer = rest


def frames_of_datagram(data: bytes) -> tuple[list[RawFrame], int]:
    """The frames of one UDP datagram, and how many of its bytes belonged to none."""
    scanner = FrameScanner()
    frames = scanner.receive_data(data)
    if not frames and not data.endswith(b"\r"):
        frames = scanner.receive_data(b"\r")  # a datagram ends by itself; some panels leave the CR out
    scanner.close()
    return frames, scanner.garbage_bytes

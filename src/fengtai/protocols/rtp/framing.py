"""RTP packets on a byte stream: RFC 4571 (2-byte length), and the "$" framing of RTSP (RFC 2326 10.12) that some
GB/T 28181 senders use instead. Which one it is, is told by the first bytes.
"""

from collections.abc import Sequence

from fengtai.protocols.rtp.bursts import plain_frames
from fengtai.vocabulary.errors import Malformed

_DOLLAR = 0x24
_MAX_RESYNC_BYTES = 256 * 1024


def frame_packet(packet: bytes) -> bytes:
    """RFC 4571 2."""
    return len(packet).to_bytes(2, "big") + packet


class StreamDeframer:
    """Cuts a TCP stream into RTP packets. Give it what is read, take what `feed` returns.

    After a frame that is no RTP it searches the next packet by the SSRC of those before; Malformed is raised when there
    is none to be found: then the connection is of no use and should be closed.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._is_dollar: bool | None = None
        self._ssrc = b""
        self._searching = 0
        self.resyncs = 0
        """times that the framing was lost and found again"""

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> Sequence[bytes]:
        """The packets that are complete now. RTCP is left out."""
        buffer = self._buffer + data if self._buffer else data
        packets: list[bytes] = []
        if self._is_dollar is None:
            if len(buffer) < 6:
                self._buffer = buffer
                return packets
            self._is_dollar = buffer[0] == _DOLLAR and buffer[4] >> 6 == 2
        at, end = 0, len(buffer)
        head = 4 if self._is_dollar else 2
        if self._ssrc and not self._searching:
            run, at = plain_frames(buffer, self._is_dollar)
            if self._is_incomplete(buffer, at, head):
                self._buffer = buffer[at:]
                return run
            packets += run
        while at + head <= end:
            size = buffer[at + head - 2] << 8 | buffer[at + head - 1]
            start = at + head
            if start + 2 <= end and not self._is_sound(buffer, at, start, size):
                at = self._resynchronised(buffer, at)
                if at < 0:
                    break
                continue
            if start + size > end:
                break
            self._take(buffer, start, size, at, packets)
            at = start + size
        self._buffer = buffer[at:] if at >= 0 else self._buffer
        return packets

    def _is_incomplete(self, buffer: bytes, at: int, head: int) -> bool:
        """Nothing stands here, or the beginning of a packet that may be a good one."""
        start, end = at + head, len(buffer)
        if start > end:
            return True
        size = buffer[start - 2] << 8 | buffer[start - 1]
        return start + size > end and (start + 2 > end or self._is_sound(buffer, at, start, size))

    def _is_sound(self, buffer: bytes, at: int, start: int, size: int) -> bool:
        if self._is_dollar and buffer[at] != _DOLLAR:
            return False
        return (size == 0 and not self._searching) or (size >= 8 and buffer[start] >> 6 == 2)

    def _take(self, buffer: bytes, start: int, size: int, at: int, packets: list[bytes]) -> None:
        self._searching = 0
        if size < 12 or 192 <= buffer[start + 1] <= 223 or (self._is_dollar and buffer[at + 1] & 1):
            return  # empty (RFC 4571 allows it) or RTCP
        if not self._ssrc:
            self._ssrc = buffer[start + 8 : start + 12]
        packets.append(buffer[start : start + size])

    def _resynchronised(self, buffer: bytes, at: int) -> int:
        """Where the next frame begins; -1 when more bytes are needed (what can be dropped has been)."""
        if not self._ssrc:
            raise Malformed("TCP stream is not framed RTP", clause="RFC 4571 2", at=at, data=buffer)
        head = 4 if self._is_dollar else 2
        found = buffer.find(self._ssrc, at + head + 9)
        while found >= 0:
            start = found - 8
            if buffer[start] >> 6 == 2 and start - head > at:
                self.resyncs += 1
                return start - head
            found = buffer.find(self._ssrc, found + 1)
        kept = max(at + 1, len(buffer) - 16)
        self._searching += kept - at
        if self._searching > _MAX_RESYNC_BYTES:
            raise Malformed("TCP stream has lost its RTP framing", clause="RFC 4571 2", at=at, data=buffer)
        self._buffer = buffer[kept:]
        return -1

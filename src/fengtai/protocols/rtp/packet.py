"""One RTP packet (RFC 3550 5.1, 5.3.1)."""

import struct
from dataclasses import dataclass

from fengtai.vocabulary.errors import Malformed

HEADER = struct.Struct(">BBHII")
_CLAUSE = "RFC 3550 5.1"


@dataclass(frozen=True, slots=True)
class RtpPacket:
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse_packet(data: bytes) -> RtpPacket:
    """Raise Malformed when it is not RTP version 2 or ends before its own header does."""
    if len(data) < 12:
        raise Malformed("RTP packet shorter than its header", clause=_CLAUSE, at=len(data), data=data)
    flags, kind, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    if flags >> 6 != 2:
        raise Malformed(f"RTP version {flags >> 6}, not 2", clause=_CLAUSE, data=data)
    payload = data[12:] if flags == 0x80 else payload_of(data, flags)
    return RtpPacket(kind & 0x7F, kind > 127, sequence, timestamp, ssrc, payload)


def payload_of(data: bytes, flags: int) -> bytes:
    """The payload of a packet with contributing sources, header extension or padding."""
    start, end = 12 + (flags & 0x0F) * 4, len(data)
    if flags & 0x10:
        if start + 4 > end:
            raise Malformed("RTP header extension is cut", clause="RFC 3550 5.3.1", at=end, data=data)
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if flags & 0x20:
        padding = data[-1]
        if padding == 0:
            raise Malformed("RTP padding of no bytes", clause=_CLAUSE, at=end - 1, data=data)
        end -= padding
    if start > end:
        raise Malformed("RTP header and padding are longer than the packet", clause=_CLAUSE, at=12, data=data)
    return data[start:end]


def build_packet(packet: RtpPacket) -> bytes:
    kind = packet.payload_type & 0x7F | (0x80 if packet.marker else 0)
    return (
        HEADER.pack(0x80, kind, packet.sequence & 0xFFFF, packet.timestamp & 0xFFFFFFFF, packet.ssrc) + packet.payload
    )


def is_rtcp(data: bytes) -> bool:
    """Whether it is RTCP on the RTP port (RFC 5761 4: packet types 192 to 223 stand where marker and type would)."""
    return len(data) >= 4 and data[0] >> 6 == 2 and 192 <= data[1] <= 223

"""What an RTP payload holds, by its bytes: payload types are not to be trusted (96, 98, 99, 100 mean different things
to different vendors; some send MPEG-TS as 33)."""

from enum import Enum


class PayloadKind(Enum):
    PS = "ps"
    TS = "ts"
    ANNEX_B = "annex-b"
    """a bare H.264 or H.265 byte stream"""
    PRIVATE = "private"
    """a vendor's own container (HIKVISION/90000, DAHUA): cannot be decoded"""
    UNKNOWN = "unknown"
    """the middle of something: look at the next packet"""


def sniff_payload(payload: bytes) -> PayloadKind:
    """Look at the beginning of a frame (the first packet after a time-stamp change)."""
    head = payload[:4]
    if head[:3] == b"\x00\x00\x01":
        return PayloadKind.PS if len(head) == 4 and head[3] >= 0xB9 else PayloadKind.ANNEX_B
    if head == b"\x00\x00\x00\x01":
        return PayloadKind.ANNEX_B
    if head[:1] == b"G" and all(payload[at] == 0x47 for at in range(0, len(payload), 188)):
        return PayloadKind.TS
    if head in (b"IMKH", b"DHAV"):
        return PayloadKind.PRIVATE
    return PayloadKind.UNKNOWN

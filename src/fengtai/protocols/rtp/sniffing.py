"""What an RTP payload holds, by its bytes: payload types are not to be trusted (96, 98, 99, 100 mean different things
to different vendors; some send MPEG-TS as 33)."""

from enum import Enum
from typing import Literal

from fengtai.protocols.elementary import sniff_codec
from fengtai.protocols.rtp.nal_payloads import aggregated_units


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
    """Look at the beginning of a frame: the first packet after a time-stamp change, or all packets joined."""
    head = payload[:4]
    if head[:3] == b"\x00\x00\x01":
        return PayloadKind.PS if len(head) == 4 and head[3] >= 0xB9 else PayloadKind.ANNEX_B
    if head == b"\x00\x00\x00\x01":
        return PayloadKind.ANNEX_B
    if head[:1] == b"G" and len(payload) >= 188 and all(payload[at] == 0x47 for at in range(0, len(payload), 188)):
        return PayloadKind.TS
    if head in (b"IMKH", b"DHAV"):
        return PayloadKind.PRIVATE
    return PayloadKind.UNKNOWN


def sniff_nal_payload(payload: bytes) -> Literal["h264", "h265"] | None:
    """The codec when this one packet is NAL units of RFC 6184 or RFC 7798 with a parameter set among them.

    Only parameter sets are a proof: the middle of anything may look like a slice.
    """
    if len(payload) < 4:
        return None
    if payload[0] & 0x1F == 24:
        nals = list(aggregated_units(payload, 1))
        return "h264" if sniff_codec(nals) == "h264" and _fills(nals, payload, 1) else None
    if payload[0] >> 1 == 48:
        nals = list(aggregated_units(payload, 2))
        return "h265" if sniff_codec(nals) == "h265" and _fills(nals, payload, 2) else None
    return sniff_codec([payload])


def _fills(nals: list[bytes], payload: bytes, head: int) -> bool:
    return head + sum(2 + len(nal) for nal in nals) == len(payload)

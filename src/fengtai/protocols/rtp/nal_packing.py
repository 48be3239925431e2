"""NAL units into RTP payloads: H.264 (RFC 6184, packetization-mode 1) and H.265 (RFC 7798, without DONL). Small units go
together, large ones in fragments. The other way: `nal_payloads`."""

from collections.abc import Sequence
from typing import Literal

_STAP_A, _FU_A = 24, 28
_AP, _FU = 48, 49
_TEMPORAL_ID = 1
"""of an aggregation, plus one: the lowest that there is (RFC 7798 4.4.2)"""


def pack_nals(
    nals: Sequence[bytes], codec: Literal["h264", "h265"] = "h264", *, max_payload_bytes: int = 1400
) -> list[bytes]:
    """The payloads of one access unit in order; the last one gets the marker bit (5.1 of both)."""
    head_bytes = 1 if codec == "h264" else 2
    payloads: list[bytes] = []
    small: list[bytes] = []
    room = max_payload_bytes - head_bytes
    for nal in nals:
        if 2 + len(nal) > room:
            _close(small, payloads, codec)
            room = max_payload_bytes - head_bytes
        if 2 + len(nal) <= room:
            small.append(nal)
            room -= 2 + len(nal)
        elif len(nal) <= max_payload_bytes:
            payloads.append(nal)
        else:
            payloads += _fragments(nal, codec, max_payload_bytes)
    _close(small, payloads, codec)
    return payloads


def _close(small: list[bytes], payloads: list[bytes], codec: str) -> None:
    """Several small units make one STAP-A (RFC 6184 5.7.1) or AP (RFC 7798 4.4.2), one alone goes as it is."""
    if len(small) == 1:
        payloads.append(small[0])
    elif small:
        head = bytes([max(nal[0] & 0x60 for nal in small) | _STAP_A] if codec == "h264" else [_AP << 1, _TEMPORAL_ID])
        payloads.append(head + b"".join(len(nal).to_bytes(2, "big") + nal for nal in small))
    small.clear()


def _fragments(nal: bytes, codec: str, max_payload_bytes: int) -> list[bytes]:
    """FU-A (RFC 6184 5.8) or FU (RFC 7798 4.4.3): start and end bits on the first and the last."""
    if codec == "h264":
        head, kind, first = bytes([nal[0] & 0xE0 | _FU_A]), nal[0] & 0x1F, 1
    else:
        head, kind, first = bytes([nal[0] & 0x81 | _FU << 1, nal[1]]), nal[0] >> 1 & 0x3F, 2
    step = max_payload_bytes - len(head) - 1
    fragments: list[bytes] = []
    for at in range(first, len(nal), step):
        edges = (0x80 if at == first else 0) | (0x40 if at + step >= len(nal) else 0)
        fragments.append(head + bytes([edges | kind]) + nal[at : at + step])
    return fragments

"""H.264 in RTP (RFC 6184, packetization-mode 1): single NAL units, STAP-A for small ones together, FU-A for large ones."""

import base64
from collections.abc import Sequence

_STAP_A, _FU_A = 24, 28


def h264_payloads(nals: Sequence[bytes], *, max_payload_bytes: int = 1400) -> list[bytes]:
    """The payloads of one access unit in order; the last one gets the marker bit (5.1)."""
    payloads: list[bytes] = []
    small: list[bytes] = []
    room = max_payload_bytes - 1
    for nal in nals:
        if 2 + len(nal) <= room:
            small.append(nal)
            room -= 2 + len(nal)
            continue
        _close(small, payloads)
        room = max_payload_bytes - 1
        if 2 + len(nal) <= room:
            small.append(nal)
            room -= 2 + len(nal)
        elif len(nal) <= max_payload_bytes:
            payloads.append(nal)
        else:
            payloads += _fragments(nal, max_payload_bytes)
    _close(small, payloads)
    return payloads


def h264_format(sps: bytes, pps: bytes) -> str:
    """The fmtp line's parameters (8.1)."""
    sets = ",".join(base64.b64encode(nal).decode("ascii") for nal in (sps, pps))
    return f"packetization-mode=1;profile-level-id={sps[1:4].hex().upper()};sprop-parameter-sets={sets}"


def _close(small: list[bytes], payloads: list[bytes]) -> None:
    """Several small units make one STAP-A (5.7.1), one alone goes as it is."""
    if len(small) == 1:
        payloads.append(small[0])
    elif small:
        importance = max(nal[0] & 0x60 for nal in small)
        units = b"".join(len(nal).to_bytes(2, "big") + nal for nal in small)
        payloads.append(bytes([importance | _STAP_A]) + units)
    small.clear()


def _fragments(nal: bytes, max_payload_bytes: int) -> list[bytes]:
    """FU-A (5.8): start and end bits on the first and the last."""
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    step = max_payload_bytes - 2
    fragments: list[bytes] = []
    for at in range(1, len(nal), step):
        edges = (0x80 if at == 1 else 0) | (0x40 if at + step >= len(nal) else 0)
        fragments.append(bytes([indicator, edges | kind]) + nal[at : at + step])
    return fragments

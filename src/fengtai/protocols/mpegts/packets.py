"""The transport packet: 188 bytes, PID, counter of four bits, adaptation field (ISO/IEC 13818-1 2.4.3.2 to 2.4.3.5)."""

from typing import Final

PACKET_BYTES: Final = 188
SYNC: Final = 0x47
NULL_PID: Final = 0x1FFF
PAYLOAD_BYTES: Final = 184


def payload_start(packet: bytes) -> tuple[int, bool]:
    """Where the payload begins (188 when there is none), and whether a break of the counter is announced.

    -1 for an adaptation field that does not fit.
    """
    control = packet[3] >> 4 & 3
    if not control & 2:
        return (4, False) if control & 1 else (PACKET_BYTES, False)
    length = packet[4]
    start = 5 + length
    if start > PACKET_BYTES:
        return -1, False
    is_break = length > 0 and bool(packet[5] & 0x80)
    return (start if control & 1 else PACKET_BYTES), is_break


def packetised(pid: int, payload: bytes, counter: int, *, pcr_90k: int | None = None, is_key: bool = False) -> bytes:
    """All packets of one PES or section; `counter` is the first one's. The last is filled up by adaptation stuffing."""
    packets: list[bytes] = []
    at, is_first = 0, True
    while at < len(payload) or is_first:
        field = _clock_field(pcr_90k, is_key) if is_first else b""
        room = PAYLOAD_BYTES - (1 + len(field) if field else 0)
        piece = payload[at : at + room]
        if len(piece) < room:
            missing = room - len(piece)
            if field:
                field += b"\xff" * missing
            else:  # the length byte itself takes one
                field = (b"\x00" + b"\xff" * (missing - 2)) if missing > 1 else b""
        has_field = bool(field) or len(piece) < PAYLOAD_BYTES
        head = bytes(
            [
                SYNC,
                (0x40 if is_first else 0) | pid >> 8,
                pid & 0xFF,
                (0x30 if has_field else 0x10) | counter & 0x0F,
            ]
        )
        packets.append(head + (bytes([len(field)]) + field if has_field else b"") + piece)
        at += len(piece)
        counter += 1
        is_first = False
    return b"".join(packets)


def _clock_field(pcr_90k: int | None, is_key: bool) -> bytes:
    """The content of an adaptation field with the clock reference (2.4.3.5), extension 0."""
    if pcr_90k is None:
        return b""
    base = pcr_90k & 0x1FFFFFFFF
    return bytes([0x10 | (0x40 if is_key else 0)]) + (base << 15 | 0x7E00).to_bytes(6, "big")

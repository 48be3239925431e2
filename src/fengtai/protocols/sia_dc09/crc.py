"""CRC-16/ARC, the check of every DC-09 frame (5.5.1.2): polynomial 8005 reflected, start 0, no final exclusive-or.

Two bytes a step: a check of sixteen bits is wholly replaced by each pair of bytes, so one table of 65,536 entries does;
an array of 128 KiB and not a list, because it is read at random and must stay in the processor's cache.
"""

from array import array
from struct import unpack


def _step(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


_OF_BYTE = [_step(byte) for byte in range(256)]
_OF_PAIR = array(
    "H", [_OF_BYTE[(pair >> 8 ^ _OF_BYTE[pair & 0xFF]) & 0xFF] ^ _OF_BYTE[pair & 0xFF] >> 8 for pair in range(65536)]
)


def crc16(data: bytes) -> int:
    """The check of these bytes; crc16(b"123456789") is 0xBB3D."""
    of_pair, crc, pairs = _OF_PAIR, 0, len(data) // 2
    for pair in unpack(f"<{pairs}H", data[: pairs * 2]):
        crc = of_pair[crc ^ pair]
    if len(data) % 2:
        crc = crc >> 8 ^ _OF_BYTE[(crc ^ data[-1]) & 0xFF]
    return crc

"""G.711 A-law and µ-law against 16-bit linear samples (ITU-T G.711), by table.

Linear samples are little-endian signed 16 bit (`array('h')` bytes on the machines that we run on).
"""

import sys
from array import array
from functools import cache


def _alaw_to_linear(code: int) -> int:
    code ^= 0x55
    segment, step = code >> 4 & 7, code & 0x0F
    magnitude = (step << 4) + 8 if segment == 0 else ((step << 4) + 0x108) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _ulaw_to_linear(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << (code >> 4 & 7)) - 0x84
    return -magnitude if code & 0x80 else magnitude


_ALAW_LINEAR = tuple(_alaw_to_linear(code) for code in range(256))
_ULAW_LINEAR = tuple(_ulaw_to_linear(code) for code in range(256))


@cache
def _inverse(linear: tuple[int, ...]) -> bytes:
    """For each of the 16,384 highest 14 bits of a sample, the code whose value is nearest to its middle."""
    by_value = sorted((value, code) for code, value in enumerate(linear))
    table = bytearray(16384)
    nearest = 0
    for index in range(16384):
        sample = (index - 8192) * 4 + 2
        while nearest + 1 < 256 and abs(by_value[nearest + 1][0] - sample) <= abs(by_value[nearest][0] - sample):
            nearest += 1
        table[index] = by_value[nearest][1]
    return bytes(table)


def decode_alaw(codes: bytes) -> bytes:
    return _little_endian(array("h", [_ALAW_LINEAR[code] for code in codes]))


def decode_ulaw(codes: bytes) -> bytes:
    return _little_endian(array("h", [_ULAW_LINEAR[code] for code in codes]))


def encode_alaw(linear: bytes) -> bytes:
    table = _inverse(_ALAW_LINEAR)
    return bytes([table[(sample >> 2) + 8192] for sample in _samples(linear)])


def encode_ulaw(linear: bytes) -> bytes:
    table = _inverse(_ULAW_LINEAR)
    return bytes([table[(sample >> 2) + 8192] for sample in _samples(linear)])


def _samples(linear: bytes) -> "array[int]":
    samples = array("h", linear[: len(linear) & ~1])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _little_endian(samples: "array[int]") -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()

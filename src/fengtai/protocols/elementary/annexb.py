"""The byte stream of ISO/IEC 14496-10 Annex B (23008-2 Annex B is the same), and the length-prefixed form of MP4.

Hot: each byte of each camera passes here once. A compiled twin (native_annexb.pyx) splits where it has been built. Without
it the search is a regular expression, because `bytes.find` takes nearly four times as long for these three bytes.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

_start_codes = re.compile(rb"\x00(?=\x00\x01)").finditer
"""only its first byte is matched, the others looked at: that is what makes it fast"""
_LONG_START_CODE = b"\x00\x00\x00\x01"
_LENGTH = struct.Struct(">I").pack


def split_nals_in_python(data: bytes) -> list[bytes]:
    """NAL units between start codes, without trailing zeros. Bytes before the first start code are not a NAL unit."""
    nals: list[bytes] = []
    start = -1
    for code in _start_codes(data):
        if start >= 0:
            _append(data[start : code.start()], nals)
        start = code.end() + 2
    if start >= 0:
        _append(data[start:], nals)
    return nals


def plain_nals_in_python(data: bytes, is_h265: bool, start: int, end: int) -> tuple[bytes, ...] | None:
    """As `split_nals` of what stands from `start` to `end`: a picture that no decoder can begin at, without delimiters
    and filler; None when there is anything else in it than slices of such a picture and SEI, or no slice at all."""
    kept: list[bytes] = []
    has_slice = False
    for nal in split_nals_in_python(data[start:end]):
        kind = nal[0] >> 1 & 0x3F if is_h265 else nal[0] & 0x1F
        if kind in ((35, 38) if is_h265 else (9, 12)):
            continue
        # in H.265, a header that could also be an H.264 parameter set's is left to closer inspection
        is_slice = kind <= 9 and nal[0] & 0x9F != 7 if is_h265 else kind == 1
        if not is_slice and (kind not in (39, 40) if is_h265 else kind != 6):
            return None
        has_slice = has_slice or is_slice
        kept.append(nal)
    return tuple(kept) if has_slice else None


def _append(nal: bytes, nals: list[bytes]) -> None:
    # trailing_zero_8bits and the zero_byte of a long start code are no part of the unit (B.1.1)
    nal = nal.rstrip(b"\x00")
    if nal:
        nals.append(nal)


try:
    from fengtai.protocols.elementary.native_annexb import plain_nals as plain_nals
    from fengtai.protocols.elementary.native_annexb import split_nals as split_nals
except ImportError:  # nobody has compiled them: the same, slower
    plain_nals, split_nals = plain_nals_in_python, split_nals_in_python


def to_annexb(nals: Iterable[bytes]) -> bytes:
    return b"".join([part for nal in nals for part in (_LONG_START_CODE, nal)])


def to_length_prefixed(nals: Sequence[bytes]) -> bytes:
    if len(nals) == 1:
        return _LENGTH(len(nals[0])) + nals[0]
    return b"".join([part for nal in nals for part in (_LENGTH(len(nal)), nal)])


def split_access_units(data: bytes, codec: Literal["h264", "h265"]) -> Iterator[list[bytes]]:
    """NAL units of a whole byte stream, picture by picture (7.4.1.2.3 of 14496-10, 7.4.2.4.4 of 23008-2).

    For files: a picture ends before the next picture's first slice or what belongs to it (delimiter, parameter sets,
    SEI). Streams whose slices come in arbitrary order are not told apart rightly; cameras do not make those.
    """
    unit: list[bytes] = []
    has_slice = False
    for nal in split_nals(data):
        is_slice, begins_picture = _role(nal, codec)
        if has_slice and begins_picture:
            yield unit
            unit, has_slice = [], False
        unit.append(nal)
        has_slice = has_slice or is_slice
    if has_slice:
        yield unit


def _role(nal: bytes, codec: Literal["h264", "h265"]) -> tuple[bool, bool]:
    """Whether it is a slice, and whether it can only stand at or before the first slice of a picture."""
    if codec == "h264":
        kind = nal[0] & 0x1F
        if 1 <= kind <= 5:
            return True, len(nal) > 1 and bool(nal[1] & 0x80)  # first_mb_in_slice is ue(v) 0: the bit "1"
        return False, 6 <= kind <= 9 or 14 <= kind <= 18
    kind = nal[0] >> 1 & 0x3F
    if kind < 32:
        return True, len(nal) > 2 and bool(nal[2] & 0x80)  # first_slice_segment_in_pic_flag
    return False, 32 <= kind <= 35 or kind == 39 or 41 <= kind <= 44 or 48 <= kind <= 55

"""What a NAL unit's header tells: its type, which codec it must be, whether decoding can begin there.

ISO/IEC 14496-10 table 7-1 (H.264) and 23008-2 table 7-1 (H.265).
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from fengtai.protocols.elementary.bits import BitReader
from fengtai.vocabulary.errors import Malformed

H264_SLICE, H264_IDR, H264_SEI, H264_SPS, H264_PPS, H264_AUD, H264_FILLER = 1, 5, 6, 7, 8, 9, 12
H265_VPS, H265_SPS, H265_PPS, H265_AUD, H265_FILLER = 32, 33, 34, 35, 38

_H264_PROFILES = frozenset({44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
_H264_INTRA_SLICES = frozenset({2, 4, 7, 9})


def sniff_codec(nals: Iterable[bytes]) -> Literal["h264", "h265"] | None:
    """The codec, by its parameter sets; None while there are none. Hikvision recorders label H.265 as H.264 (0x1B)."""
    for nal in nals:
        if len(nal) < 4:
            continue
        first, second = nal[0], nal[1]
        # VPS, SPS, PPS of layer 0, temporal id 0: no H.264 stream of a camera has type 0, 2 or 4 with such a byte next
        if first in (0x40, 0x42, 0x44) and second == 0x01:
            return "h265"
        if first & 0x9F == H264_SPS and second in _H264_PROFILES:
            return "h264"
    return None


def is_key_frame(nals: Sequence[bytes], codec: Literal["h264", "h265"]) -> bool:
    """Whether decoding can begin at this picture."""
    if codec == "h265":
        return any(16 <= (nal[0] >> 1 & 0x3F) <= 21 for nal in nals)  # IRAP: BLA, IDR, CRA
    has_parameters = False
    for nal in nals:
        kind = nal[0] & 0x1F
        if kind == H264_IDR:
            return True
        if kind == H264_SPS:
            has_parameters = True
        elif kind == H264_SLICE:
            # open GOP: an intra picture that comes with parameter sets, told by a recovery point instead of IDR
            return has_parameters and _is_intra_slice(nal)
    return False


def _is_intra_slice(nal: bytes) -> bool:
    try:
        bits = BitReader(nal[1:12])
        bits.ue()  # first_mb_in_slice
        return bits.ue() in _H264_INTRA_SLICES
    except Malformed:
        return False

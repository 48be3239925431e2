"""H.264 sequence parameter set (ISO/IEC 14496-10 7.3.2.1.1, E.1.1): what a container and a player must know of it."""

from dataclasses import dataclass

from fengtai.protocols.elementary.bits import BitReader
from fengtai.vocabulary.errors import Malformed

_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_EXTENDED_SAR = 255


@dataclass(frozen=True, slots=True)
class H264Sps:
    profile_idc: int
    constraint_flags: int
    level_idc: int
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    width: int
    height: int
    frame_rate: float | None
    """from the VUI; many cameras give none, or a wrong one"""

    @property
    def codec_string(self) -> str:
        """RFC 6381 3.3."""
        return f"avc1.{self.profile_idc:02x}{self.constraint_flags:02x}{self.level_idc:02x}"


def parse_h264_sps(nal: bytes) -> H264Sps:
    """Raise Malformed when it is not a sequence parameter set that can be understood."""
    if len(nal) < 5 or nal[0] & 0x1F != 7:
        raise Malformed("not an H.264 sequence parameter set", clause="14496-10 7.3.2.1", data=nal)
    bits = BitReader(nal[1:])
    profile_idc, constraint_flags, level_idc = bits.u(8), bits.u(8), bits.u(8)
    bits.ue()  # seq_parameter_set_id
    chroma_format_idc, bit_depth_luma, bit_depth_chroma, separate_planes = 1, 8, 8, False
    if profile_idc in _WITH_CHROMA:
        chroma_format_idc = bits.ue()
        if chroma_format_idc > 3:
            raise Malformed("chroma_format_idc above 3", clause="14496-10 7.4.2.1.1", at=4, data=nal)
        if chroma_format_idc == 3:
            separate_planes = bits.flag()
        bit_depth_luma, bit_depth_chroma = bits.ue() + 8, bits.ue() + 8
        bits.skip(1)  # qpprime_y_zero_transform_bypass_flag
        if bits.flag():
            _skip_scaling_matrix(bits, 8 if chroma_format_idc != 3 else 12)
    _skip_picture_order(bits)
    bits.ue()  # max_num_ref_frames
    bits.skip(1)  # gaps_in_frame_num_value_allowed_flag
    width_mbs, height_units = bits.ue() + 1, bits.ue() + 1
    frames_only = bits.flag()
    if not frames_only:
        bits.skip(1)  # mb_adaptive_frame_field_flag
    bits.skip(1)  # direct_8x8_inference_flag
    left = right = top = bottom = 0
    if bits.flag():
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
    fields = 1 if frames_only else 2
    grey = separate_planes or chroma_format_idc == 0
    unit_x = 1 if grey or chroma_format_idc == 3 else 2
    unit_y = (1 if grey or chroma_format_idc != 1 else 2) * fields
    width = width_mbs * 16 - (left + right) * unit_x
    height = height_units * 16 * fields - (top + bottom) * unit_y
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise Malformed(f"impossible picture size {width}x{height}", clause="14496-10 7.4.2.1.1", data=nal)
    return H264Sps(
        profile_idc=profile_idc,
        constraint_flags=constraint_flags,
        level_idc=level_idc,
        chroma_format_idc=chroma_format_idc,
        bit_depth_luma=bit_depth_luma,
        bit_depth_chroma=bit_depth_chroma,
        width=width,
        height=height,
        frame_rate=_frame_rate(bits),
    )


def _skip_scaling_matrix(bits: BitReader, lists: int) -> None:
    for index in range(lists):
        if not bits.flag():
            continue
        last = following = 8
        for _ in range(16 if index < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _skip_picture_order(bits: BitReader) -> None:
    bits.ue()  # log2_max_frame_num_minus4
    order_type = bits.ue()
    if order_type == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif order_type == 1:
        bits.skip(1)
        bits.se()
        bits.se()
        cycle = bits.ue()
        if cycle > 255:
            raise Malformed("num_ref_frames_in_pic_order_cnt_cycle above 255", clause="14496-10 7.4.2.1.1")
        for _ in range(cycle):
            bits.se()


def _frame_rate(bits: BitReader) -> float | None:
    """VUI timing (E.1.1), halved because the tick is that of fields. A cut VUI is no reason to refuse the picture."""
    try:
        if not bits.flag():
            return None
        if bits.flag() and bits.u(8) == _EXTENDED_SAR:
            bits.skip(32)
        if bits.flag():
            bits.skip(1)  # overscan_appropriate_flag
        if bits.flag():
            bits.skip(4)  # video_format, video_full_range_flag
            if bits.flag():
                bits.skip(24)  # colour description
        if bits.flag():
            bits.ue()
            bits.ue()
        if not bits.flag():
            return None
        units_in_tick, time_scale = bits.u(32), bits.u(32)
    except Malformed:
        return None
    return time_scale / (2 * units_in_tick) if units_in_tick and time_scale else None

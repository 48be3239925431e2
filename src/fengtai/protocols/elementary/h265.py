"""H.265 sequence parameter set (ISO/IEC 23008-2 7.3.2.2, 7.3.3): size, profile, codec string, and VPS timing."""

from dataclasses import dataclass

from fengtai.protocols.elementary.bits import BitReader
from fengtai.vocabulary.errors import Malformed


@dataclass(frozen=True, slots=True)
class H265Sps:
    profile_space: int
    tier: int
    profile_idc: int
    compatibility_flags: int
    constraint_flags: int
    """48 bits, general_progressive_source_flag first"""
    level_idc: int
    chroma_format_idc: int
    bit_depth_luma: int
    bit_depth_chroma: int
    sub_layers: int
    is_temporal_id_nested: bool
    width: int
    height: int

    @property
    def codec_string(self) -> str:
        """ISO/IEC 14496-15 annex E.3: compatibility flags in reverse bit order, trailing zero constraint bytes left out."""
        space = "" if self.profile_space == 0 else "ABC"[self.profile_space - 1]
        reversed_flags = int(f"{self.compatibility_flags:032b}"[::-1], 2)
        constraints = self.constraint_flags.to_bytes(6, "big").rstrip(b"\x00")
        parts = [
            "hvc1",
            f"{space}{self.profile_idc}",
            f"{reversed_flags:X}",
            f"{'H' if self.tier else 'L'}{self.level_idc}",
        ]
        return ".".join(parts + [f"{byte:X}" for byte in constraints])


def parse_h265_sps(nal: bytes) -> H265Sps:
    """Raise Malformed when it is not a sequence parameter set that can be understood."""
    if len(nal) < 16 or nal[0] >> 1 & 0x3F != 33:
        raise Malformed("not an H.265 sequence parameter set", clause="23008-2 7.3.2.2", data=nal)
    bits = BitReader(nal[2:])
    bits.skip(4)  # sps_video_parameter_set_id
    sub_layers = bits.u(3) + 1
    nested = bits.flag()
    space, tier, profile = bits.u(2), bits.u(1), bits.u(5)
    compatibility, constraints, level = bits.u(32), bits.u(48), bits.u(8)
    _skip_sub_layer_levels(bits, sub_layers)
    bits.ue()  # sps_seq_parameter_set_id
    chroma = bits.ue()
    if chroma > 3:
        raise Malformed("chroma_format_idc above 3", clause="23008-2 7.4.3.2.1", data=nal)
    if chroma == 3:
        bits.skip(1)  # separate_colour_plane_flag
    width, height = bits.ue(), bits.ue()
    if bits.flag():
        left, right, top, bottom = bits.ue(), bits.ue(), bits.ue(), bits.ue()
        width -= (left + right) * (2 if chroma in (1, 2) else 1)
        height -= (top + bottom) * (2 if chroma == 1 else 1)
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise Malformed(f"impossible picture size {width}x{height}", clause="23008-2 7.4.3.2.1", data=nal)
    return H265Sps(
        profile_space=space,
        tier=tier,
        profile_idc=profile,
        compatibility_flags=compatibility,
        constraint_flags=constraints,
        level_idc=level,
        chroma_format_idc=chroma,
        bit_depth_luma=bits.ue() + 8,
        bit_depth_chroma=bits.ue() + 8,
        sub_layers=sub_layers,
        is_temporal_id_nested=nested,
        width=width,
        height=height,
    )


def h265_frame_rate(vps: bytes) -> float | None:
    """From the timing of the video parameter set (7.3.2.1), when it gives any. That of the SPS lies behind the
    reference picture sets and is not read."""
    try:
        bits = BitReader(vps[2:])
        bits.skip(12)
        sub_layers = bits.u(3) + 1
        bits.skip(17)
        bits.skip(96)  # general profile, tier and level
        _skip_sub_layer_levels(bits, sub_layers)
        for _ in range(sub_layers if bits.flag() else 1):
            bits.ue()
            bits.ue()
            bits.ue()
        layers = bits.u(6) + 1
        bits.skip(layers * bits.ue())
        if not bits.flag():
            return None
        units_in_tick, time_scale = bits.u(32), bits.u(32)
    except Malformed:
        return None
    return time_scale / units_in_tick if units_in_tick and time_scale else None


def _skip_sub_layer_levels(bits: BitReader, sub_layers: int) -> None:
    """The rest of profile_tier_level (7.3.3) after general_level_idc."""
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers - 1)]
    if sub_layers > 1:
        bits.skip(2 * (9 - sub_layers))
    for has_profile, has_level in present:
        bits.skip(88 * has_profile + 8 * has_level)

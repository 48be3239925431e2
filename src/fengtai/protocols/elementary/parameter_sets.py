"""Parameter sets in force, what they say about the picture, and their form in MP4 (ISO/IEC 14496-15 5.3.3, 8.3.3)."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fengtai.protocols.elementary.h264 import parse_h264_sps
from fengtai.protocols.elementary.h265 import h265_frame_rate, parse_h265_sps
from fengtai.vocabulary.errors import Malformed


@dataclass(frozen=True, slots=True)
class VideoParameters:
    """What a player or a person wants to know of a stream."""

    codec_string: str
    """RFC 6381, for `MediaSource.isTypeSupported`: avc1.640028, hvc1.1.6.L93.B0"""
    width: int
    height: int
    frame_rate: float | None


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The parameter sets of a stream. Equal when their bytes are: a new init segment is due when they differ."""

    codec: Literal["h264", "h265"]
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]
    vps: tuple[bytes, ...] = ()

    @property
    def nals(self) -> tuple[bytes, ...]:
        """All, in the order in which a decoder wants them."""
        return self.vps + self.sps + self.pps

    @property
    def video(self) -> VideoParameters:
        """Parsed once. Raise Malformed when the sequence parameter set cannot be understood."""
        return _video_parameters(self)

    def decoder_configuration(self) -> bytes:
        """The content of `avcC` or `hvcC`. Raise Malformed as `video` does."""
        return _avcc(self) if self.codec == "h264" else _hvcc(self)


@lru_cache(maxsize=512)
def _video_parameters(sets: ParameterSets) -> VideoParameters:
    if not sets.sps:
        raise Malformed("no sequence parameter set", clause="14496-15 5.3.3")
    if sets.codec == "h264":
        h264 = parse_h264_sps(sets.sps[0])
        return VideoParameters(h264.codec_string, h264.width, h264.height, h264.frame_rate)
    h265 = parse_h265_sps(sets.sps[0])
    rate = h265_frame_rate(sets.vps[0]) if sets.vps else None
    return VideoParameters(h265.codec_string, h265.width, h265.height, rate)


def _with_length(nals: tuple[bytes, ...]) -> bytes:
    return b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)


def _avcc(sets: ParameterSets) -> bytes:
    """AVCDecoderConfigurationRecord (14496-15 5.3.3.1.2)."""
    sps = parse_h264_sps(sets.sps[0])
    record = struct.pack(">B3sBB", 1, sets.sps[0][1:4], 0xFC | 3, 0xE0 | len(sets.sps) & 0x1F)
    record += _with_length(sets.sps) + bytes([len(sets.pps)]) + _with_length(sets.pps)
    if sps.profile_idc in (100, 110, 122, 144):
        record += bytes(
            [0xFC | sps.chroma_format_idc, 0xF8 | sps.bit_depth_luma - 8, 0xF8 | sps.bit_depth_chroma - 8, 0]
        )
    return record


def _hvcc(sets: ParameterSets) -> bytes:
    """HEVCDecoderConfigurationRecord (14496-15 8.3.3.1.2)."""
    sps = parse_h265_sps(sets.sps[0])
    arrays = [(32, sets.vps), (33, sets.sps), (34, sets.pps)]
    record = struct.pack(
        ">BBI6sBHBBBBHBB",
        1,
        sps.profile_space << 6 | sps.tier << 5 | sps.profile_idc,
        sps.compatibility_flags,
        sps.constraint_flags.to_bytes(6, "big"),
        sps.level_idc,
        0xF000,  # min_spatial_segmentation_idc: not known
        0xFC,  # parallelismType: not known
        0xFC | sps.chroma_format_idc,
        0xF8 | (sps.bit_depth_luma - 8) & 7,
        0xF8 | (sps.bit_depth_chroma - 8) & 7,
        0,  # avgFrameRate: not stated
        sps.sub_layers << 3 | sps.is_temporal_id_nested << 2 | 3,
        len(arrays),
    )
    for kind, nals in arrays:
        record += struct.pack(">BH", 0x80 | kind, len(nals)) + _with_length(nals)
    return record

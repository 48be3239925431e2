"""Elementary streams: what is inside every container. H.264 and H.265 NAL units, parameter sets, G.711, ADTS.

Public face. Knows nothing of RTP, PS or MP4; those may know it.
"""

from fengtai.protocols.elementary.access_unit import AccessUnit, AudioCodec, AudioFrame, VideoCodec
from fengtai.protocols.elementary.adts import AdtsHeader, parse_adts_header
from fengtai.protocols.elementary.annexb import split_access_units, split_nals, to_annexb, to_length_prefixed
from fengtai.protocols.elementary.assembler import VideoAssembler
from fengtai.protocols.elementary.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from fengtai.protocols.elementary.nal_types import is_key_frame, sniff_codec
from fengtai.protocols.elementary.parameter_sets import ParameterSets, VideoParameters
from fengtai.protocols.elementary.systems import (
    AUDIO_STREAM_TYPES,
    STREAM_TYPES,
    VIDEO_STREAM_TYPES,
    crc32_mpeg2,
    read_pts,
    write_pts,
)
from fengtai.protocols.elementary.timestamps import PresentationTimes, TimestampUnwrapper

__all__ = [
    "AUDIO_STREAM_TYPES",
    "STREAM_TYPES",
    "VIDEO_STREAM_TYPES",
    "AccessUnit",
    "AdtsHeader",
    "AudioCodec",
    "AudioFrame",
    "ParameterSets",
    "PresentationTimes",
    "TimestampUnwrapper",
    "VideoAssembler",
    "VideoCodec",
    "VideoParameters",
    "crc32_mpeg2",
    "decode_alaw",
    "decode_ulaw",
    "encode_alaw",
    "encode_ulaw",
    "is_key_frame",
    "parse_adts_header",
    "read_pts",
    "sniff_codec",
    "split_access_units",
    "split_nals",
    "to_annexb",
    "to_length_prefixed",
    "write_pts",
]

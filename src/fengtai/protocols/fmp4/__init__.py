"""Fragmented MP4 (ISO/IEC 14496-12, 14496-15): written for the recorder, live pictures and clips, and read back.

Public face. Time scale 90,000 for video; no edit lists, no composition offsets (cameras send no B frames).

    head = init_segment(unit.parameter_sets)
    body = fragment(1, base_time_90k, [Sample(u.length_prefixed(), 3600, u.is_key) for u in gop])
    for piece in read_fragments(file_bytes): ...
"""

from fengtai.protocols.fmp4.boxes import Box, find_box, iterate_boxes
from fengtai.protocols.fmp4.init_segment import AUDIO_TRACK_ID, VIDEO_TRACK_ID, AudioTrack, init_segment
from fengtai.protocols.fmp4.reading import (
    FragmentInfo,
    InitInfo,
    SampleInfo,
    TrackInfo,
    read_fragment,
    read_fragments,
    read_init_segment,
    sample_nals,
)
from fengtai.protocols.fmp4.writing import DELTA_FLAGS, KEY_FLAGS, AudioRun, Sample, fragment, fragment_head

__all__ = [
    "AUDIO_TRACK_ID",
    "DELTA_FLAGS",
    "KEY_FLAGS",
    "VIDEO_TRACK_ID",
    "AudioRun",
    "AudioTrack",
    "Box",
    "FragmentInfo",
    "InitInfo",
    "Sample",
    "SampleInfo",
    "TrackInfo",
    "find_box",
    "fragment",
    "fragment_head",
    "init_segment",
    "iterate_boxes",
    "read_fragment",
    "read_fragments",
    "read_init_segment",
    "sample_nals",
]

"""One fragment: moof and mdat (ISO/IEC 14496-12 8.8.4 to 8.8.8, 8.8.12). Hot: one struct call per track run."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fengtai.protocols.fmp4.init_segment import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from fengtai.vocabulary.errors import Invalid

KEY_FLAGS: Final = 0x02000000
"""sample_depends_on = 2: on no other"""
DELTA_FLAGS: Final = 0x01010000
"""sample_depends_on = 1, sample_is_non_sync_sample"""

_DEFAULT_BASE_IS_MOOF = 0x020000
_RUN_OFFSET, _RUN_DURATION, _RUN_SIZE, _RUN_FLAGS = 0x1, 0x100, 0x200, 0x400


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture in MP4 form (`AccessUnit.length_prefixed()`)."""

    data: bytes
    duration_90k: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class AudioRun:
    """Frames of sound that follow each other; times in the track's own scale."""

    base_time: int
    frames: tuple[tuple[bytes, int], ...]
    """coded bytes and duration"""


def fragment(sequence: int, base_time_90k: int, samples: Sequence[Sample], *, audio: AudioRun | None = None) -> bytes:
    """moof and mdat of these pictures; `audio` is the sound that belongs to them.

    `base_time_90k` is the decode time of the first picture on the track's own axis (tfdt). Raise Invalid without
    pictures.
    """
    rows: list[int] = []
    for sample in samples:
        rows += (sample.duration_90k, len(sample.data), KEY_FLAGS if sample.is_key else DELTA_FLAGS)
    sounds = [data for data, _ in audio.frames] if audio is not None else []
    return b"".join(
        [fragment_head(sequence, base_time_90k, rows, audio=audio), *(one.data for one in samples), *sounds]
    )


def fragment_head(sequence: int, base_time_90k: int, rows: Sequence[int], *, audio: AudioRun | None = None) -> bytes:
    """moof and the header of the mdat alone: the pictures, then the frames of `audio`, are to follow as they stand.

    `rows`: duration, size in bytes and flags of each picture, one after the other. Raise Invalid without pictures.
    """
    if not rows:
        raise Invalid("a fragment needs at least one picture", field="samples")
    video_bytes = sum(rows[1::3])
    count = len(rows) // 3
    video_traf = 8 + 16 + 20 + 20 + 12 * count
    frames = audio.frames if audio is not None else ()
    audio_bytes = sum([len(data) for data, _ in frames])
    audio_traf = (8 + 16 + 20 + 20 + 8 * len(frames)) if frames else 0
    moof_bytes = 8 + 16 + video_traf + audio_traf
    first = moof_bytes + 8
    parts = [
        struct.pack(
            f">I4sI4sIII4sI4sIII4sIQI4sIIi{3 * count}I",
            *(moof_bytes, b"moof", 16, b"mfhd", 0, sequence & 0xFFFFFFFF),
            *(video_traf, b"traf", 16, b"tfhd", _DEFAULT_BASE_IS_MOOF, VIDEO_TRACK_ID),
            *(20, b"tfdt", 0x01000000, base_time_90k),
            *(20 + 12 * count, b"trun", _RUN_OFFSET | _RUN_DURATION | _RUN_SIZE | _RUN_FLAGS, count, first),
            *rows,
        )
    ]
    if audio is not None and frames:
        sounds: list[int] = []
        for data, duration in frames:
            sounds += (duration, len(data))
        parts.append(
            struct.pack(
                f">I4sI4sIII4sIQI4sIIi{2 * len(frames)}I",
                *(audio_traf, b"traf", 16, b"tfhd", _DEFAULT_BASE_IS_MOOF, AUDIO_TRACK_ID),
                *(20, b"tfdt", 0x01000000, audio.base_time),
                *(20 + 8 * len(frames), b"trun", _RUN_OFFSET | _RUN_DURATION | _RUN_SIZE, len(frames)),
                first + video_bytes,
                *sounds,
            )
        )
    parts.append(struct.pack(">I4s", 8 + video_bytes + audio_bytes, b"mdat"))
    return b"".join(parts)

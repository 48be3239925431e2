"""stream_type of a program stream map: ISO/IEC 13818-1 table 2-34 and GB/T 28181-2022 C.2.1.

Our own table: FFmpeg takes 0x90 to 0x9B for other things.
"""

from typing import Final

from fengtai.protocols.elementary import AudioCodec

VIDEO_STREAM_TYPES: Final[dict[int, str]] = {
    0x01: "mpeg1",
    0x02: "mpeg2",
    0x10: "mpeg4",
    0x1B: "h264",
    0x24: "h265",
    0x80: "svac",
}
"""What the map says; which of H.264 and H.265 it really is, is told by the bytes."""

AUDIO_STREAM_TYPES: Final[dict[int, AudioCodec]] = {
    0x0F: "aac",
    0x90: "g711a",
    0x91: "g711u",
    0x92: "g722.1",
    0x93: "g723.1",
    0x99: "g729",
    0x9B: "svac",
}

STREAM_TYPES: Final[dict[str, int]] = {
    **{name: number for number, name in VIDEO_STREAM_TYPES.items() if name != "svac"},
    **{name: number for number, name in AUDIO_STREAM_TYPES.items() if name != "svac"},
}
"""The other way round, for the muxer."""

"""What program and transport streams share (ISO/IEC 13818-1): stream types, time stamps of PES, the CRC of tables.

Here, because the two containers are strangers to each other. Which bytes they stand in is theirs.
"""

from typing import Final

from fengtai.protocols.elementary.access_unit import AudioCodec

VIDEO_STREAM_TYPES: Final[dict[int, str]] = {
    0x01: "mpeg1",
    0x02: "mpeg2",
    0x10: "mpeg4",
    0x1B: "h264",
    0x24: "h265",
    0x80: "svac",
}
"""Table 2-34 and GB/T 28181-2022 C.2.1: what a map says; which of H.264 and H.265 it really is, is told by the bytes."""

AUDIO_STREAM_TYPES: Final[dict[int, AudioCodec]] = {
    0x0F: "aac",
    0x90: "g711a",
    0x91: "g711u",
    0x92: "g722.1",
    0x93: "g723.1",
    0x99: "g729",
    0x9B: "svac",
}
"""Our own table: FFmpeg takes 0x90 to 0x9B for other things."""

STREAM_TYPES: Final[dict[str, int]] = {
    **{name: number for number, name in VIDEO_STREAM_TYPES.items() if name != "svac"},
    **{name: number for number, name in AUDIO_STREAM_TYPES.items() if name != "svac"},
}
"""The other way round, for muxers."""


def read_pts(data: bytes, at: int) -> int:
    """Five bytes (2.4.3.7). Marker bits are not looked at: senders forget them."""
    return (
        (data[at] >> 1 & 0x07) << 30
        | data[at + 1] << 22
        | (data[at + 2] >> 1) << 15
        | data[at + 3] << 7
        | data[at + 4] >> 1
    )


def write_pts(pts: int) -> bytes:
    return bytes(
        [
            0x21 | pts >> 29 & 0x0E,
            pts >> 22 & 0xFF,
            0x01 | pts >> 14 & 0xFE,
            pts >> 7 & 0xFF,
            0x01 | pts << 1 & 0xFE,
        ]
    )


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc32_mpeg2(data: bytes) -> int:
    """CRC of annex A: polynomial 0x04C11DB7, begun with ones, not reflected, not inverted; 0 over data and its CRC."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc << 8 ^ _CRC_TABLE[crc >> 24 ^ byte]) & 0xFFFFFFFF
    return crc

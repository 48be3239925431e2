"""The ADTS header of AAC (ISO/IEC 13818-7 6.2)."""

from dataclasses import dataclass

from fengtai.vocabulary.errors import Malformed

_SAMPLE_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


@dataclass(frozen=True, slots=True)
class AdtsHeader:
    sample_rate: int
    channels: int
    object_type: int
    """MPEG-4 audio object type: 2 is AAC-LC"""
    frame_bytes: int
    """header included"""
    header_bytes: int


def parse_adts_header(data: bytes, at: int = 0) -> AdtsHeader:
    """The header at this byte. Raise Malformed when there is none."""
    head = data[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        raise Malformed("no ADTS sync word", clause="13818-7 6.2.1", at=at, data=data)
    rate_index = head[2] >> 2 & 0x0F
    if rate_index >= len(_SAMPLE_RATES):
        raise Malformed("reserved sampling frequency", clause="13818-7 table 35", at=at + 2, data=data)
    header_bytes = 7 if head[1] & 1 else 9
    frame_bytes = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if frame_bytes < header_bytes:
        raise Malformed("ADTS frame shorter than its header", clause="13818-7 6.2.2", at=at + 3, data=data)
    return AdtsHeader(
        sample_rate=_SAMPLE_RATES[rate_index],
        channels=(head[2] & 1) << 2 | head[3] >> 6,
        object_type=(head[2] >> 6) + 1,
        frame_bytes=frame_bytes,
        header_bytes=header_bytes,
    )

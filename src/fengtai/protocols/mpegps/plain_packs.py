"""One whole, ordinary pack taken apart in one go: what nearly every frame of nearly every camera is.

Owns the definition of "ordinary"; `PsDemuxer` does all else. A compiled twin (native_packs.pyx) does the work where it has
been built; `plain_pack_in_python` defines what it must give.
"""

from typing import NamedTuple

from fengtai.protocols.elementary import read_pts
from fengtai.protocols.mpegps import pes

MOST_HEADER_BYTES = 1024
_MPEG2_FIXED_BYTES = 14


class Part(NamedTuple):
    """A PES of sound, left in its pack."""

    at: int
    end: int
    stream_id: int


PlainPack = tuple[bytes, int, int, int | None, list[tuple[int, int, int]], int, int]
"""the bytes that hold its video, where in them it begins and ends (the pack itself when it has one PES of video, else their
payloads joined); PTS; PES of sound (`Part`); how many program maps; how many parts of other streams"""


def plain_pack_in_python(data: bytes, video_id: int, map_bytes: bytes) -> PlainPack | None:
    """None unless each part's length leads to the next one and the last one's to the end, each PES of video is of
    `video_id` and of one PTS and not empty, and every program map is the one known."""
    at, size, pts, maps, others = 0, len(data), None, 0, 0
    video: list[tuple[int, int]] = []
    audio: list[tuple[int, int, int]] = []
    while at < size:
        if at + 6 > size or data[at : at + 3] != b"\x00\x00\x01":
            return None
        stream_id = data[at + 3]
        if stream_id == pes.PACK:
            if data[at + 4] & 0xC0 != 0x40 or at + _MPEG2_FIXED_BYTES > size:
                return None
            at += _MPEG2_FIXED_BYTES + (data[at + 13] & 7)
            if data[at : at + 3] != b"\x00\x00\x01":
                return None
            continue
        length = data[at + 4] << 8 | data[at + 5]
        end = at + 6 + length
        if stream_id < pes.SYSTEM or length == 0 or end > size:
            return None
        if pes.is_video(stream_id):
            if stream_id != video_id or length < 3 or data[at + 6] & 0xC0 != 0x80:
                return None
            start = at + 9 + data[at + 8]
            if start >= end:
                return None
            if data[at + 7] & 0x80 and data[at + 8] >= 5:
                own = read_pts(data, at + 9)
                if video and pts is not None and own != pts:
                    return None
                pts = own if pts is None else pts
            video.append((start, end))
        elif pes.is_audio(stream_id):
            audio.append(Part(at, end, stream_id))
        else:
            if end != size and data[end : end + 3] != b"\x00\x00\x01":
                return None
            if stream_id in (pes.MAP, pes.SYSTEM) and length > MOST_HEADER_BYTES:
                return None
            if stream_id == pes.MAP:
                if data[at:end] != map_bytes:
                    return None
                maps += 1
            elif stream_id != pes.SYSTEM:
                others += 1
        at = end
    if len(video) == 1:
        return data, *video[0], pts, audio, maps, others
    joined = b"".join([data[start:end] for start, end in video])
    return joined, 0, len(joined), pts, audio, maps, others


try:
    from fengtai.protocols.mpegps.native_packs import plain_pack as plain_pack
except ImportError:  # nobody has compiled it: the same, slower
    plain_pack = plain_pack_in_python

"""The sending side: pictures and sound as a transport stream, tables at each key frame."""

import struct

from fengtai.protocols.elementary import STREAM_TYPES, AccessUnit, AudioCodec, AudioFrame, VideoCodec, write_pts
from fengtai.protocols.mpegts.packets import packetised
from fengtai.protocols.mpegts.tables import association_section, map_section

_MAP_PID, _VIDEO_PID, _AUDIO_PID = 0x1000, 0x100, 0x101
_VIDEO_ID, _AUDIO_ID = 0xE0, 0xC0
_MAX_PES_LENGTH = 0xFFFF


class TsMuxer:
    """Makes whole packets of one picture or piece of sound; put seven of them into an RTP packet (RFC 2250)."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None = None) -> None:
        streams = [(_VIDEO_PID, STREAM_TYPES[video])]
        if audio is not None:
            streams.append((_AUDIO_PID, STREAM_TYPES[audio]))
        # a section is preceded by a pointer (2.4.4.1) and filled up with 0xFF
        self._tables = {
            0: b"\x00" + association_section(1, _MAP_PID),
            _MAP_PID: b"\x00" + map_section(1, _VIDEO_PID, streams),
        }
        self._counters: dict[int, int] = {}

    def video_packets(self, unit: AccessUnit) -> bytes:
        """One picture; a key frame carries its parameter sets, and the tables before it."""
        tables = b""
        if unit.is_key:
            tables = b"".join(self._packets(pid, section.ljust(184, b"\xff")) for pid, section in self._tables.items())
        pes = _packetised_elementary(_VIDEO_ID, unit.annexb(), unit.pts_90k)
        return tables + self._packets(_VIDEO_PID, pes, pcr_90k=unit.pts_90k, is_key=unit.is_key)

    def audio_packets(self, frame: AudioFrame) -> bytes:
        return self._packets(_AUDIO_PID, _packetised_elementary(_AUDIO_ID, frame.payload, frame.pts_90k))

    def _packets(self, pid: int, payload: bytes, *, pcr_90k: int | None = None, is_key: bool = False) -> bytes:
        counter = self._counters.get(pid, 0)
        packets = packetised(pid, payload, counter, pcr_90k=pcr_90k, is_key=is_key)
        self._counters[pid] = counter + len(packets) // 188 & 0x0F
        return packets


def _packetised_elementary(stream_id: int, payload: bytes, pts_90k: int) -> bytes:
    """One PES; above 65,535 bytes its length is left open, which is allowed for video (2.4.3.7)."""
    head = b"\x80\x80\x05" + write_pts(pts_90k & 0x1FFFFFFFF)
    length = len(head) + len(payload)
    return b"\x00\x00\x01" + struct.pack(">BH", stream_id, length if length <= _MAX_PES_LENGTH else 0) + head + payload

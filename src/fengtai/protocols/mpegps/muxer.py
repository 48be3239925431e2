"""The sending side: pictures and sound as packs in the manner of GB/T 28181-2022 annex C.

Key frame: pack header, system header, program stream map, PES; other frames: pack header, PES. Large pictures are split
at 65,535 bytes, only the first PES carries the PTS.
"""

import struct
from collections.abc import Iterable

from fengtai.protocols.elementary import STREAM_TYPES, AccessUnit, AudioCodec, AudioFrame, VideoCodec, write_pts
from fengtai.protocols.mpegps.program_map import ProgramMap

_VIDEO_ID, _AUDIO_ID = 0xE0, 0xC0
_MAX_PES_LENGTH = 0xFFFF


class PsMuxer:
    """Makes the bytes of one pack per picture or piece of sound; give each to `RtpSender.packets`."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None = None, *, mux_rate_bytes: int = 1_250_000) -> None:
        entries = [(_VIDEO_ID, STREAM_TYPES[video])]
        if audio is not None:
            entries.append((_AUDIO_ID, STREAM_TYPES[audio]))
        self._mux_rate = max(1, mux_rate_bytes // 50)
        self._headers = _system_header(self._mux_rate, audio is not None) + ProgramMap(0, tuple(entries)).build()

    def video_pack(self, unit: AccessUnit) -> bytes:
        """The pack of one picture; a key frame carries its parameter sets in the stream."""
        annexb = unit.annexb()
        parts = [_pack_header(unit.pts_90k, self._mux_rate)]
        if unit.is_key:
            parts.append(self._headers)
        parts.extend(_packetized(_VIDEO_ID, annexb, unit.pts_90k))
        return b"".join(parts)

    def audio_pack(self, frame: AudioFrame) -> bytes:
        """A pack of its own for sound, with the PTS of its first sample."""
        return _pack_header(frame.pts_90k, self._mux_rate) + self.audio_part(frame)

    def audio_part(self, frame: AudioFrame) -> bytes:
        """Sound to be put behind the picture of a pack, in the same RTP frame."""
        return b"".join(_packetized(_AUDIO_ID, frame.payload, frame.pts_90k))


def _pack_header(scr_90k: int, mux_rate: int) -> bytes:
    """2.5.3.3, without stuffing."""
    scr = scr_90k & 0x1FFFFFFFF
    bits = 0b01 << 46 | (scr >> 30) << 43 | 1 << 42 | (scr >> 15 & 0x7FFF) << 27 | 1 << 26 | (scr & 0x7FFF) << 11
    bits |= 1 << 10 | 1  # extension 0, both marker bits
    return b"\x00\x00\x01\xba" + bits.to_bytes(6, "big") + (mux_rate << 2 | 3).to_bytes(3, "big") + b"\xf8"


def _system_header(mux_rate: int, has_audio: bool) -> bytes:
    """2.5.3.5: rate bound, one video and at most one audio stream with their buffers."""
    streams = struct.pack(">BH", _VIDEO_ID, 0xC000 | 1 << 13 | 0x400)
    if has_audio:
        streams += struct.pack(">BH", _AUDIO_ID, 0xC000 | 0x20)
    body = (1 << 23 | mux_rate << 1 | 1).to_bytes(3, "big") + bytes([has_audio << 2, 0xE1, 0x7F]) + streams
    return b"\x00\x00\x01\xbb" + len(body).to_bytes(2, "big") + body


def _packetized(stream_id: int, payload: bytes, pts_90k: int) -> Iterable[bytes]:
    head = b"\x80\x80\x05" + write_pts(pts_90k & 0x1FFFFFFFF)
    at = 0
    while True:
        step = _MAX_PES_LENGTH - len(head)
        piece = payload[at : at + step]
        yield b"\x00\x00\x01" + struct.pack(">BH", stream_id, len(head) + len(piece)) + head + piece
        at += step
        if at >= len(payload):
            return
        head = b"\x80\x00\x00"

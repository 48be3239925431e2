"""How a simulated camera makes RTP packets of a picture: PS as GB/T 28181 annex C asks, or as devices of the field do.

Each class is one way, made for one call. The deviations are those of the digest: transport streams, bare video, maps
that are missing or wrong, PES without length, private streams.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec.structs import replace

from fengtai.protocols.elementary import STREAM_TYPES, AccessUnit, AudioCodec, AudioFrame, VideoCodec
from fengtai.protocols.mpegps import ProgramMap, PsMuxer
from fengtai.protocols.mpegts import TsMuxer
from fengtai.protocols.rtp import RtpSender, pack_nals

_TS_BYTES = 7 * 188
_UNREADABLE = bytes(byte ^ 0x5A for byte in range(256))
_MAP_CODE, _VIDEO_CODE = b"\x00\x00\x01\xbc", b"\x00\x00\x01\xe0"


class Packetising(Protocol):
    """One call's way from pictures to packets."""

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]: ...


MakePacketising = Callable[[VideoCodec, AudioCodec | None, RtpSender], Packetising]


class PsPacketising:
    """As the standard asks: one pack per picture, map at every key frame, sound behind the picture."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None, rtp: RtpSender) -> None:
        self._muxer, self._rtp = PsMuxer(video, audio), rtp

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        pack = self.changed(self._muxer.video_pack(unit))
        if sound is not None:
            pack += self._muxer.audio_part(sound)
        return self._rtp.packets(pack, unit.pts_90k)

    def changed(self, pack: bytes) -> bytes:
        """What a deviation makes of the pack of one picture."""
        return pack


class MapOnce(PsPacketising):
    """The program stream map comes once, with the first picture."""

    _has_come = False

    def changed(self, pack: bytes) -> bytes:
        if not self._has_come:
            self._has_come = True
            return pack
        return _without_map(pack)


class NoMap(PsPacketising):
    def changed(self, pack: bytes) -> bytes:
        return _without_map(pack)


class LabelledH264(PsPacketising):
    """Whatever it is, the map says H.264 (recorders of Hikvision with H.265 cameras)."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None, rtp: RtpSender) -> None:
        super().__init__(video, audio, rtp)
        self._map = _map_of("h264", audio)

    def changed(self, pack: bytes) -> bytes:
        at = pack.find(_MAP_CODE)
        return pack if at < 0 else pack[:at] + self._map + pack[_end_of_part(pack, at) :]


class NoPesLength(PsPacketising):
    """PES of video say length 0."""

    def changed(self, pack: bytes) -> bytes:
        at = pack.find(_VIDEO_CODE)
        return pack[: at + 4] + b"\x00\x00" + pack[at + 6 :]


class PrivateStreams(PsPacketising):
    """Vendor's bytes in the stuffing of the pack header, private streams 1 and 2 before the picture."""

    def changed(self, pack: bytes) -> bytes:
        stuffed = pack[:13] + b"\xfe" + b"\x00\x01\x02HIK" + pack[14:]
        at = stuffed.find(_VIDEO_CODE)
        private = b"".join(
            b"\x00\x00\x01" + struct.pack(">BH", stream_id, 40) + bytes(range(100, 140)) for stream_id in (0xBD, 0xBF)
        )
        return stuffed[:at] + private + stuffed[at:]


class ClockJumps(PsPacketising):
    """Time stamps jump forward and back by an hour, as when a clock is set."""

    _sent = 0

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        self._sent += 1
        hour = 3600 * 90_000 * (self._sent // 60 % 2)
        sound = None if sound is None else replace(sound, pts_90k=sound.pts_90k + hour)
        return super().packets(replace(unit, pts_90k=unit.pts_90k + hour), sound)


class NoParameterSets(PsPacketising):
    """Parameter sets never come."""

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        return super().packets(replace(unit, parameter_sets=None), sound)


class VendorFormat(PsPacketising):
    """The vendor's own container, which nobody else can read."""

    def changed(self, pack: bytes) -> bytes:
        return b"IMKH" + pack.translate(_UNREADABLE)


class TsPacketising:
    """MPEG-TS, seven packets of it in each of RTP (RFC 2250)."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None, rtp: RtpSender) -> None:
        self._muxer, self._rtp = TsMuxer(video, audio), rtp

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        stream = self._muxer.video_packets(unit)
        if sound is not None:
            stream += self._muxer.audio_packets(sound)
        pieces = [stream[at : at + _TS_BYTES] for at in range(0, len(stream), _TS_BYTES)]
        return self._rtp.frame(pieces, unit.pts_90k)


class NalPacketising:
    """Bare H.264 by RFC 6184, or H.265 by RFC 7798; no sound."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None, rtp: RtpSender) -> None:
        self._rtp = rtp

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        sets = unit.parameter_sets.nals if unit.parameter_sets is not None else ()
        return self._rtp.frame(pack_nals([*sets, *unit.nals], unit.codec), unit.pts_90k)


class ByteStreamPacketising:
    """The byte stream of the camera's encoder, cut into packets; no sound."""

    def __init__(self, video: VideoCodec, audio: AudioCodec | None, rtp: RtpSender) -> None:
        self._rtp = rtp

    def packets(self, unit: AccessUnit, sound: AudioFrame | None) -> Sequence[bytes]:
        return self._rtp.packets(unit.annexb(), unit.pts_90k)


def _map_of(video: VideoCodec, audio: AudioCodec | None) -> bytes:
    entries = [(0xE0, STREAM_TYPES[video])]
    if audio is not None:
        entries.append((0xC0, STREAM_TYPES[audio]))
    return ProgramMap(0, tuple(entries)).build()


def _without_map(pack: bytes) -> bytes:
    at = pack.find(_MAP_CODE)
    return pack if at < 0 else pack[:at] + pack[_end_of_part(pack, at) :]


def _end_of_part(pack: bytes, at: int) -> int:
    return at + 6 + int.from_bytes(pack[at + 4 : at + 6], "big")

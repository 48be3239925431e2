"""The receiving side: what devices send under the name of PS, made into access units and audio frames.

Survives (digest of GB/T 28181, 4.3): no map, a map once, a map with wrong type, CRC or length; PES of length zero;
stuffing with private bytes; private streams; parameter sets in packs of their own; pictures in many PES; packs that
begin in the middle; loss. Memory is bounded by `max_frame_bytes`. Never raises; all that is odd is counted.

How a picture ends: with the frame of the transport (`ends_frame`), or with a PES of another PTS.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from fengtai.protocols.elementary import (
    AUDIO_STREAM_TYPES,
    VIDEO_STREAM_TYPES,
    AccessUnit,
    AudioCodec,
    AudioFrame,
    ParameterSets,
    PresentationTimes,
    VideoAssembler,
    VideoCodec,
    parse_adts_header,
)
from fengtai.protocols.mpegps import pes
from fengtai.protocols.mpegps.plain_packs import PlainPack, plain_pack
from fengtai.protocols.mpegps.program_map import ProgramMap, parse_program_map
from fengtai.vocabulary.errors import Malformed

_MAX_STRAY_BYTES = 16
Shortcut = Callable[[bytes, int, bytes], PlainPack | None]


@dataclass(slots=True)
class PsCounters:
    pictures: int = 0
    damaged_pictures: int = 0
    audio_frames: int = 0
    program_maps: int = 0
    bad_program_maps: int = 0
    resyncs: int = 0
    """times that bytes had to be skipped to find the next start code"""
    skipped_bytes: int = 0
    oversized_frames: int = 0
    """pictures above `max_frame_bytes`, dropped"""
    other_streams: int = 0
    """PES of private or second streams, skipped"""


@dataclass(slots=True)
class _Picture:
    """The elementary stream of the picture that is being received."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    pts: int | None = None
    timestamp: int = 0
    is_damaged: bool = False


class PsDemuxer:
    """Feed it groups of an `RtpReceiver` (or any pieces of a program stream); take what `feed` returns.

    Damaged pictures are given too, marked (`is_damaged`, and `follows_loss` up to the next whole key frame): the
    recorder keeps them, a viewer may skip them.
    """

    def __init__(self, *, max_frame_bytes: int = 4 * 1024 * 1024, shortcut: Shortcut | None = plain_pack) -> None:
        """`shortcut` takes ordinary packs; without it each goes the long way, with the same result."""
        self.counters = PsCounters()
        self._shortcut = shortcut
        self.gives_sound = True
        """false: frames of sound are counted, and left where they are"""
        self.program_map: ProgramMap | None = None
        self._max_frame_bytes = max_frame_bytes
        self._assembler = VideoAssembler()
        self._moment = PresentationTimes().moment
        self._buffer = b""
        self._frame_has_ended = True
        """the transport says so; when the buffer then holds half a PES, its length (or the marker) is wrong"""
        self._picture = _Picture()
        self._video_id: int | None = None
        self._map_bytes = b""
        self._audio_types: dict[int, AudioCodec] = {}
        self._timestamp = 0

    @property
    def codec(self) -> VideoCodec | None:
        """As told by the bytes; None before the first parameter sets."""
        return self._assembler.codec

    @property
    def parameter_sets(self) -> ParameterSets | None:
        return self._assembler.parameter_sets

    @property
    def declared_video(self) -> str | None:
        """What the map says the video is ("svac" and "mpeg4" cannot be decoded); None without a map."""
        for _, kind in self.program_map.stream_types if self.program_map else ():
            if kind in VIDEO_STREAM_TYPES:
                return VIDEO_STREAM_TYPES[kind]
        return None

    @property
    def pictures_without_codec(self) -> int:
        """Pictures that came before any parameter set and were of no use."""
        return self._assembler.units_without_codec

    def feed(
        self, data: bytes, *, timestamp_90k: int, ends_frame: bool = True, lost: bool = False
    ) -> list[AccessUnit | AudioFrame]:
        """Take the next bytes of the stream; return what they complete.

        `timestamp_90k` is that of the transport, unwrapped, for pictures without PTS. `lost`: bytes are missing in
        these or right before them; the picture is marked damaged and parsed by start codes instead of lengths.
        """
        units: list[AccessUnit | AudioFrame] = []
        if ends_frame and not lost and not self._buffer and self._took_shortcut(data, timestamp_90k, units):
            return units
        if self._buffer and (lost or (self._frame_has_ended and data[:3] == b"\x00\x00\x01" and data[3:4] >= b"\xb9")):
            # the PES in the buffer will not be completed: take it as it is
            self._picture.is_damaged |= lost
            self._parse(self._buffer, units, is_final=True, ends_frame=True, by_codes=lost)
            self._buffer = b""
            if self._frame_has_ended:
                self._finish_picture(units)
        by_codes = False
        if lost:
            self._assembler.note_loss()
            by_codes = not pes.is_whole(data)
            self._picture.is_damaged = by_codes or bool(self._picture.parts)
        self._timestamp = timestamp_90k
        if self._buffer:
            data = self._buffer + data
        at = self._parse(data, units, is_final=lost and ends_frame, ends_frame=ends_frame, by_codes=by_codes)
        self._buffer = data[at:]
        self._frame_has_ended = ends_frame
        if ends_frame and not self._buffer:
            self._finish_picture(units)
        elif self._picture.size + len(self._buffer) > self._max_frame_bytes:
            self.counters.oversized_frames += 1
            self._assembler.note_loss()
            self._picture, self._buffer = _Picture(), b""
        return units

    def _took_shortcut(self, data: bytes, timestamp_90k: int, units: list[AccessUnit | AudioFrame]) -> bool:
        picture = self._picture
        if self._shortcut is None or self._video_id is None or picture.parts or picture.pts is not None:
            return False
        pack = self._shortcut(data, self._video_id, self._map_bytes)
        if pack is None or picture.is_damaged:
            return False
        video, start, behind, pts, audio, maps, others = pack
        self._timestamp, self._frame_has_ended = timestamp_90k, True
        self.counters.program_maps += maps
        self.counters.other_streams += others
        for at, end, stream_id in audio:
            self._take_audio(data, at, end, stream_id, units)
        if start < behind:
            self._give(
                self._assembler.assemble(video, self._moment(pts, timestamp_90k), start=start, end=behind), units
            )
        return True

    def flush(self) -> list[AccessUnit | AudioFrame]:
        """What is still held, when the stream ends."""
        units: list[AccessUnit | AudioFrame] = []
        self._parse(self._buffer, units, is_final=True, ends_frame=True, by_codes=False)
        self._buffer = b""
        self._finish_picture(units)
        return units

    def _parse(
        self, data: bytes, units: list[AccessUnit | AudioFrame], *, is_final: bool, ends_frame: bool, by_codes: bool
    ) -> int:
        """Handle the parts of the stream that are complete; return where the first incomplete one begins.

        `is_final`: nothing will complete the last part, take what is there.
        """
        at, size = 0, len(data)
        while at + 4 <= size:
            stream_id = data[at + 3]
            if stream_id < pes.PROGRAM_END or data[at : at + 3] != b"\x00\x00\x01":
                at = self._resynchronised(data, at)
                continue
            if stream_id == pes.PACK:
                step = pes.pack_header_size(data, at)
                if step == 0 and not is_final:
                    break
                at += step if step > 0 else 4
                continue
            if stream_id == pes.PROGRAM_END:
                at += 4
                continue
            end = pes.part_end(data, at, stream_id, may_be_open=ends_frame or is_final, by_codes=by_codes)
            if end > size:
                if not is_final:
                    break
                end = size
            self._take(data, at, end, stream_id, units)
            at = end
        if at + 4 > size and (is_final or (ends_frame and not b"\x00\x00\x01".startswith(data[at : at + 3]))):
            return size
        return at

    def _resynchronised(self, data: bytes, at: int) -> int:
        """Where the next start code is. A few bytes between parts are stuffing (Tiandy); more of them are damage."""
        found = pes.START_CODE.search(data, at)
        following = found.start() if found else len(data) - 3
        if following - at > _MAX_STRAY_BYTES and self._picture.parts:
            self._picture.is_damaged = True
        self.counters.resyncs += 1
        self.counters.skipped_bytes += following - at
        return following

    def _take(self, data: bytes, at: int, end: int, stream_id: int, units: list[AccessUnit | AudioFrame]) -> None:
        if pes.is_video(stream_id):
            self._take_video(data, at, end, stream_id, units)
        elif pes.is_audio(stream_id):
            self._take_audio(data, at, end, stream_id, units)
        elif stream_id == pes.MAP:
            self._take_map(data[at:end])
        elif stream_id != pes.SYSTEM:
            self.counters.other_streams += 1

    def _take_video(self, data: bytes, at: int, end: int, stream_id: int, units: list[AccessUnit | AudioFrame]) -> None:
        if self._video_id is None:
            self._video_id = stream_id
        if stream_id != self._video_id:
            self.counters.other_streams += 1
            return
        start, pts = pes.payload_start(data, at, end)
        picture = self._picture
        if start < 0:
            self.counters.skipped_bytes += end - at
            picture.is_damaged = True
            return
        if pts is not None and picture.parts and picture.pts is not None and picture.pts != pts:
            self._finish_picture(units)
            picture = self._picture
        if not picture.parts:
            picture.timestamp = self._timestamp
        if picture.pts is None:
            picture.pts = pts
        if start < end:
            picture.parts.append(data[start:end])
            picture.size += end - start

    def _take_audio(self, data: bytes, at: int, end: int, stream_id: int, units: list[AccessUnit | AudioFrame]) -> None:
        start, pts = pes.payload_start(data, at, end)
        if start < 0 or start == end:
            return
        self.counters.audio_frames += 1
        if not self.gives_sound:
            return
        payload = data[start:end]
        codec, rate = self._audio_types.get(stream_id), 8000
        if codec in (None, "aac"):
            try:
                codec, rate = "aac", parse_adts_header(payload).sample_rate
            except Malformed:
                codec = codec or "g711a"  # without a map: what nearly all cameras send
        units.append(AudioFrame(codec or "unknown", payload, self._moment(pts, self._timestamp), rate))

    def _take_map(self, data: bytes) -> None:
        self.counters.program_maps += 1
        if data == self._map_bytes:
            return
        try:
            self.program_map = parse_program_map(data)
        except Malformed:
            self.counters.bad_program_maps += 1
            return
        self._map_bytes = data
        for stream_id, kind in self.program_map.stream_types:
            if pes.is_audio(stream_id):
                self._audio_types[stream_id] = AUDIO_STREAM_TYPES.get(kind, "unknown")

    def _finish_picture(self, units: list[AccessUnit | AudioFrame]) -> None:
        picture = self._picture
        if not picture.parts:
            picture.is_damaged = False
            return
        self._picture = _Picture()
        annexb = picture.parts[0] if len(picture.parts) == 1 else b"".join(picture.parts)
        moment = self._moment(picture.pts, picture.timestamp)
        self._give(self._assembler.assemble(annexb, moment, is_damaged=picture.is_damaged), units)

    def _give(self, unit: AccessUnit | None, units: list[AccessUnit | AudioFrame]) -> None:
        if unit is not None:
            self.counters.pictures += 1
            self.counters.damaged_pictures += unit.is_damaged
            units.append(unit)

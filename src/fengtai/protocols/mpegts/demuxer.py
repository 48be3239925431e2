"""The receiving side: a transport stream made into access units and audio frames.

Survives: a beginning in the middle, bytes between packets, lost and repeated packets, no tables (the first PES of video
is then taken for what it is), tables with wrong CRC, PES of length zero. Memory is bounded by `max_frame_bytes`. Never
raises; all that is odd is counted. Which of H.264 and H.265 it is, is told by the bytes.

How a picture ends: with its PES, when that states a length, else with the beginning of the next PES of the same PID. The
frames of the transport below are of no use for this: by RFC 2250 their time stamps may change within a picture.
"""

from dataclasses import dataclass, field

from fengtai.protocols.elementary import (
    AUDIO_STREAM_TYPES,
    VIDEO_STREAM_TYPES,
    AccessUnit,
    AudioCodec,
    AudioFrame,
    PresentationTimes,
    VideoAssembler,
    parse_adts_header,
    read_pts,
)
from fengtai.protocols.mpegts.packets import NULL_PID, PACKET_BYTES, SYNC, payload_start
from fengtai.protocols.mpegts.tables import MAX_SECTION_BYTES, parse_association, parse_map, section_bytes
from fengtai.vocabulary.errors import Malformed


@dataclass(slots=True)
class TsCounters:
    pictures: int = 0
    damaged_pictures: int = 0
    audio_frames: int = 0
    packets: int = 0
    resyncs: int = 0
    """times that bytes had to be skipped to find the next packet"""
    skipped_bytes: int = 0
    lost_packets: int = 0
    """breaks of a counter that nobody announced"""
    bad_tables: int = 0
    scrambled: int = 0
    oversized_frames: int = 0


@dataclass(slots=True)
class _Pes:
    """One PID's packetised stream, being received."""

    audio: AudioCodec | None = None
    """None: video"""
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    awaited_bytes: int = 0
    """of the whole PES; 0 when it does not say"""
    is_open: bool = False
    is_damaged: bool = False
    timestamp: int = 0


class TsDemuxer:
    """Feed it groups of an `RtpReceiver`, or any pieces of a transport stream; take what `feed` returns."""

    def __init__(self, *, max_frame_bytes: int = 4 * 1024 * 1024) -> None:
        self.counters = TsCounters()
        self.declared_video: str | None = None
        """what the map says the video is; None without a map"""
        self._max_frame_bytes = max_frame_bytes
        self._assembler = VideoAssembler()
        self._moment = PresentationTimes().moment
        self._buffer = b""
        self._map_pids: frozenset[int] = frozenset()
        self._sections: dict[int, bytes] = {}
        self._streams: dict[int, _Pes] = {}
        self._has_map = False
        self._continuity: dict[int, int] = {}
        self._timestamp = 0

    @property
    def pictures_without_codec(self) -> int:
        return self._assembler.units_without_codec

    def feed(
        self, data: bytes, *, timestamp_90k: int, ends_frame: bool = True, lost: bool = False
    ) -> list[AccessUnit | AudioFrame]:
        """Take the next bytes; return what they complete. The counters of the packets tell what was lost."""
        self._timestamp = timestamp_90k
        if self._buffer:
            data = data if lost else self._buffer + data
        units: list[AccessUnit | AudioFrame] = []
        at, end = 0, len(data)
        while at + PACKET_BYTES <= end:
            if data[at] != SYNC:
                at = self._resynchronised(data, at)
                continue
            self._take(data[at : at + PACKET_BYTES], units)
            at += PACKET_BYTES
        self._buffer = data[at:]
        return units

    def flush(self) -> list[AccessUnit | AudioFrame]:
        """What is still held, when the stream ends."""
        units: list[AccessUnit | AudioFrame] = []
        for stream in self._streams.values():
            self._finish(stream, units)
        return units

    def _resynchronised(self, data: bytes, at: int) -> int:
        """The next sync byte that another one follows 188 bytes later (or that is too near to the end to tell)."""
        found = data.find(SYNC, at + 1)
        while found >= 0 and found + PACKET_BYTES < len(data) and data[found + PACKET_BYTES] != SYNC:
            found = data.find(SYNC, found + 1)
        following = len(data) if found < 0 else found
        self.counters.resyncs += 1
        self.counters.skipped_bytes += following - at
        return following

    def _take(self, packet: bytes, units: list[AccessUnit | AudioFrame]) -> None:
        self.counters.packets += 1
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        start, is_break = payload_start(packet)
        if pid == NULL_PID or start == PACKET_BYTES:
            return
        if packet[1] & 0x80 or start < 0:
            self._note_loss(pid)
            return
        if packet[3] & 0xC0:
            self.counters.scrambled += 1
            return
        counter = packet[3] & 0x0F
        before = self._continuity.get(pid)
        self._continuity[pid] = counter
        if before is not None and not is_break and counter != (before + 1 & 0x0F):
            if counter == before:
                return  # sent twice, which 2.4.3.3 allows
            self._note_loss(pid)
        begins = bool(packet[1] & 0x40)
        payload = packet[start:]
        if pid == 0 or pid in self._map_pids:
            self._take_section(pid, payload, begins)
            return
        stream = self._streams.get(pid)
        if stream is None and begins and not self._has_map and payload[:3] == b"\x00\x00\x01":
            stream = self._adopted(pid, payload[3])
        if stream is not None:
            self._take_pes(stream, payload, begins, units)

    def _adopted(self, pid: int, stream_id: int) -> _Pes | None:
        """Without tables: video and sound are told by the id of their PES."""
        if 0xE0 <= stream_id <= 0xEF and all(one.audio is not None for one in self._streams.values()):
            self._streams[pid] = _Pes()
        elif 0xC0 <= stream_id <= 0xDF:
            self._streams[pid] = _Pes(audio="unknown")
        return self._streams.get(pid)

    def _note_loss(self, pid: int) -> None:
        self.counters.lost_packets += 1
        self._sections.pop(pid, None)
        stream = self._streams.get(pid)
        if stream is not None:
            stream.is_damaged = True
            if stream.audio is None:
                self._assembler.note_loss()

    # tables

    def _take_section(self, pid: int, payload: bytes, begins: bool) -> None:
        if begins:
            pointer = payload[0] if payload else 0
            section = payload[1 + pointer :]
        elif pid in self._sections:
            section = self._sections.pop(pid) + payload
        else:
            return
        size = section_bytes(section)
        if size > MAX_SECTION_BYTES:
            self.counters.bad_tables += 1
        elif size == 0 or len(section) < size:
            self._sections[pid] = section
        else:
            self._take_table(pid, section)

    def _take_table(self, pid: int, section: bytes) -> None:
        try:
            if pid == 0:
                self._map_pids = frozenset(parse_association(section))
                return
            streams = parse_map(section)
        except Malformed:
            self.counters.bad_tables += 1
            return
        self._has_map = True
        self.declared_video = None
        for stream_pid, kind in streams:
            if kind in VIDEO_STREAM_TYPES and self.declared_video is None:
                self.declared_video = VIDEO_STREAM_TYPES[kind]
                self._streams.setdefault(stream_pid, _Pes())
            elif kind in AUDIO_STREAM_TYPES:
                self._streams.setdefault(stream_pid, _Pes()).audio = AUDIO_STREAM_TYPES[kind]

    # PES

    def _take_pes(self, stream: _Pes, payload: bytes, begins: bool, units: list[AccessUnit | AudioFrame]) -> None:
        if begins:
            self._finish(stream, units)
            if payload[:3] != b"\x00\x00\x01" or len(payload) < 9:
                self.counters.skipped_bytes += len(payload)
                return
            length = payload[4] << 8 | payload[5]
            stream.awaited_bytes = 6 + length if length else 0
            stream.is_open, stream.timestamp = True, self._timestamp
        elif not stream.is_open:
            return
        stream.parts.append(payload)
        stream.size += len(payload)
        if stream.awaited_bytes and stream.size >= stream.awaited_bytes:
            self._finish(stream, units)
        elif stream.size > self._max_frame_bytes:
            self.counters.oversized_frames += 1
            self._assembler.note_loss()
            stream.parts, stream.size, stream.is_open = [], 0, False

    def _finish(self, stream: _Pes, units: list[AccessUnit | AudioFrame]) -> None:
        if not stream.is_open:
            stream.is_damaged = False
            return
        data = b"".join(stream.parts)
        is_damaged = stream.is_damaged or bool(stream.awaited_bytes and len(data) < stream.awaited_bytes)
        if stream.awaited_bytes:
            data = data[: stream.awaited_bytes]
        stream.parts, stream.size, stream.is_open, stream.is_damaged = [], 0, False, False
        start = 9 + data[8]
        if start > len(data):
            self.counters.skipped_bytes += len(data)
            return
        pts = read_pts(data, 9) if data[7] & 0x80 and data[8] >= 5 else None
        moment = self._moment(pts, stream.timestamp)
        if stream.audio is not None:
            self._give_sound(stream.audio, data[start:], moment, units)
            return
        unit = self._assembler.assemble(data[start:], moment, is_damaged=is_damaged)
        if unit is not None:
            self.counters.pictures += 1
            self.counters.damaged_pictures += unit.is_damaged
            units.append(unit)

    def _give_sound(self, codec: AudioCodec, payload: bytes, moment: int, units: list[AccessUnit | AudioFrame]) -> None:
        rate = 8000
        if codec in ("aac", "unknown"):
            try:
                codec, rate = "aac", parse_adts_header(payload).sample_rate
            except Malformed:
                codec = "unknown"
        self.counters.audio_frames += 1
        units.append(AudioFrame(codec, payload, moment, rate))

"""Reading back what we wrote (and what other writers of fragmented MP4 wrote in the same manner)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fengtai.protocols.elementary import ParameterSets
from fengtai.protocols.fmp4.boxes import Box, iterate_boxes, need_box
from fengtai.protocols.fmp4.init_segment import AUDIO_ENTRIES, VIDEO_TRACK_ID, AudioTrack
from fengtai.vocabulary.errors import Malformed

_MAX_SAMPLES = 1_000_000
_CODECS = {entry: codec for codec, entry in AUDIO_ENTRIES.items()}


@dataclass(frozen=True, slots=True)
class TrackInfo:
    track_id: int
    timescale: int
    sample_entry: str
    """avc1, hvc1, alaw, ulaw ..."""
    decoder_configuration: bytes
    """content of avcC or hvcC; the AudioSpecificConfig of AAC; the STREAMINFO of FLAC"""
    width: int
    height: int
    channels: int = 0
    """of sound"""

    @property
    def audio(self) -> AudioTrack | None:
        """What it was written from; None for pictures."""
        codec = _CODECS.get(self.sample_entry.encode("latin-1"))
        if codec is None:
            return None
        return AudioTrack(codec, self.timescale, self.channels, self.decoder_configuration)

    @property
    def parameter_sets(self) -> ParameterSets:
        """Of pictures. Raise Malformed when the decoder configuration cannot be read."""
        if self.sample_entry in ("avc1", "avc3"):
            return _read_avcc(self.decoder_configuration)
        if self.sample_entry in ("hvc1", "hev1"):
            return _read_hvcc(self.decoder_configuration)
        raise Malformed(f"track {self.sample_entry} has no parameter sets", clause="14496-15 5.4.2")


@dataclass(frozen=True, slots=True)
class InitInfo:
    tracks: tuple[TrackInfo, ...]
    end: int
    """where the init segment ends and the first fragment may begin"""


@dataclass(frozen=True, slots=True)
class SampleInfo:
    offset: int
    """in the data that was read"""
    size: int
    time: int
    """decode time, in the track's time scale"""
    duration: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class FragmentInfo:
    start: int
    end: int
    """moof and mdat lie in [start, end)"""
    sequence: int
    base_time_90k: int
    """decode time of the first picture"""
    samples: tuple[SampleInfo, ...]
    """pictures"""
    audio: tuple[SampleInfo, ...] = ()

    @property
    def duration_90k(self) -> int:
        return sum(sample.duration for sample in self.samples)


def read_init_segment(data: bytes | memoryview) -> InitInfo:
    """From the first byte of a file. Raise Malformed when there is no moov that can be understood."""
    for found in iterate_boxes(data):
        if found.kind == b"moov":
            tracks = [
                _read_track(data, track)
                for track in iterate_boxes(data, found.content, found.end)
                if track.kind == b"trak"
            ]
            return InitInfo(tuple(tracks), found.end)
        if found.kind in (b"moof", b"mdat"):
            break
    raise Malformed("no moov before the first fragment", clause="14496-12 8.2.1")


def read_fragments(data: bytes | memoryview, start: int = 0) -> Iterator[FragmentInfo]:
    """All whole fragments from `start` on. A cut fragment at the end (a file being written, a power failure) raises
    Malformed whose `at` says where it begins."""
    at = start
    while at < len(data):
        try:
            found = next(iterate_boxes(data, at))
            is_fragment = found.kind == b"moof"
            piece = read_fragment(data, at) if is_fragment else None
        except Malformed as cut:
            raise Malformed(cut.what, clause=cut.clause, at=at) from cut
        if piece is not None:
            yield piece
        at = piece.end if piece is not None else found.end


def read_fragment(data: bytes | memoryview, start: int = 0) -> FragmentInfo:
    """The fragment whose moof begins at `start`. Raise Malformed when it is cut or has no pictures."""
    boxes = iterate_boxes(data, start)
    moof = next(boxes, None)
    if moof is None or moof.kind != b"moof":
        raise Malformed("no moof here", clause="14496-12 8.8.4", at=start)
    mdat = next(boxes, None)
    if mdat is None or mdat.kind != b"mdat":
        raise Malformed("no mdat after the moof", clause="14496-12 8.1.1", at=moof.end)
    header = need_box(data, "mfhd", moof.content, moof.end)
    sequence = _number(data, header, 4)
    runs: dict[int, tuple[SampleInfo, ...]] = {}
    for traf in iterate_boxes(data, moof.content, moof.end):
        if traf.kind == b"traf":
            track_id, samples = _read_run(data, traf, moof.start)
            runs[track_id] = samples
    video = runs.pop(VIDEO_TRACK_ID, ())
    if not video:
        raise Malformed("fragment without pictures", clause="14496-12 8.8.6", at=start)
    audio = next(iter(runs.values()), ())
    for sample in (*video, *audio):
        if sample.offset < mdat.content or sample.offset + sample.size > mdat.end:
            raise Malformed("sample lies outside of the mdat", clause="14496-12 8.8.8", at=start)
    return FragmentInfo(start, mdat.end, sequence, video[0].time, video, audio)


def _read_track(data: bytes | memoryview, track: Box) -> TrackInfo:
    head = need_box(data, "tkhd", track.content, track.end)
    media_head = need_box(data, "mdia/mdhd", track.content, track.end)
    table = need_box(data, "mdia/minf/stbl/stsd", track.content, track.end)
    entry = next(iterate_boxes(data, table.content + 8, table.end), None)
    if entry is None:
        raise Malformed("track without a sample entry", clause="14496-12 8.5.2", at=table.start)
    is_long = _number(data, media_head, 0) >> 24 == 1
    is_long_head = _number(data, head, 0) >> 24 == 1
    configuration, width, height, channels = b"", 0, 0, 0
    if entry.kind in (b"avc1", b"avc3", b"hvc1", b"hev1"):
        size = _number(data, entry, 24)
        width, height = size >> 16, size & 0xFFFF
        for inner in iterate_boxes(data, entry.content + 78, entry.end):
            if inner.kind in (b"avcC", b"hvcC"):
                configuration = bytes(data[inner.content : inner.end])
    if entry.kind in _CODECS:
        channels = _number(data, entry, 16) >> 16
        for inner in iterate_boxes(data, entry.content + 28, entry.end):
            configuration = _audio_configuration(bytes(data[inner.content : inner.end]), inner.kind) or configuration
    return TrackInfo(
        track_id=_number(data, head, 20 if is_long_head else 12),
        timescale=_number(data, media_head, 20 if is_long else 12),
        sample_entry=entry.kind.decode("latin-1"),
        decoder_configuration=configuration,
        width=width,
        height=height,
        channels=channels,
    )


def _audio_configuration(content: bytes, kind: bytes) -> bytes:
    """Of `dfLa` the STREAMINFO, of `esds` the AudioSpecificConfig (tag 5); empty when it is not there."""
    if kind == b"dfLa":
        return content[8:]
    if kind != b"esds":
        return b""
    at, end = 4, len(content)
    while at + 2 <= end:
        tag, at = content[at], at + 1
        size = 0
        while at < end:  # 14496-1 8.3.3: seven bits a byte, some writers use four bytes
            byte, at = content[at], at + 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        if tag == 5:
            return content[at : at + size]
        at += {3: 3, 4: 13}.get(tag, size)
    return b""


def sample_nals(data: bytes) -> tuple[bytes, ...]:
    """NAL units of a picture as it stands in a file, with 4-byte lengths (14496-15 5.3.4.2). Raise Malformed."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if not size or at + 4 + size > len(data):
            raise Malformed("NAL unit does not fit its sample", clause="14496-15 5.3.4.2", at=at)
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(found)


def _read_avcc(record: bytes) -> ParameterSets:
    """AVCDecoderConfigurationRecord (14496-15 5.3.3.1.2)."""
    if len(record) < 7:
        raise Malformed("avcC is cut", clause="14496-15 5.3.3")
    sps, at = _read_sets(record, 6, record[5] & 0x1F)
    pps, _ = _read_sets(record, at + 1, record[at] if at < len(record) else 0)
    return ParameterSets("h264", sps, pps)


def _read_hvcc(record: bytes) -> ParameterSets:
    """HEVCDecoderConfigurationRecord (14496-15 8.3.3.1.2)."""
    if len(record) < 23:
        raise Malformed("hvcC is cut", clause="14496-15 8.3.3")
    arrays: dict[int, tuple[bytes, ...]] = {}
    at = 23
    for _ in range(record[22]):
        if at + 3 > len(record):
            raise Malformed("hvcC is cut", clause="14496-15 8.3.3", at=at)
        kind, count = record[at] & 0x3F, int.from_bytes(record[at + 1 : at + 3], "big")
        arrays[kind], at = _read_sets(record, at + 3, count)
    return ParameterSets("h265", arrays.get(33, ()), arrays.get(34, ()), arrays.get(32, ()))


def _read_sets(record: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    """NAL units with 16-bit lengths, and where they end."""
    found: list[bytes] = []
    for _ in range(count):
        size = int.from_bytes(record[at : at + 2], "big")
        if at + 2 + size > len(record) or not size:
            raise Malformed("decoder configuration is cut", clause="14496-15 5.3.3", at=at)
        found.append(record[at + 2 : at + 2 + size])
        at += 2 + size
    return tuple(found), at


def _number(data: bytes | memoryview, inside: Box, at: int) -> int:
    """Four bytes of a box's content."""
    if inside.content + at + 4 > inside.end:
        raise Malformed(f"box {inside.kind!r} is too short", clause="14496-12 4.2", at=inside.start)
    return int.from_bytes(data[inside.content + at : inside.content + at + 4], "big")


def _read_run(data: bytes | memoryview, traf: Box, moof_start: int) -> tuple[int, tuple[SampleInfo, ...]]:
    """tfhd, tfdt and the one trun of a track."""
    head = need_box(data, "tfhd", traf.content, traf.end)
    flags, track_id = _number(data, head, 0) & 0xFFFFFF, _number(data, head, 4)
    at = 8
    base_offset = moof_start
    defaults = {0x8: 0, 0x10: 0, 0x20: 0}
    if flags & 0x1:
        base_offset = _number(data, head, at) << 32 | _number(data, head, at + 4)
        at += 8
    if flags & 0x2:
        at += 4
    for bit in defaults:
        if flags & bit:
            defaults[bit] = _number(data, head, at)
            at += 4
    decode_time = need_box(data, "tfdt", traf.content, traf.end)
    time = _number(data, decode_time, 4)
    if _number(data, decode_time, 0) >> 24 == 1:
        time = time << 32 | _number(data, decode_time, 8)
    run = need_box(data, "trun", traf.content, traf.end)
    return track_id, _samples(data, run, base_offset, time, defaults)


def _samples(
    data: bytes | memoryview, run: Box, offset: int, time: int, defaults: dict[int, int]
) -> tuple[SampleInfo, ...]:
    flags, count = _number(data, run, 0) & 0xFFFFFF, _number(data, run, 4)
    at = run.content + 8
    if flags & 0x1:
        offset += struct.unpack_from(">i", data, at)[0] if at + 4 <= run.end else 0
        at += 4
    first_flags = _number(data, run, at - run.content) if flags & 0x4 else None
    at += 4 if flags & 0x4 else 0
    present = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    if count > _MAX_SAMPLES or at + 4 * len(present) * count > run.end:
        raise Malformed("sample table is cut", clause="14496-12 8.8.8", at=run.start)
    if not present and count > 1:
        # sound: equal samples side by side are one piece
        size, duration = defaults[0x10] * count, defaults[0x8] * count
        return (SampleInfo(offset, size, time, duration, True),)
    numbers = struct.unpack_from(f">{len(present) * count}I", data, at)
    samples: list[SampleInfo] = []
    for index in range(count):
        row = dict(zip(present, numbers[index * len(present) : (index + 1) * len(present)], strict=True))
        duration, size = row.get(0x100, defaults[0x8]), row.get(0x200, defaults[0x10])
        sample_flags = row.get(0x400, defaults[0x20])
        if index == 0 and first_flags is not None:
            sample_flags = first_flags
        samples.append(SampleInfo(offset, size, time, duration, not sample_flags & 0x10000))
        offset, time = offset + size, time + duration
    return tuple(samples)

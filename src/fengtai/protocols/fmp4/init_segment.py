"""The init segment: ftyp and a moov without samples (ISO/IEC 14496-12 8, 14496-15 5.4.2 and 8.4.1)."""

import struct
from dataclasses import dataclass
from typing import Final

from fengtai.protocols.elementary import ParameterSets
from fengtai.protocols.fmp4.boxes import box, full_box

VIDEO_TRACK_ID: Final = 1
AUDIO_TRACK_ID: Final = 2
VIDEO_TIMESCALE: Final = 90_000

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED_LANGUAGE = 0x55C4
_DATA_IN_THIS_FILE = box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """Sound. G.711 and AAC as they come from devices, FLAC as we make it for browsers; any other codec is kept under a
    name of ours: players pass it over. Of these, Media Source Extensions play AAC and FLAC."""

    codec: str
    sample_rate: int = 8000
    """the track's time scale"""
    channels: int = 1
    configuration: bytes = b""
    """AudioSpecificConfig of AAC; the STREAMINFO block of FLAC"""


def init_segment(video: ParameterSets, audio: AudioTrack | None = None) -> bytes:
    """Raise Malformed when the parameter sets cannot be understood."""
    parameters = video.video
    brands = b"isom\x00\x00\x02\x00isomiso6" + (b"avc1" if video.codec == "h264" else b"hvc1") + b"mp41"
    tracks = [
        _track(VIDEO_TRACK_ID, VIDEO_TIMESCALE, b"vide", _video_entry(video), parameters.width, parameters.height)
    ]
    extends = [full_box(b"trex", 0, 0, struct.pack(">5I", VIDEO_TRACK_ID, 1, 0, 0, 0))]
    if audio is not None:
        tracks.append(_track(AUDIO_TRACK_ID, audio.sample_rate, b"soun", _audio_entry(audio)))
        extends.append(full_box(b"trex", 0, 0, struct.pack(">5I", AUDIO_TRACK_ID, 1, 0, 0, 0)))
    movie_head = struct.pack(">IIII", 0, 0, VIDEO_TIMESCALE, 0) + struct.pack(">IH10x", 0x10000, 0x100)
    movie_head += _MATRIX + bytes(24) + struct.pack(">I", len(tracks) + 1)
    return box(b"ftyp", brands) + box(b"moov", full_box(b"mvhd", 0, 0, movie_head), *tracks, box(b"mvex", *extends))


def _track(track_id: int, timescale: int, handler: bytes, entry: bytes, width: int = 0, height: int = 0) -> bytes:
    is_audio = handler == b"soun"
    head = struct.pack(">IIII I", 0, 0, track_id, 0, 0) + bytes(8)
    head += struct.pack(">hhhH", 0, 0, 0x100 if is_audio else 0, 0) + _MATRIX
    head += struct.pack(">II", width << 16, height << 16)
    media_head = struct.pack(">IIIIHH", 0, 0, timescale, 0, _UNDETERMINED_LANGUAGE, 0)
    named = b"SoundHandler\x00" if is_audio else b"VideoHandler\x00"
    media_kind = full_box(b"smhd", 0, 0, bytes(4)) if is_audio else full_box(b"vmhd", 0, 1, bytes(8))
    no_samples = (
        full_box(b"stts", 0, 0, bytes(4))
        + full_box(b"stsc", 0, 0, bytes(4))
        + full_box(b"stsz", 0, 0, bytes(8))
        + full_box(b"stco", 0, 0, bytes(4))
    )
    table = box(b"stbl", full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry), no_samples)
    return box(
        b"trak",
        full_box(b"tkhd", 0, 3, head),
        box(
            b"mdia",
            full_box(b"mdhd", 0, 0, media_head),
            full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), named),
            box(b"minf", media_kind, _DATA_IN_THIS_FILE, table),
        ),
    )


def _video_entry(sets: ParameterSets) -> bytes:
    """VisualSampleEntry (12.1.3) with the decoder configuration; parameter sets stand here and not in the samples."""
    parameters = sets.video
    head = bytes(6) + struct.pack(">H", 1) + bytes(16)
    head += struct.pack(">HHIII H", parameters.width, parameters.height, 0x480000, 0x480000, 0, 1)
    head += bytes(32) + struct.pack(">Hh", 24, -1)
    kind, configuration = (b"avc1", b"avcC") if sets.codec == "h264" else (b"hvc1", b"hvcC")
    return box(kind, head, box(configuration, sets.decoder_configuration()))


AUDIO_ENTRIES: Final = {
    "g711a": b"alaw",
    "g711u": b"ulaw",
    "aac": b"mp4a",
    "flac": b"fLaC",
    "g722.1": b"g722",
    "g723.1": b"g723",
    "g729": b"g729",
    "svac": b"svaa",
    "unknown": b"xxxx",
}
"""codec → sample entry; `alaw` and `ulaw` as QuickTime and FFmpeg name G.711, those from g722 on are ours"""


def _audio_entry(audio: AudioTrack) -> bytes:
    """AudioSampleEntry (12.2.3)."""
    head = bytes(6) + struct.pack(">H", 1) + bytes(8)
    head += struct.pack(">HHHHI", audio.channels, 16, 0, 0, audio.sample_rate << 16 & 0xFFFFFFFF)
    kind = AUDIO_ENTRIES.get(audio.codec, b"xxxx")
    if audio.codec == "aac":
        return box(kind, head, _esds(audio.configuration))
    if audio.codec == "flac":  # FLAC in ISO BMFF 3.3.2: the last and only metadata block is STREAMINFO
        block = bytes([0x80]) + len(audio.configuration).to_bytes(3, "big") + audio.configuration
        return box(kind, head, full_box(b"dfLa", 0, 0, block))
    return box(kind, head)


def _esds(configuration: bytes) -> bytes:
    """ES_Descriptor of AAC (ISO/IEC 14496-1 7.2.6.5, 14496-14 3.1.2)."""
    specific = _descriptor(5, configuration)
    decoder = _descriptor(4, b"\x40\x15" + bytes(3 + 4 + 4) + specific)  # MPEG-4 audio; rates not stated
    stream = struct.pack(">HB", AUDIO_TRACK_ID, 0) + decoder + _descriptor(6, b"\x02")
    return full_box(b"esds", 0, 0, _descriptor(3, stream))


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content

"""Cuts a clip: whole GOPs out of hour files, copied without re-coding into one MP4 that begins at 0. Blocking.

The head begins at the key frame at or before the asked start (pictures before it are needed to decode); the tail ends
with the last picture that begins before the asked end. Holes stay as holes in time: nothing is padded.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import av
import av.error

from fengtai.media.messages import Hole
from fengtai.media.shelf.names import check_point_id
from fengtai.media.shelf.reader import Portion, portions, read_portion
from fengtai.media.worker.clip_sound import ClipSound, track_of
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.errors import Unavailable

LEAST_HOLE_MS = 500
MOST_CLIP_MS = 30 * 60_000
MOST_MEMORY_BYTES = 64 << 20
"""a longer portion is copied through a temporary file"""


@dataclass(frozen=True, slots=True)
class Cut:
    object_key: str
    from_ms: int
    until_ms: int
    size_bytes: int
    sha256: str
    holes: tuple[Hole, ...]


def cut_clip(recordings: Path, clips: Path, *, point_id: str, clip_id: str, from_ms: int, until_ms: int) -> Cut:
    """Raise Unavailable when nothing of the range was recorded, or the disk does not give it."""
    if not from_ms < until_ms <= from_ms + MOST_CLIP_MS:
        raise Unavailable(f"a clip has more than 0 and at most {MOST_CLIP_MS // 60_000} minutes")
    found = portions(recordings, point_id, from_ms, until_ms)
    if not found:
        asked = f"{_text(from_ms)} to {_text(until_ms)}"
        raise Unavailable(f"nothing was recorded of this point from {asked}")
    key = f"{check_point_id(clip_id)}.mp4"
    clips.mkdir(parents=True, exist_ok=True)
    target = clips / key
    new = clips / f"{clip_id}.new.mp4"
    try:
        end_ms = _write(recordings, found, new, until_ms)
        sha256, size_bytes = _seal(new)
        new.replace(target)
        _sync_folder(clips)
    except (OSError, av.error.FFmpegError) as error:
        new.unlink(missing_ok=True)
        raise Unavailable(f"the clip could not be written: {error}") from error
    first_ms = found[0].records[0].start_ms
    return Cut(key, first_ms, end_ms, size_bytes, sha256, _holes(found, from_ms, until_ms))


def _text(ms: int) -> str:
    return from_ms(ms).isoformat(timespec="seconds").replace("+00:00", "Z")


def _write(recordings: Path, found: list[Portion], new: Path, until_ms: int) -> int:
    """Copy the pictures; return the UTC ms at which the last one ends."""
    with av.open(str(new), "w", format="mp4", options={"movflags": "faststart"}) as out:
        copy = _Copy(out, found[0].records[0].start_ms, until_ms)
        for portion in found:
            with SpooledTemporaryFile(max_size=MOST_MEMORY_BYTES) as spool:
                for piece in read_portion(recordings, portion):
                    spool.write(piece)
                spool.seek(0)
                with av.open(spool, "r", format="mp4") as source:
                    copy.take(source, portion.records[0].start_ms)
        copy.finish()
        return copy.end_ms


class _Copy:
    """The clip being written: pictures as they are and sound, on a time line that begins with the first picture."""

    def __init__(self, out: Any, first_ms: int, until_ms: int) -> None:
        self._out, self._first_ms, self._until_ms = out, first_ms, until_ms
        self._stream: Any = None
        self._sound: ClipSound | None = None
        self._configuration = b""
        self._last_dts = -1
        self.end_ms = first_ms

    def take(self, source: Any, start_ms: int) -> None:
        """Copy a portion whose first picture is at `start_ms`."""
        video: Any = source.streams.video[0]
        configuration = bytes(video.codec_context.extradata or b"")
        if self._stream is None:
            self._stream = self._out.add_stream_from_template(video)
            self._stream.time_base = video.time_base
            self._configuration = configuration
            self._sound = ClipSound.beside(self._out, source)
        # a camera whose parameter sets changed: they go in band, since the track's head has those of the first portion
        in_band = parameter_sets_of(configuration, video.codec_context.name)
        in_band = b"" if configuration == self._configuration else in_band
        shift: int | None = None
        sound = track_of(source) if self._sound is not None else None
        for packet in source.demux(*(one for one in (video, sound) if one is not None)):
            if packet.dts is None or packet.size == 0:
                continue
            if packet.stream is sound and self._sound is not None:
                if shift is not None:  # what lies before the first picture is left out
                    self._sound.take(packet, shift / 90_000)
                continue
            if shift is None:
                shift = (start_ms - self._first_ms) * 90 - int(packet.dts)
            if self._first_ms + (packet.dts + shift) / 90 >= self._until_ms:
                return
            self._put(packet, shift, in_band if packet.is_keyframe else b"")

    def finish(self) -> None:
        if self._sound is not None:
            self._sound.finish()

    def _put(self, packet: Any, shift: int, in_band: bytes) -> None:
        copied = packet
        if in_band:
            copied = av.Packet(in_band + bytes(packet))
            copied.duration, copied.time_base, copied.is_keyframe = packet.duration, packet.time_base, True
        copied.dts = max(int(packet.dts) + shift, self._last_dts + 1)
        copied.pts = copied.dts
        self._last_dts = copied.dts
        self.end_ms = self._first_ms + round((copied.dts + (copied.duration or 0)) / 90)
        copied.stream = self._stream
        self._out.mux(copied)


def parameter_sets_of(configuration: bytes, codec: str) -> bytes:
    """The NAL units of an avcC or hvcC (ISO/IEC 14496-15 5.3.3.1.2, 8.3.3.1.2), with 4-byte lengths, as a sample has
    them. Our own writer made the record; what cannot be read gives none."""
    nals: list[bytes] = []
    at = 5 if codec == "h264" else 23
    arrays = 2 if codec == "h264" else (configuration[22] if len(configuration) > 22 else 0)
    for number in range(arrays):
        if codec == "h264":
            count = configuration[at] & (0x1F if number == 0 else 0xFF) if at < len(configuration) else 0
            at += 1
        else:
            count = int.from_bytes(configuration[at + 1 : at + 3], "big")
            at += 3
        for _ in range(count):
            size = int.from_bytes(configuration[at : at + 2], "big")
            nals.append(configuration[at + 2 : at + 2 + size])
            at += 2 + size
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in nals if nal)


def _holes(found: list[Portion], from_ms: int, until_ms: int) -> tuple[Hole, ...]:
    holes: list[Hole] = []
    at = from_ms
    for portion in found:
        for record in portion.records:
            if record.start_ms - at >= LEAST_HOLE_MS:
                holes.append(Hole(at, record.start_ms, ""))
            at = max(at, record.end_ms)
    if until_ms - at >= LEAST_HOLE_MS:
        holes.append(Hole(at, until_ms, ""))
    return tuple(holes)


def _seal(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        return digest, os.fstat(file.fileno()).st_size


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

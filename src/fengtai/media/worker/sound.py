"""Sound beside the pictures: placed on their time line, cut into frames that a container keeps, made into runs. Pure.

What came is kept as it came. Frames of AAC are freed from ADTS; G.711 and all else go in the pieces in which they came.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols.elementary import AudioFrame, parse_adts_header
from fengtai.protocols.fmp4 import AudioRun, AudioTrack
from fengtai.vocabulary.errors import Malformed

FAR_90K = 2 * 90_000
"""sound farther from the last picture than this has a clock of its own, and is placed by its arrival"""
SLACK_SECONDS = 0.1
"""sound may run so far before or behind the pictures before it is set right"""
MOST_REST_BYTES = 16_384
_AAC_SAMPLES = 1_024
_OPAQUE_SAMPLES = 160
"""of codecs that we do not look into, until their successor tells: 20 ms"""


@dataclass(frozen=True, slots=True)
class TimedSound:
    """One coded frame with its place on the stream's media time."""

    track: AudioTrack
    data: bytes
    duration: int
    """in samples of its track"""
    media_90k: int


class SoundLine:
    """Feed it the frames of a stream; take timed ones. Counts what it cannot use."""

    def __init__(self) -> None:
        self._rest = b""
        self._next_90k = 0
        self.nonsense = 0

    def place(self, frame: AudioFrame, last: TimedUnit) -> list[TimedSound]:
        """`last`: the picture placed last."""
        apart = frame.pts_90k - last.unit.pts_90k
        at_90k = last.media_90k + (apart if abs(apart) < FAR_90K else 0)
        if frame.codec == "aac":
            return self._aac(frame.payload, at_90k)
        is_g711 = frame.codec in ("g711a", "g711u")
        duration = len(frame.payload) if is_g711 else _OPAQUE_SAMPLES
        return [TimedSound(AudioTrack(frame.codec, frame.sample_rate), frame.payload, duration, at_90k)]

    def _aac(self, payload: bytes, at_90k: int) -> list[TimedSound]:
        """A PES may end within a frame: the rest waits for the next one, and keeps its own time."""
        begins_90k = self._next_90k if self._rest else at_90k
        data, self._rest = self._rest + payload, b""
        found: list[TimedSound] = []
        at = 0
        while at < len(data):
            try:
                header = parse_adts_header(data, at)
            except Malformed:
                if len(data) - at >= 7:  # no frame begins here: look for the next one
                    self.nonsense += 1
                    at = _next_sync(data, at + 1)
                    continue
                break
            if at + header.frame_bytes > len(data):
                break
            channels = header.channels or 1
            configuration = _specific_config(header.object_type, header.sample_rate, channels)
            track = AudioTrack("aac", header.sample_rate, channels, configuration)
            frame = data[at + header.header_bytes : at + header.frame_bytes]
            found.append(TimedSound(track, frame, _AAC_SAMPLES, begins_90k))
            begins_90k += _AAC_SAMPLES * 90_000 // header.sample_rate
            at += header.frame_bytes
        self._rest, self._next_90k = data[at : at + MOST_REST_BYTES], begins_90k
        return found


class RunMaker:
    """Makes runs of one track's frames, fragment after fragment; their times never fall back.

    Sound that runs ahead of the pictures' clock loses a frame, sound that is missing makes the frame before it longer.
    """

    def __init__(self, track: AudioTrack, origin_90k: int) -> None:
        """`origin_90k`: the media time that stands as 0 in the file."""
        self.track, self._origin_90k = track, origin_90k
        self._end = 0

    def run(self, sounds: Sequence[TimedSound]) -> AudioRun | None:
        """None when nothing of this track is among them."""
        slack = round(SLACK_SECONDS * self.track.sample_rate)
        frames: list[tuple[bytes, int]] = []
        base = end = self._end
        for sound in sounds:
            at = (sound.media_90k - self._origin_90k) * self.track.sample_rate // 90_000
            if sound.track != self.track or at < end - slack or at < 0:
                continue
            if at > end + slack:
                if frames:
                    data, duration = frames[-1]
                    frames[-1] = data, duration + at - end
                else:
                    base = at
                end = at
            frames.append((sound.data, sound.duration))
            end += sound.duration
        self._end = end
        return AudioRun(base, tuple(frames)) if frames else None


def _next_sync(data: bytes, at: int) -> int:
    found = data.find(b"\xff", at)
    return len(data) if found < 0 else found


_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


def _specific_config(object_type: int, sample_rate: int, channels: int) -> bytes:
    """AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1)."""
    return (object_type << 11 | _RATES.index(sample_rate) << 7 | channels << 3).to_bytes(2, "big")

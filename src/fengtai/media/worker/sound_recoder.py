"""Sound made into FLAC, which browsers play: for live viewers who listen, clips and playback. PyAV decodes and encodes.

FLAC, because it costs a sixth of AAC in CPU and loses nothing (docs/design/sound.md has the measurement). What it gives
has no holes: silence stands where sound is missing, since a browser stops the picture of a track that has stopped.
"""

from fractions import Fraction
from typing import Any

import av
import av.error
import numpy

from fengtai.media.worker.sound import TimedSound
from fengtai.protocols.fmp4 import AudioTrack
from fengtai.vocabulary.errors import Unavailable

_DECODERS = {"g711a": "pcm_alaw", "g711u": "pcm_mulaw", "aac": "aac", "g723.1": "g723_1", "g729": "g729"}
SLACK_90K = 18_000
"""sound that is later than this against the pictures' clock gets silence before it; earlier: it is dropped"""
LATE_90K = 54_000
"""when the pictures are so far ahead, silence is made without waiting for sound"""
MOST_SILENCE_90K = 10 * 90_000
"""after a longer hole the track begins anew behind it"""


class SoundRecoder:
    """Of one track. Feed it frames; take FLAC frames. Raise Unavailable when its codec cannot be decoded here."""

    def __init__(self, source: AudioTrack) -> None:
        if source.codec not in _DECODERS:
            raise Unavailable(f"sound in {source.codec} cannot be played by a browser: it is recorded only")
        self.source = source
        self._decoder = _decoder(source)
        self._resampler: Any = av.AudioResampler(format="s16", layout="mono", rate=source.sample_rate)
        self._encoder = _encoder(source.sample_rate)
        self.track = AudioTrack("flac", source.sample_rate, 1, bytes(self._encoder.extradata))
        self._samples = bytearray()
        """little-endian, not encoded yet"""
        self._begin_90k: int | None = None
        self._given = self._taken = 0
        """samples put into the encoder; frames' samples taken out"""
        self.undecodable = 0

    def frames(self, sound: TimedSound) -> list[TimedSound]:
        apart = 0 if self._begin_90k is None else sound.media_90k - self._end_90k
        if self._begin_90k is None or abs(apart) > MOST_SILENCE_90K:
            self._begin_90k, self._given, self._taken = sound.media_90k, 0, 0
            self._samples.clear()
        elif apart < -SLACK_90K:
            return []
        elif apart > SLACK_90K:
            self._samples += bytes(2 * (apart * self.source.sample_rate // 90_000))
        self._samples += self._decoded(sound.data)
        return self._encoded()

    def keep_up(self, media_90k: int) -> list[TimedSound]:
        """Silence up to a little before this picture, when sound has stopped coming."""
        if self._begin_90k is None or not LATE_90K < (apart := media_90k - self._end_90k) < MOST_SILENCE_90K:
            return []
        self._samples += bytes(2 * ((apart - SLACK_90K) * self.source.sample_rate // 90_000))
        return self._encoded()

    @property
    def _end_90k(self) -> int:
        """Of what it was given."""
        assert self._begin_90k is not None
        return self._begin_90k + (self._given + len(self._samples) // 2) * 90_000 // self.source.sample_rate

    def _decoded(self, data: bytes) -> bytes:
        out = b""
        try:
            for frame in self._decoder.decode(av.Packet(data)):
                for mono in self._resampler.resample(frame):
                    out += mono.to_ndarray().astype("<i2").tobytes()
        except av.error.FFmpegError:
            self.undecodable += 1
        return out

    def _encoded(self) -> list[TimedSound]:
        assert self._begin_90k is not None
        size = self._encoder.frame_size or 576
        found: list[TimedSound] = []
        while len(self._samples) >= 2 * size:
            piece = numpy.frombuffer(bytes(self._samples[: 2 * size]), "<i2").reshape(1, -1)
            del self._samples[: 2 * size]
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts = self.source.sample_rate, self._given
            self._given += size
            for packet in self._encoder.encode(frame):
                at = self._begin_90k + self._taken * 90_000 // self.source.sample_rate
                found.append(TimedSound(self.track, bytes(packet), size, at))
                self._taken += size
        return found


def _decoder(source: AudioTrack) -> Any:
    decoder: Any = av.CodecContext.create(_DECODERS[source.codec], "r")
    decoder.sample_rate, decoder.layout = source.sample_rate, "mono" if source.channels == 1 else "stereo"
    if source.configuration:
        decoder.extradata = source.configuration
    return decoder


def _encoder(sample_rate: int) -> Any:
    encoder: Any = av.CodecContext.create("flac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = sample_rate, "mono", "s16"
    encoder.time_base = Fraction(1, sample_rate)
    encoder.open()
    return encoder

"""The sound of a clip: recorded sound made into FLAC, which browsers play in MP4; nothing is lost by it. Blocking.

A clip has a track of sound when its first portion has one that can be decoded; where sound is missing later, it is silent.
"""

from fractions import Fraction
from typing import Any

import av
import av.error

_DECODABLE = ("pcm_alaw", "pcm_mulaw", "aac")


class ClipSound:
    """Feed it the packets of each portion's sound, with the place of the portion in the clip."""

    def __init__(self, out: Any, rate: int) -> None:
        """Before the first packet of the clip is written."""
        self._out, self._rate = out, rate
        self._stream: Any = out.add_stream("flac", rate=rate)
        self._stream.layout, self._stream.format, self._stream.time_base = "mono", "s16", Fraction(1, rate)
        self._resampler: Any = av.AudioResampler(format="s16", layout="mono", rate=rate)
        self._next = 0

    @classmethod
    def beside(cls, out: Any, source: Any) -> "ClipSound | None":
        track = track_of(source)
        return None if track is None else cls(out, int(track.codec_context.sample_rate))

    def take(self, packet: Any, shift_seconds: float) -> None:
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            return  # a damaged frame: silent for a moment
        for frame in frames:
            at = round(((frame.time or 0.0) + shift_seconds) * self._rate)
            for mono in self._resampler.resample(frame):
                begin = max(at, self._next)
                mono.pts, mono.time_base = begin, Fraction(1, self._rate)
                self._next = begin + mono.samples
                at = self._next
                if begin >= 0:
                    self._put(mono)

    def finish(self) -> None:
        self._put(None)

    def _put(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._out.mux(packet)


def track_of(source: Any) -> Any | None:
    """The source's sound, when it is of a kind that can be decoded."""
    return next((one for one in source.streams.audio if one.codec_context.name in _DECODABLE), None)

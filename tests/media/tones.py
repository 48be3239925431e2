"""A tone as cameras send it: pieces of 40 ms of G.711, frames of AAC with their ADTS headers."""

from functools import lru_cache

import av
import numpy

from fengtai.protocols.elementary import AudioCodec, encode_alaw, encode_ulaw

PIECE_SAMPLES = 320
"""of 8 kHz, in 40 ms"""


@lru_cache
def g711_tone(codec: AudioCodec) -> bytes:
    samples = (8_000 * numpy.sin(numpy.arange(PIECE_SAMPLES) * 2 * numpy.pi * 500 / 8_000)).astype("<i2").tobytes()
    return encode_ulaw(samples) if codec == "g711u" else encode_alaw(samples)


@lru_cache
def adts_tone(frames: int = 50, rate: int = 16_000) -> tuple[bytes, ...]:
    encoder = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", "fltp"
    encoder.open()
    found: list[bytes] = []
    for number in range(frames):
        at = numpy.arange(number * 1_024, (number + 1) * 1_024)
        tone = (0.3 * numpy.sin(at * 2 * numpy.pi * 500 / rate)).astype(numpy.float32).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, number * 1_024
        found += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(_adts(len(one), rate) + one for one in found)


def _adts(size: int, rate: int) -> bytes:
    index = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000).index(rate)
    whole = size + 7
    return bytes(
        [0xFF, 0xF1, 1 << 6 | index << 2, 1 << 6 | whole >> 11, whole >> 3 & 0xFF, (whole & 7) << 5 | 0x1F, 0xFC]
    )

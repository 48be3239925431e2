"""Real streams for the tests: a moving pattern encoded by x264 or x265, without B frames."""

from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np

from fengtai.protocols.elementary import AccessUnit, VideoAssembler, VideoCodec

ENCODERS = {"h264": "libx264", "h265": "libx265"}


@lru_cache(maxsize=8)
def drawn_packets(
    codec: VideoCodec = "h264", *, width: int = 320, height: int = 180, frames: int = 20, gop: int = 10
) -> tuple[bytes, ...]:
    """One Annex-B access unit per picture."""
    context: Any = av.CodecContext.create(ENCODERS[codec], "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25, 1)
    context.gop_size, context.max_b_frames, context.thread_count = gop, 0, 1
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    if codec == "h265":
        context.options["x265-params"] = "log-level=none:bframes=0:pools=1"
    ground = np.random.default_rng(7).integers(0, 255, (height, width, 3), dtype=np.uint8)
    packets: list[bytes] = []
    for index in range(frames):
        frame: Any = av.VideoFrame.from_ndarray(np.roll(ground, 3 * index, axis=1), format="rgb24")
        frame.pts = index
        packets += [bytes(packet) for packet in context.encode(frame)]
    return tuple(packets + [bytes(packet) for packet in context.encode(None)])


@lru_cache(maxsize=8)
def drawn_units(codec: VideoCodec = "h264", **wanted: int) -> tuple[AccessUnit, ...]:
    """The same as access units, 25 a second."""
    assembler = VideoAssembler()
    units = [assembler.assemble(packet, 3600 * index) for index, packet in enumerate(drawn_packets(codec, **wanted))]
    assert all(units)
    return tuple(unit for unit in units if unit)

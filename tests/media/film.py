"""A short film drawn for the tests: a bright bar that moves by one step per picture, as H.264 access units."""

from fractions import Fraction
from functools import lru_cache
from typing import Literal

import av
import numpy

from fengtai.protocols.elementary import AccessUnit, VideoAssembler, split_access_units

WIDTH, HEIGHT, FPS = 320, 240, 25
FRAME_90K = 90_000 // FPS


@lru_cache
def film(
    pictures: int = 50, gop: int = 10, width: int = WIDTH, codec: Literal["h264", "h265"] = "h264"
) -> tuple[AccessUnit, ...]:
    """Access units from PTS 0 on; every `gop`-th is a key frame with its parameter sets."""
    encoder = av.CodecContext.create("libx264" if codec == "h264" else "libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = width, HEIGHT, "yuv420p", FPS
    encoder.time_base = Fraction(1, FPS)
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        f"x{codec[1:]}-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:repeat-headers=1:annexb=1"
        + (":log-level=none" if codec == "h265" else ""),
    }
    data = b""
    for number in range(pictures):
        picture = numpy.zeros((HEIGHT, width, 3), numpy.uint8)
        at = number * 4 % (width - 20)
        picture[:, at : at + 20] = 255
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        data += b"".join(bytes(packet) for packet in encoder.encode(frame))
    data += b"".join(bytes(packet) for packet in encoder.encode(None))
    assembler = VideoAssembler()
    units = [
        assembler.assemble_nals(nals, number * FRAME_90K) for number, nals in enumerate(split_access_units(data, codec))
    ]
    assert len(units) == pictures
    assert all(units)
    return tuple(unit for unit in units if unit is not None)

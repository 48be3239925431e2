"""The latest key frame as JPEG. Blocking; runs in a thread. PyAV decodes (docs/decisions name its licence)."""

import io
from collections.abc import Sequence
from typing import Any

import av
import av.error

from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.errors import Unavailable

_DECODERS = {"h264": "h264", "h265": "hevc"}
JPEG_QUALITY = 88


def jpeg_of(unit: AccessUnit) -> bytes:
    """Raise Unavailable when the picture cannot be decoded."""
    return jpeg_of_last([unit])


def jpeg_of_last(units: Sequence[AccessUnit]) -> bytes:
    """Of the last of these pictures, the first of which is a key frame. Raise Unavailable as `jpeg_of` does."""
    decoder: Any = av.CodecContext.create(_DECODERS[units[0].codec], "r")
    frames: list[Any] = []
    try:
        for unit in units:
            frames = [*decoder.decode(av.Packet(unit.annexb()))] or frames
        frames = [*decoder.decode(None)] or frames
    except av.error.FFmpegError as error:
        raise Unavailable(f"the picture cannot be decoded: {error}") from error
    if not frames:
        raise Unavailable("the key frame gives no picture")
    out = io.BytesIO()
    frames[-1].to_image().save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()

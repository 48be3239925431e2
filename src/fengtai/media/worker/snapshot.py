"""The latest key frame as JPEG. Blocking; runs in a thread. PyAV decodes (docs/decisions name its licence)."""

import io
from typing import Any

import av
import av.error

from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.errors import Unavailable

_DECODERS = {"h264": "h264", "h265": "hevc"}
JPEG_QUALITY = 88


def jpeg_of(unit: AccessUnit) -> bytes:
    """Raise Unavailable when the picture cannot be decoded."""
    decoder: Any = av.CodecContext.create(_DECODERS[unit.codec], "r")
    try:
        frames = [*decoder.decode(av.Packet(unit.annexb())), *decoder.decode(None)]
    except av.error.FFmpegError as error:
        raise Unavailable(f"the key frame cannot be decoded: {error}") from error
    if not frames:
        raise Unavailable("the key frame gives no picture")
    out = io.BytesIO()
    frames[0].to_image().save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()

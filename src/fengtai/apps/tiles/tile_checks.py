"""Whether bytes are a tile: a picture of at most 1,024 px or a Mapbox vector tile, no larger than a browser can bear.

What is checked here is what every console will load; a picture is not decoded, its head is read.
"""

import io
import zlib
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from fengtai.protocols.mvt import layer_names
from fengtai.vocabulary.errors import Malformed

MOST_BYTES = 4 << 20
MOST_INFLATED_BYTES = 16 << 20
MOST_PIXELS_WIDE = 1024
DEEPEST_ZOOM = 22
PICTURES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
VECTOR = "application/vnd.mapbox-vector-tile"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class CheckedTile:
    content: bytes
    """vector tiles: always gzip"""
    media_type: str
    width: int = 0
    """px, of pictures"""
    layers: tuple[str, ...] = ()


def checked(content: bytes, *, is_vector: bool) -> CheckedTile:
    """Raise Malformed, saying what is wrong with it."""
    if not content or len(content) > MOST_BYTES:
        raise Malformed(f"{len(content)} bytes are no tile (at most {MOST_BYTES})", clause="tile")
    return _vector(content) if is_vector else _picture(content)


def _vector(content: bytes) -> CheckedTile:
    plain = inflated(content) if content.startswith(GZIP) else content
    packed = content if content.startswith(GZIP) else _packed(content)
    return CheckedTile(packed, VECTOR, layers=tuple(layer_names(plain)))


def inflated(content: bytes, most_bytes: int = MOST_INFLATED_BYTES) -> bytes:
    """Raise Malformed for what is not gzip, is cut off, or swells beyond the bound."""
    inflating = zlib.decompressobj(wbits=31)
    try:
        plain = inflating.decompress(content, most_bytes)
    except zlib.error as error:
        raise Malformed(f"this is not gzip: {error}", clause="RFC 1952", data=content) from error
    if inflating.unconsumed_tail:
        raise Malformed(f"it swells beyond {most_bytes} bytes when it is unpacked", clause="RFC 1952")
    if not inflating.eof:
        raise Malformed("the packed bytes are cut off", clause="RFC 1952")
    return plain


def _packed(content: bytes) -> bytes:
    packing = zlib.compressobj(6, wbits=31)
    return packing.compress(content) + packing.flush()


def _picture(content: bytes) -> CheckedTile:
    try:
        with Image.open(io.BytesIO(content), formats=tuple(PICTURES)) as picture:
            (width, height), kind = picture.size, str(picture.format)
            picture.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise Malformed("this is no whole PNG, JPEG or WebP picture", clause="tile", data=content[:16]) from error
    if width != height or not 64 <= width <= MOST_PIXELS_WIDE:
        raise Malformed(f"a picture of {width}×{height} px is no tile", clause="tile")
    return CheckedTile(content, PICTURES[kind], width=width)

"""A picture as a device uploads it (GB/T 28181-2022 section 9.14): bare JPEG, or the file of a form.

What is a JPEG is told by its bytes (ITU-T T.81 annex B), never by what the device calls it: start, a frame header with a
sane size, a scan, the end. Must not know: who asked for it, where it is kept.
"""

from typing import NamedTuple

from fengtai.vocabulary.errors import Malformed

START, SCAN, END = 0xD8, 0xDA, 0xD9
FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF0 to SOF15; C4, C8 and CC are tables"""
BARE = frozenset((0x01, *range(0xD0, 0xD8)))
"""markers without a length"""
LARGEST_SIDE = 16_384
PADDING_BYTES = 64
"""that some devices leave behind the end"""


class Size(NamedTuple):
    width: int
    height: int


def jpeg_size(data: bytes) -> Size:
    """The size of a whole JPEG. Raise Malformed for anything else."""
    if data[:2] != bytes((0xFF, START)):
        raise Malformed("a JPEG begins with FF D8", clause="T.81 B.1.1.3", data=data)
    at, size = 2, None
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise Malformed("no marker where one belongs", clause="T.81 B.1.1.2", at=at, data=data)
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in BARE:
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if length < 2 or marker in (START, END):
            raise Malformed("a broken segment", clause="T.81 B.1.1.4", at=at, data=data)
        if marker in FRAME_HEADERS:
            size = _size_of(data[at + 5 : at + 9])
        if marker == SCAN:
            break
        at += 2 + length
    else:
        raise Malformed("the picture holds no scan", clause="T.81 B.2.3")
    if size is None:
        raise Malformed("the picture holds no frame header", clause="T.81 B.2.2")
    if data.rfind(bytes((0xFF, END)), max(at, len(data) - PADDING_BYTES)) < 0:
        raise Malformed("the picture is cut off: it has no end", clause="T.81 B.1.1.3")
    return size


def uploaded_jpeg(body: bytes, content_type: str) -> bytes:
    """The picture in the body of an upload. Raise Malformed when there is none."""
    picture = _file_of_form(body, content_type) if "multipart/" in content_type.lower() else body
    jpeg_size(picture)
    return picture


def _size_of(field: bytes) -> Size:
    if len(field) < 4:
        raise Malformed("the frame header is cut off", clause="T.81 B.2.2")
    height, width = int.from_bytes(field[:2]), int.from_bytes(field[2:])
    if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
        raise Malformed(f"a picture of {width} by {height}", clause="T.81 B.2.2")
    return Size(width, height)


def _file_of_form(body: bytes, content_type: str) -> bytes:
    """The first part that begins as a JPEG does (RFC 7578); texts beside it are passed over."""
    boundary = content_type.partition("boundary=")[2].split(";")[0].strip().strip('"')
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise Malformed("a form without a boundary", clause="RFC 2046 5.1.1")
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode()):
        content = part.partition(b"\r\n\r\n")[2]
        if content[:2] == bytes((0xFF, START)):
            return content
    raise Malformed("the form holds no JPEG", clause="RFC 7578 4.2")

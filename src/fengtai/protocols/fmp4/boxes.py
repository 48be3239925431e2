"""The box, of which everything in an MP4 file is made (ISO/IEC 14496-12 4.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from fengtai.vocabulary.errors import Malformed

_CLAUSE = "14496-12 4.2"


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box stands in the data that it was found in."""

    kind: bytes
    start: int
    content: int
    """where its content begins"""
    end: int


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return (8 + len(body)).to_bytes(4, "big") + kind + body


def full_box(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, (version << 24 | flags).to_bytes(4, "big"), *content)


def iterate_boxes(data: bytes | memoryview, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """The boxes side by side between `start` and `end`. Raise Malformed at one that does not fit (a cut file)."""
    end = len(data) if end is None else end
    at = start
    while at < end:
        if at + 8 > end:
            raise Malformed("box header is cut", clause=_CLAUSE, at=at)
        size = int.from_bytes(data[at : at + 4], "big")
        kind = bytes(data[at + 4 : at + 8])
        content = at + 8
        if size == 1:
            if at + 16 > end:
                raise Malformed("large box header is cut", clause=_CLAUSE, at=at)
            size = int.from_bytes(data[at + 8 : at + 16], "big")
            content = at + 16
        elif size == 0:
            size = end - at
        if size < content - at or at + size > end:
            raise Malformed(f"box {kind!r} of {size} bytes does not fit", clause=_CLAUSE, at=at)
        yield Box(kind, at, content, at + size)
        at += size


def find_box(data: bytes | memoryview, path: str, start: int = 0, end: int | None = None) -> Box | None:
    """The first box at a path like "moov/trak/mdia"; only through boxes that hold nothing but boxes."""
    first, _, rest = path.partition("/")
    for found in iterate_boxes(data, start, end):
        if found.kind == first.encode("ascii"):
            return find_box(data, rest, found.content, found.end) if rest else found
    return None


def need_box(data: bytes | memoryview, path: str, start: int = 0, end: int | None = None) -> Box:
    found = find_box(data, path, start, end)
    if found is None:
        raise Malformed(f"no box {path}", clause="14496-12 6.2.3", at=start)
    return found

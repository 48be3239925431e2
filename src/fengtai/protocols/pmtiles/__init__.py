"""PMTiles version 3: the header, the directories and the numbers of tiles of a single-file archive.

Owns: what the bytes say. Must not know: files, compression, what a tile holds. Clauses are those of the PMTiles
specification, version 3. Whoever reads an archive asks for the bytes at the places that the header names and inflates
them (clause 4: directories are compressed as `internal_compression` says).
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from fengtai.vocabulary.errors import Malformed

HEADER_BYTES = 127
MAGIC = b"PMTiles"
DEEPEST_ZOOM = 26
MOST_ENTRIES = 5_000_000
"""of one directory; real ones hold some ten thousand"""
_CLAUSE = "PMTiles 3"
_HEADER = struct.Struct("<7sB11Q6B4iB2i")


class Compression(IntEnum):
    UNKNOWN = 0
    NONE = 1
    GZIP = 2
    BROTLI = 3
    ZSTD = 4


class TileType(IntEnum):
    UNKNOWN = 0
    MVT = 1
    PNG = 2
    JPEG = 3
    WEBP = 4
    AVIF = 5


class Span(NamedTuple):
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    root: Span
    metadata: Span
    leaves: Span
    tiles: Span
    internal_compression: Compression
    tile_compression: Compression
    tile_type: TileType
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]
    """west, south, east, north in degrees"""


class Entry(NamedTuple):
    """`run_length` tiles from `tile_id` on have these bytes; 0: they are a leaf directory."""

    tile_id: int
    offset: int
    length: int
    run_length: int


def read_header(data: bytes, *, size_bytes: int) -> Header:
    """Of an archive of that size. Raise Malformed, also when it points behind its end."""
    if len(data) < HEADER_BYTES:
        raise Malformed("the header is cut off", clause=f"{_CLAUSE} clause 3")
    magic, version, *rest = _HEADER.unpack(data[:HEADER_BYTES])
    if magic != MAGIC or version != 3:
        raise Malformed("this is not PMTiles version 3", clause=f"{_CLAUSE} clause 3", data=data)
    spans = [Span(*rest[at : at + 2]) for at in range(0, 8, 2)]
    _, internal, compression, kind, min_zoom, max_zoom, west, south, east, north, *_ = rest[11:]
    for span in spans:
        if span.offset + span.length > size_bytes:
            raise Malformed(
                f"the file is cut off: it should reach to byte {span.offset + span.length}, and ends at {size_bytes}",
                clause=f"{_CLAUSE} clause 3",
            )
    if not min_zoom <= max_zoom <= DEEPEST_ZOOM:
        raise Malformed(f"zooms {min_zoom} to {max_zoom} are none", clause=f"{_CLAUSE} clause 3")
    try:
        return Header(
            root=spans[0],
            metadata=spans[1],
            leaves=spans[2],
            tiles=spans[3],
            internal_compression=Compression(internal),
            tile_compression=Compression(compression),
            tile_type=TileType(kind),
            min_zoom=min_zoom,
            max_zoom=max_zoom,
            bounds=(west / 1e7, south / 1e7, east / 1e7, north / 1e7),
        )
    except ValueError as error:
        raise Malformed(str(error), clause=f"{_CLAUSE} clause 3") from error


def read_directory(data: bytes) -> list[Entry]:
    """Of an inflated directory (clause 4.1). Raise Malformed."""
    count, at = _varint(data, 0)
    if count > min(MOST_ENTRIES, len(data)):  # an entry takes four bytes at least
        raise Malformed(f"a directory of {count} entries", clause=f"{_CLAUSE} clause 4.1")
    columns: list[list[int]] = []
    for _ in range(4):
        column = []
        for _ in range(count):
            value, at = _varint(data, at)
            column.append(value)
        columns.append(column)
    entries: list[Entry] = []
    tile_id = 0
    for delta, run_length, length, offset in zip(*columns, strict=True):
        tile_id += delta
        if offset == 0 and not entries:
            raise Malformed("the first entry continues nothing", clause=f"{_CLAUSE} clause 4.1")
        start = entries[-1].offset + entries[-1].length if offset == 0 else offset - 1
        if length == 0:
            raise Malformed("an entry without bytes", clause=f"{_CLAUSE} clause 4.1")
        entries.append(Entry(tile_id, start, length, run_length))
    return entries


def place_of(tile_id: int) -> tuple[int, int, int]:
    """Zoom, column and row (from the north) of a tile: Hilbert curves, zoom after zoom (clause 4.1.1)."""
    first = 0
    for zoom in range(DEEPEST_ZOOM + 1):
        if tile_id < first + 4**zoom:
            return zoom, *_on_hilbert(zoom, tile_id - first)
        first += 4**zoom
    raise Malformed(f"tile {tile_id} lies below zoom {DEEPEST_ZOOM}", clause=f"{_CLAUSE} clause 4.1.1")


def _on_hilbert(zoom: int, along: int) -> tuple[int, int]:
    x = y = 0
    side = 1
    while side < 1 << zoom:
        right, up = 1 & (along // 2), 1 & (along ^ (along // 2))
        if not up:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        x, y = x + side * right, y + side * up
        along //= 4
        side *= 2
    return x, y


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(10):
        if at + step >= len(data):
            raise Malformed("a number is cut off", clause=f"{_CLAUSE} clause 4.1", at=at, data=data)
        byte = data[at + step]
        value |= (byte & 0x7F) << (7 * step)
        if byte < 0x80:
            return value, at + step + 1
    raise Malformed("a number of more than ten bytes", clause=f"{_CLAUSE} clause 4.1", at=at, data=data)

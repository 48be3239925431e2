"""Tiles for tests, written as map makers write them: pictures, vector tiles, and the three forms in which they come."""

import gzip
import io
import json
import sqlite3
import struct
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

Tiles = Mapping[tuple[int, int, int], bytes]


def picture(colour: tuple[int, int, int] = (40, 60, 80), *, side: int = 256, kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(written, kind)
    return written.getvalue()


def varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*written, value))


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def vector_tile(*layers: str) -> bytes:
    """Each layer holds one square that fills the tile (MVT 2.1, geometry commands)."""
    square = [9, 0, 0, 26, 8192, 0, 0, 8192, 8191, 0, 15]
    feature = varint(3 << 3) + varint(3) + field(4, b"".join(varint(one) for one in square))
    return b"".join(
        field(
            3, field(1, name.encode()) + field(2, feature) + varint(5 << 3) + varint(4096) + varint(15 << 3) + varint(2)
        )
        for name in layers
    )


def pmtiles(path: Path, tiles: Tiles, *, kind: int = 2, compression: int = 1) -> Path:
    """Version 3, directories packed with gzip; `tiles` in the order of the archive by their numbers."""
    entries = sorted((tile_id(*place), content) for place, content in tiles.items())
    columns: list[list[int]] = [[], [], [], []]
    data, last = b"", 0
    for number, content in entries:
        for column, value in zip(columns, (number - last, 1, len(content), len(data) + 1), strict=True):
            column.append(value)
        data, last = data + content, number
    root = gzip.compress(varint(len(entries)) + b"".join(varint(one) for column in columns for one in column))
    metadata = gzip.compress(json.dumps({"name": "test"}).encode())
    start = 127
    spans = (start, len(root), start + len(root), len(metadata), start + len(root) + len(metadata), 0)
    spans = (*spans, start + len(root) + len(metadata), len(data))
    zooms = [place[0] for place in tiles]
    header = struct.pack(
        "<7sB11Q6B4iB2i",
        *(b"PMTiles", 3, *spans, len(entries), len(entries), len(entries)),
        *(1, 2, compression, kind, min(zooms), max(zooms)),
        *(-1800000000, -850000000, 1800000000, 850000000, 0, 0, 0),
    )
    path.write_bytes(header + root + metadata + data)
    return path


def tile_id(zoom: int, column: int, row: int) -> int:
    """The other way round from the parser, by the plain definition of the curve."""
    along, side, x, y = 0, 1 << zoom, column, row
    step = side // 2
    while step:
        right, up = int(bool(x & step)), int(bool(y & step))
        along += step * step * ((3 * right) ^ up)
        if not up:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        step //= 2
    return (4**zoom - 1) // 3 + along


def mbtiles(path: Path, tiles: Tiles, *, kind: str = "png") -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        connection.execute("INSERT INTO metadata VALUES ('format', ?)", (kind,))
        connection.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        for (zoom, column, row), content in tiles.items():
            connection.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (zoom, column, (1 << zoom) - 1 - row, content))
    return path


def folder(path: Path, tiles: Tiles, *, ending: str = "png") -> Path:
    for (zoom, column, row), content in tiles.items():
        file = path / str(zoom) / str(column) / f"{row}.{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return path

"""What a customer brings: a PMTiles file, an MBTiles file, or a folder z/x/y. Each is walked tile by tile.

A file is told by its first bytes, never by its name. Nothing in it is trusted: places are bounded, directories do not run
in circles, links that lead out of a folder are refused, an SQLite file is opened without its triggers and functions.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fengtai.apps.tiles.tile_checks import DEEPEST_ZOOM, inflated
from fengtai.protocols import pmtiles
from fengtai.protocols.pmtiles import Compression, TileType
from fengtai.vocabulary.errors import Invalid, Malformed

SQLITE = b"SQLite format 3\0"
ENDINGS = {".png": False, ".jpg": False, ".jpeg": False, ".webp": False, ".pbf": True, ".mvt": True}
DIRECTORY_BYTES = 64 << 20
DEEPEST_DIRECTORY = 4
MOST_DIRECTORIES = 500_000


class SourceTile(NamedTuple):
    zoom: int
    column: int
    row: int
    """from the north"""
    content: bytes


class TileSource(Protocol):
    is_vector: bool

    def tiles(self) -> Iterator[SourceTile]:
        """Raise Malformed where the source cannot be read further."""


def opened(path: Path) -> TileSource:
    """Raise Invalid for what is none of the three, Malformed for one that is broken."""
    if path.is_dir():
        return TileFolder(path)
    if not path.is_file():
        raise Invalid(f"{path} is neither a file nor a folder")
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(pmtiles.MAGIC):
        return PMTilesFile(path)
    if head == SQLITE:
        return MBTilesFile(path)
    raise Invalid(
        f"{path} is neither PMTiles nor MBTiles (by its first bytes); a folder z/x/y is the third possibility"
    )


class PMTilesFile:
    def __init__(self, path: Path) -> None:
        self._path, self._size_bytes = path, path.stat().st_size
        with path.open("rb") as file:
            self._header = pmtiles.read_header(file.read(pmtiles.HEADER_BYTES), size_bytes=self._size_bytes)
        known = {TileType.MVT: True, TileType.PNG: False, TileType.JPEG: False, TileType.WEBP: False}
        if self._header.tile_type not in known:
            raise Invalid(f"tiles of the kind {self._header.tile_type.name} cannot be shown")
        self.is_vector = known[self._header.tile_type]
        for compression in (self._header.internal_compression, self._header.tile_compression):
            if compression not in (Compression.NONE, Compression.GZIP, Compression.UNKNOWN):
                raise Invalid(f"compression {compression.name} is not understood; make the file with gzip")

    def tiles(self) -> Iterator[SourceTile]:
        with self._path.open("rb") as file:

            def bytes_at(offset: int, length: int) -> bytes:
                if offset + length > self._size_bytes:
                    raise Malformed("an entry points behind the end of the file", clause="PMTiles 3")
                file.seek(offset)
                return file.read(length)

            read = 0

            def walked(offset: int, length: int, depth: int) -> Iterator[SourceTile]:
                nonlocal read
                read += 1
                if length > DIRECTORY_BYTES or depth > DEEPEST_DIRECTORY or read > MOST_DIRECTORIES:
                    raise Malformed("directories too large, too deep or too many", clause="PMTiles 3 clause 4")
                packed = bytes_at(offset, length)
                gzip = self._header.internal_compression is Compression.GZIP
                for entry in pmtiles.read_directory(inflated(packed, DIRECTORY_BYTES) if gzip else packed):
                    if entry.run_length == 0:
                        yield from walked(self._header.leaves.offset + entry.offset, entry.length, depth + 1)
                        continue
                    content = bytes_at(self._header.tiles.offset + entry.offset, entry.length)
                    for tile_id in range(entry.tile_id, entry.tile_id + entry.run_length):
                        yield SourceTile(*pmtiles.place_of(tile_id), content)

            yield from walked(*self._header.root, depth=0)


class MBTilesFile:
    """MBTiles 1.3: rows count from the south (clause "tiles": TMS)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connected() as connection:
            rows = self._rows(connection, "SELECT name, value FROM metadata LIMIT 1000")
            words = {str(name): value for name, value in rows}
        kinds = {"pbf": True, "mvt": True, "png": False, "jpg": False, "jpeg": False, "webp": False}
        told = str(words.get("format", "")).lower()
        if told not in kinds:
            raise Invalid(f"the metadata names the format {told or '(none)'!r}, not one of {', '.join(kinds)}")
        self.is_vector = kinds[told]

    def tiles(self) -> Iterator[SourceTile]:
        statement = "SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles"
        with self._connected() as connection:
            for zoom, column, row, content in self._rows(connection, statement):
                if not isinstance(content, bytes) or not all(isinstance(one, int) for one in (zoom, column, row)):
                    raise Malformed("a row of tiles does not hold three numbers and bytes", clause="MBTiles 1.3")
                if not 0 <= zoom <= DEEPEST_ZOOM:
                    raise Malformed(f"a tile at zoom {zoom}", clause="MBTiles 1.3")
                yield SourceTile(zoom, column, (1 << zoom) - 1 - row, content)

    def _connected(self) -> "closing[sqlite3.Connection]":
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 64 << 20)
        return closing(connection)

    def _rows(self, connection: sqlite3.Connection, statement: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from connection.execute(statement)
        except sqlite3.Error as error:
            raise Malformed(f"the file cannot be read: {error}", clause="MBTiles 1.3") from error


class TileFolder:
    """z/x/y.png as map servers number them: rows from the north."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        first = next(self._files(), None)
        if first is None:
            raise Invalid(f"{path} holds no file like 12/3391/1663.png")
        self.is_vector = ENDINGS[first[3].suffix.lower()]

    def tiles(self) -> Iterator[SourceTile]:
        for zoom, column, row, file in self._files():
            if ENDINGS[file.suffix.lower()] is not self.is_vector:
                raise Malformed(f"{file}: pictures and vector tiles do not mix", clause="folder of tiles")
            if not file.resolve().is_relative_to(self._path):
                raise Malformed(f"{file} leads out of the folder", clause="folder of tiles")
            yield SourceTile(zoom, column, row, file.read_bytes())

    def _files(self) -> Iterator[tuple[int, int, int, Path]]:
        """Whatever is not called by three numbers is not a tile (a README, a style)."""
        for zoom_folder in _numbered(self._path):
            for column_folder in _numbered(zoom_folder):
                for file in sorted(column_folder.iterdir()):
                    if file.suffix.lower() in ENDINGS and _is_number(file.stem) and file.is_file():
                        yield int(zoom_folder.name), int(column_folder.name), int(file.stem), file


def _numbered(folder: Path) -> list[Path]:
    found = [one for one in folder.iterdir() if _is_number(one.name) and one.is_dir()]
    return sorted(found, key=lambda one: int(one.name))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 8

"""The file that tiles are served from: SQLite, written once by an import, then only read; equal tiles are kept once."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from fengtai.apps.tiles.tile_checks import CheckedTile

FILE = "basemap.tiles"
_SCHEMA = (
    "CREATE TABLE about (words TEXT NOT NULL)",
    "CREATE TABLE content (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, media_type TEXT NOT NULL, "
    "bytes BLOB NOT NULL)",
    "CREATE TABLE tile (zoom INTEGER, x INTEGER, y INTEGER, content_id INTEGER NOT NULL, PRIMARY KEY (zoom, x, y)) "
    "WITHOUT ROWID",
)


class TileDatum(Enum):
    WGS84 = "wgs84"
    """also CGCS2000: they agree within decimetres"""
    GCJ02 = "gcj02"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basemap:
    """What a console must know of the tiles."""

    version: str
    """another one for other tiles: browsers keep tiles by it"""
    attribution: str
    approval_number: str
    """审图号; empty only for a map of a place outside China"""
    datum: TileDatum
    is_vector: bool
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float]
    """west, south, east, north in degrees, of the tiles at the deepest zoom"""
    width: int
    """px of a picture, 512 for vector tiles"""
    layers: tuple[str, ...]
    tiles: int
    size_bytes: int


class KeptTile(NamedTuple):
    media_type: str
    content: bytes


class BookWriter:
    """Writes a new file; until `finish` it is nobody's."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("BEGIN")
        for statement in _SCHEMA:
            self._connection.execute(statement)

    def add(self, zoom: int, column: int, row: int, tile: CheckedTile) -> bool:
        """Whether it is the first at this place."""
        digest = hashlib.sha256(tile.content).digest()
        insert = "INSERT INTO content (digest, media_type, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        self._connection.execute(insert, (digest, tile.media_type, tile.content))
        placed = self._connection.execute(
            "INSERT INTO tile SELECT ?, ?, ?, id FROM content WHERE digest = ? ON CONFLICT DO NOTHING",
            (zoom, column, row, digest),
        )
        return placed.rowcount == 1

    def finish(self, basemap: Basemap) -> None:
        words = {**asdict(basemap), "datum": basemap.datum.value}
        self._connection.execute("INSERT INTO about VALUES (?)", (json.dumps(words, ensure_ascii=False),))
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA synchronous = FULL")
        self.close()

    def close(self) -> None:
        self._connection.close()


class TileBook:
    """Reads the file in that folder, and the new one as soon as an import has put it there. May be asked by threads."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._basemap: Basemap | None = None
        self._file: tuple[int, int] | None = None

    def basemap(self) -> Basemap | None:
        """None when nothing was brought in."""
        with self._lock:
            self._look()
            return self._basemap

    def tile(self, version: str, zoom: int, column: int, row: int) -> KeptTile | None:
        with self._lock:
            self._look()
            if self._connection is None or self._basemap is None or self._basemap.version != version:
                return None
            found = self._connection.execute(
                "SELECT media_type, bytes FROM tile JOIN content ON content.id = content_id "
                "WHERE zoom = ? AND x = ? AND y = ?",
                (zoom, column, row),
            ).fetchone()
            return None if found is None else KeptTile(*found)

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _look(self) -> None:
        try:
            stat = None if self._path is None else self._path.stat()
        except FileNotFoundError:
            stat = None
        if self._path is None or stat is None:
            self._forget()
            return
        if self._file == (stat.st_ino, stat.st_mtime_ns):
            return
        self._forget()
        address = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False)
        (words,) = self._connection.execute("SELECT words FROM about").fetchone()
        self._basemap = basemap_of(json.loads(words))
        self._file = stat.st_ino, stat.st_mtime_ns

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._basemap = self._file = None


def basemap_of(words: Mapping[str, Any]) -> Basemap:
    lists = {"bounds": tuple(words["bounds"]), "layers": tuple(words["layers"])}
    return Basemap(**{**words, **lists, "datum": TileDatum(words["datum"])})

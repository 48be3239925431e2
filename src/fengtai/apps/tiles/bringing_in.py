"""Bringing tiles in: every one is checked, then the new file takes the old one's place in one step. A bad file changes
nothing; a platform that runs serves the new tiles at the next question."""

import hashlib
import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fengtai.apps.tiles.tile_book import FILE, Basemap, BookWriter, TileDatum
from fengtai.apps.tiles.tile_checks import DEEPEST_ZOOM, checked
from fengtai.apps.tiles.tile_sources import SourceTile, opened
from fengtai.vocabulary.errors import Invalid, Malformed

APPROVAL_NUMBER = re.compile(r"(GS|[一-鿿]{1,2}S|GS[一-鿿]{1,2})\s?[(（\[〔]\d{4}[)）\]〕]\s?\d{1,6}\s?号")
"""审图号, as maps carry it: GS（2024）1234号, GS京(2022)0061号, 沪S（2023）012号"""
LONGEST_ATTRIBUTION = 300
MOST_TILES = 50_000_000
MOST_LAYERS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWords:
    """What the person says who brings the map."""

    attribution: str
    approval_number: str
    is_outside_china: bool = False
    datum: TileDatum = TileDatum.WGS84


@dataclass
class _Found:
    zooms: set[int] = field(default_factory=set)
    widths: set[int] = field(default_factory=set)
    layers: dict[str, None] = field(default_factory=dict)
    tiles: int = 0
    size_bytes: int = 0
    frame: tuple[int, int, int, int] = (0, 0, 0, 0)
    """columns and rows at the deepest zoom: west, north, east, south"""


def bring_in(source: Path, folder: Path, words: MapWords, told: Callable[[int], None] = lambda _: None) -> Basemap:
    """`told` hears how many tiles are done. Raise Invalid for words or a file of no known kind, Malformed with the first
    tile that is none."""
    check_words(words)
    tiles = opened(source)
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.part"
    writer = BookWriter(draft)
    try:
        found, digest = _Found(), hashlib.sha256(repr(words).encode())
        for tile in tiles.tiles():
            _add(writer, found, tile, is_vector=tiles.is_vector)
            digest.update(f"{tile.zoom}/{tile.column}/{tile.row}".encode() + tile.content)
            if found.tiles % 1000 == 0:
                told(found.tiles)
        basemap = _basemap(found, words, digest.hexdigest()[:16], is_vector=tiles.is_vector)
        writer.finish(basemap)
        _sync(draft)
        draft.replace(folder / FILE)
        _sync(folder)
    finally:
        writer.close()
        draft.unlink(missing_ok=True)
    return basemap


def check_words(words: MapWords) -> None:
    text = words.attribution.strip()
    if not text or len(text) > LONGEST_ATTRIBUTION or not text.isprintable():
        raise Invalid(f"say whose map it is, in at most {LONGEST_ATTRIBUTION} characters (--attribution)")
    if not words.approval_number and not words.is_outside_china:
        raise Invalid(
            "a map of places in China carries an approval number (审图号): give it with --approval-number, or say "
            "--outside-china"
        )
    if words.approval_number and not APPROVAL_NUMBER.fullmatch(words.approval_number.strip()):
        raise Invalid(
            f"{words.approval_number} is no approval number; they read like GS（2024）1234号 or 沪S（2023）012号"
        )


def _add(writer: BookWriter, found: _Found, tile: SourceTile, *, is_vector: bool) -> None:
    named = f"tile {tile.zoom}/{tile.column}/{tile.row}"
    side = 1 << tile.zoom if 0 <= tile.zoom <= DEEPEST_ZOOM else 0
    if not (0 <= tile.column < side and 0 <= tile.row < side):
        raise Malformed(f"{named} lies on no map (zooms 0 to {DEEPEST_ZOOM})", clause="EPSG:3857 tiles")
    try:
        good = checked(tile.content, is_vector=is_vector)
    except Malformed as error:
        raise Malformed(f"{named}: {error.what}", clause=error.clause) from error
    if not writer.add(tile.zoom, tile.column, tile.row, good):
        raise Malformed(f"{named} stands there twice", clause="EPSG:3857 tiles")
    if found.tiles == 0 or tile.zoom > max(found.zooms):
        found.frame = (tile.column, tile.row, tile.column, tile.row)
    elif tile.zoom == max(found.zooms):
        west, north, east, south = found.frame
        found.frame = min(west, tile.column), min(north, tile.row), max(east, tile.column), max(south, tile.row)
    found.zooms.add(tile.zoom)
    found.widths.add(good.width)
    found.layers |= dict.fromkeys(good.layers)
    found.tiles += 1
    found.size_bytes += len(good.content)
    if found.tiles > MOST_TILES or len(found.layers) > MOST_LAYERS:
        raise Malformed(f"more than {MOST_TILES} tiles or {MOST_LAYERS} layers", clause="EPSG:3857 tiles")


def _basemap(found: _Found, words: MapWords, version: str, *, is_vector: bool) -> Basemap:
    if not found.tiles:
        raise Malformed("there is not one tile in it", clause="EPSG:3857 tiles")
    if len(found.widths) > 1:
        raise Malformed(f"pictures of several sizes: {sorted(found.widths)} px", clause="EPSG:3857 tiles")
    deepest = max(found.zooms)
    west, north, east, south = found.frame
    return Basemap(
        version=version,
        attribution=words.attribution.strip(),
        approval_number=words.approval_number.strip(),
        datum=words.datum,
        is_vector=is_vector,
        min_zoom=min(found.zooms),
        max_zoom=deepest,
        bounds=(*_corner(deepest, west, south + 1), *_corner(deepest, east + 1, north)),
        width=512 if is_vector else found.widths.pop(),
        layers=tuple(found.layers),
        tiles=found.tiles,
        size_bytes=found.size_bytes,
    )


def _corner(zoom: int, column: int, row: int) -> tuple[float, float]:
    """The north-west corner of a tile in degrees."""
    side = 1 << zoom
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))
    return round(column / side * 360 - 180, 6), round(latitude, 6)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

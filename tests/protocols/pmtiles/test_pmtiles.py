"""PMTiles 3 as its specification numbers tiles and packs directories."""

import pytest
from tests.apps.tiles.drawn_tiles import picture, pmtiles, tile_id, varint

from fengtai.protocols.pmtiles import Entry, TileType, place_of, read_directory, read_header
from fengtai.vocabulary.errors import Malformed


@pytest.mark.parametrize(
    ("number", "place"),
    [
        (0, (0, 0, 0)),
        (1, (1, 0, 0)),
        (2, (1, 0, 1)),
        (3, (1, 1, 1)),
        (4, (1, 1, 0)),
        (5, (2, 0, 0)),
        (19078479, (12, 3423, 1763)),
    ],
)
def test_numbers_of_tiles_are_those_of_the_specification(number, place):
    assert place_of(number) == place


def test_every_tile_of_the_first_zooms_has_a_number_of_its_own():
    for number in range((4**6 - 1) // 3):
        assert tile_id(*place_of(number)) == number


def test_a_header_tells_where_things_are(tmp_path):
    data = pmtiles(tmp_path / "a", {(0, 0, 0): picture(), (2, 3, 1): picture()}).read_bytes()
    header = read_header(data, size_bytes=len(data))
    assert (header.tile_type, header.min_zoom, header.max_zoom) == (TileType.PNG, 0, 2)
    assert header.bounds == (-180, -85, 180, 85)
    assert header.tiles.offset + header.tiles.length == len(data)


def test_runs_and_neighbours_are_understood():
    packed = varint(3) + b"".join(map(varint, (0, 5, 2, 1, 3, 0, 10, 20, 30, 1, 0, 101)))
    assert read_directory(packed) == [Entry(0, 0, 10, 1), Entry(5, 10, 20, 3), Entry(7, 100, 30, 0)]


@pytest.mark.parametrize("packed", [b"", b"\xff" * 12, varint(1) + bytes(4), varint(9) + b"\x01", varint(2**40)])
def test_a_directory_that_is_none_is_malformed(packed):
    with pytest.raises(Malformed):
        read_directory(packed)

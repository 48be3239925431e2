"""Mapbox vector tiles: told from other bytes, and their layers named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.apps.tiles.drawn_tiles import field, varint, vector_tile

from fengtai.protocols.mvt import layer_names
from fengtai.vocabulary.errors import Malformed


def test_layers_are_named_in_their_order():
    assert layer_names(vector_tile("water", "道路")) == ["water", "道路"]
    assert layer_names(b"") == []


@given(st.lists(st.text(min_size=1, max_size=40), max_size=8))
def test_whatever_layers_are_called(names):
    names = [name for name in names if name.encode("utf-8", "ignore").decode() == name]
    assert layer_names(vector_tile(*names)) == names


@pytest.mark.parametrize(
    "tile",
    [b"\x89PNG", vector_tile("water")[:-1], field(3, b""), varint(3 << 3) + b"\x01", field(3, field(1, b"\xff\xfe"))],
)
def test_what_is_no_tile_is_malformed(tile):
    with pytest.raises(Malformed):
        layer_names(tile)

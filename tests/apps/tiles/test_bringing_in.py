"""The customer's own map: brought in whole or not at all, in three forms, and refused with a sentence when it is bad."""

import gzip
import json
import sqlite3
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.apps.tiles.drawn_tiles import folder, mbtiles, picture, pmtiles, vector_tile
from typer.testing import CliRunner

from fengtai.apps.cli.main import app as command_line
from fengtai.apps.tiles.bringing_in import MapWords, bring_in, check_words
from fengtai.apps.tiles.tile_book import FILE, TileBook, TileDatum
from fengtai.apps.tiles.tile_checks import MOST_INFLATED_BYTES
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.apps.web_api.tiles import tile_routes
from fengtai.vocabulary.errors import Invalid, Malformed

WORDS = MapWords(attribution="© 某测绘院", approval_number="GS（2024）1234号")
PICTURES = {(0, 0, 0): picture(), (1, 1, 0): picture((9, 9, 9)), (1, 0, 1): picture()}
VECTORS = {(3, 6, 3): gzip.compress(vector_tile("water", "roads")), (4, 13, 6): gzip.compress(vector_tile("places"))}
MAKERS = {
    "pmtiles": lambda path: pmtiles(path / "a.pmtiles", PICTURES),
    "mbtiles": lambda path: mbtiles(path / "a.mbtiles", PICTURES),
    "folder": lambda path: folder(path / "a", PICTURES),
}


@pytest.mark.parametrize("form", MAKERS)
def test_pictures_come_back_from_the_place_where_they_were(tmp_path, form):
    told: list[int] = []
    made = bring_in(MAKERS[form](tmp_path), tmp_path / "tiles", WORDS, told.append)
    book = TileBook(tmp_path / "tiles")

    assert (made.tiles, made.min_zoom, made.max_zoom, made.width, made.is_vector) == (3, 0, 1, 256, False)
    assert book.basemap() == made
    for place, content in PICTURES.items():
        kept = book.tile(made.version, *place)
        assert (kept.media_type, kept.content) == ("image/png", content)
    assert book.tile(made.version, 1, 1, 1) is None
    assert book.tile("another", 0, 0, 0) is None


@pytest.mark.parametrize("form", ["pmtiles", "mbtiles", "folder"])
def test_vector_tiles_tell_their_layers_and_are_kept_packed(tmp_path, form):
    plain = {place: gzip.decompress(content) for place, content in VECTORS.items()}
    makers = {
        "pmtiles": lambda: pmtiles(tmp_path / "v", VECTORS, kind=1, compression=2),
        "mbtiles": lambda: mbtiles(tmp_path / "v", VECTORS, kind="pbf"),
        "folder": lambda: folder(tmp_path / "v", plain, ending="mvt"),
    }
    made = bring_in(makers[form](), tmp_path / "tiles", WORDS)
    assert (made.is_vector, sorted(made.layers), made.width) == (True, ["places", "roads", "water"], 512)
    assert made.bounds == pytest.approx((112.5, 21.943046, 135.0, 40.979898))
    kept = TileBook(tmp_path / "tiles").tile(made.version, 3, 6, 3)
    assert gzip.decompress(kept.content) == plain[3, 6, 3]


def test_equal_tiles_are_kept_once(tmp_path):
    bring_in(folder(tmp_path / "sea", {(6, x, 20): picture() for x in range(40)}), tmp_path / "tiles", WORDS)
    with sqlite3.connect(tmp_path / "tiles" / FILE) as kept:
        assert kept.execute("SELECT count(*) FROM content").fetchone() == (1,)
        assert kept.execute("SELECT count(*) FROM tile").fetchone() == (40,)


def test_a_new_map_takes_the_place_of_the_old_one_while_it_is_served(tmp_path):
    first = bring_in(folder(tmp_path / "a", PICTURES), tmp_path / "tiles", WORDS)
    book = TileBook(tmp_path / "tiles")
    assert book.basemap() == first
    second = bring_in(folder(tmp_path / "b", {(0, 0, 0): picture((1, 2, 3))}), tmp_path / "tiles", WORDS)
    assert book.basemap() == second
    assert book.tile(first.version, 0, 0, 0) is None


def bad_sources(path: Path) -> dict[str, Path]:
    whole = pmtiles(path / "whole", PICTURES).read_bytes()
    cut, magic, deep, run, empty = (path / name for name in ("cut", "magic", "deep", "run", "empty"))
    cut.write_bytes(whole[:-50])
    magic.write_bytes(b"<html>not a map</html>")
    deep.write_bytes(whole[:100] + bytes([99, 120]) + whole[102:])
    run.write_bytes(whole[:127] + b"\x1f\x8b" + bytes(40) + whole[169:])
    empty.mkdir()
    bomb = gzip.compress(bytes(MOST_INFLATED_BYTES + 1))
    outside = folder(path / "outside", {(0, 0, 0): picture()})
    (path / "secret.png").write_bytes(picture())
    (outside / "1" / "0").mkdir(parents=True)
    (outside / "1" / "0" / "0.png").symlink_to(path / "secret.png")
    broken = mbtiles(path / "broken", PICTURES)
    broken.write_bytes(broken.read_bytes()[:5000])
    return {
        "cut off": cut,
        "neither PMTiles nor MBTiles": magic,
        "zooms 99 to 120": deep,
        "not gzip": run,
        "holds no file": empty,
        "neither a file nor a folder": path / "nowhere",
        "swells beyond": mbtiles(path / "bomb", {(0, 0, 0): bomb}, kind="pbf"),
        "lies on no map": mbtiles(path / "off", {(2, 9, 0): picture()}),
        "a tile at zoom 40": mbtiles(path / "zoom", {(40, 0, 0): picture()}),
        "no whole PNG": folder(path / "text", {(0, 0, 0): b"GIF89a, or so it says"}),
        "1100×1100 px is no tile": folder(path / "wide", {(0, 0, 0): picture(side=1100)}),
        "several sizes": folder(path / "sizes", {(0, 0, 0): picture(), (1, 0, 0): picture(side=512)}),
        "a field is cut off": folder(path / "mvt", {(0, 0, 0): vector_tile("water")[:-3]}, ending="pbf"),
        "leads out of the folder": outside,
        "the file cannot be read": broken,
        "stands there twice": folder(
            folder(path / "two", {(0, 0, 0): picture()}), {(0, 0, 0): picture()}, ending="jpg"
        ),
        "0 bytes are no tile": mbtiles(path / "nothing", {(0, 0, 0): b""}),
        "names the format": mbtiles(path / "pdf", {(0, 0, 0): b"x"}, kind="pdf"),
        "there is not one tile": mbtiles(path / "none", {}),
        "BROTLI is not understood": pmtiles(path / "brotli", PICTURES, compression=3),
        "AVIF cannot be shown": pmtiles(path / "avif", PICTURES, kind=5),
    }


def test_a_bad_source_is_refused_with_a_sentence_and_the_present_map_stays(tmp_path):
    present = bring_in(folder(tmp_path / "good", PICTURES), tmp_path / "tiles", WORDS)
    for sentence, source in bad_sources(tmp_path).items():
        with pytest.raises((Invalid, Malformed), match=sentence):
            bring_in(source, tmp_path / "tiles", WORDS)
        assert TileBook(tmp_path / "tiles").basemap() == present
        assert [file.name for file in (tmp_path / "tiles").iterdir()] == [FILE]


@pytest.mark.parametrize(
    "number", ["GS（2024）1234号", "GS(2016)2923号", "GS京（2023）0061号", "沪S（2023）012号", "京S[2022]7号"]
)
def test_approval_numbers_as_maps_carry_them(number):
    check_words(MapWords(attribution="x", approval_number=number))


@pytest.mark.parametrize(
    "words", [("", "GS（2024）1号"), ("x", ""), ("x", "none"), ("x\ny", "GS（2024）1号"), ("x" * 301, "GS（2024）1号")]
)
def test_a_map_without_its_words_is_refused(words):
    with pytest.raises(Invalid):
        check_words(MapWords(attribution=words[0], approval_number=words[1]))
    check_words(MapWords(attribution="© somebody", approval_number="", is_outside_china=True))


@pytest.fixture
async def console(tmp_path):
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(tile_routes(TileBook(tmp_path / "tiles")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        yield client


async def test_the_console_is_told_whose_map_it_is_and_gets_its_tiles(console, tmp_path):
    assert (await console.get("/api/map")).json() == {"basemap": None}
    assert (await console.get("/api/map/tiles/x/0/0/0")).status_code == 404
    words = MapWords(attribution="© 某测绘院", approval_number="沪S（2023）012号", datum=TileDatum.GCJ02)
    made = bring_in(mbtiles(tmp_path / "v", VECTORS, kind="pbf"), tmp_path / "tiles", words)

    told = (await console.get("/api/map")).json()["basemap"]
    assert (told["attribution"], told["approval_number"], told["datum"]) == ("© 某测绘院", "沪S（2023）012号", "gcj02")
    tile = await console.get(f"/api/map/tiles/{made.version}/3/6/3")
    assert (tile.content, tile.headers["content-encoding"]) == (vector_tile("water", "roads"), "gzip")
    bare = await console.get(f"/api/map/tiles/{made.version}/3/6/3", headers={"Accept-Encoding": "identity"})
    assert (bare.content, "content-encoding" in bare.headers) == (vector_tile("water", "roads"), False)
    assert (await console.get(f"/api/map/tiles/{made.version}/3/0/0")).status_code == 204
    assert (await console.get(f"/api/map/tiles/{made.version}/99/0/0")).status_code == 422
    assert (await console.get("/api/map/tiles/..%2f..%2fvault.key/0/0/0")).status_code == 404


def test_the_command_brings_in_and_removes(tmp_path, monkeypatch):
    monkeypatch.setenv("FENGTAI_DATA", str(tmp_path / "data"))
    source = str(folder(tmp_path / "a", PICTURES))
    run = CliRunner().invoke
    refused = run(command_line, ["tiles", "import", source, "--attribution", "© 某测绘院"])
    assert (refused.exit_code, "审图号" in refused.output) == (1, True)
    words = ["--attribution", "© 某测绘院", "--approval-number", "GS（2024）1234号", "--gcj02"]
    done = run(command_line, ["tiles", "import", source, *words])
    assert (done.exit_code, "3 tiles" in done.output) == (0, True)
    with sqlite3.connect(tmp_path / "data/tiles" / FILE) as kept:
        assert json.loads(kept.execute("SELECT words FROM about").fetchone()[0])["datum"] == "gcj02"
    assert run(command_line, ["tiles", "remove"]).exit_code == 0
    assert run(command_line, ["tiles", "remove"]).exit_code == 1

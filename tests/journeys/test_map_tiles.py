"""The map of a large city in a real browser: gathered, filtered, selected by mouse and by keyboard, on tiles of the
customer's own, and without a graphics card."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.apps.tiles.drawn_tiles import folder, mbtiles, picture, vector_tile
from tests.journeys.many_points import CENTRE, fill
from tests.journeys.one_server import PASSWORDS, OneServer, a_server
from tests.journeys.visitors import Visitor, chromium, open_at

COUNT = int(os.environ.get("FENGTAI_MAP_POINTS", "10000"))
DEEP = 12

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    server = a_server(tmp_path_factory.mktemp("city") / "data")
    try:
        server.start().set_up()
        server.stop()
        fill(server.data / "fengtai.sqlite", COUNT)
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def zhao(city) -> Iterator[Visitor]:
    with chromium() as browser:
        yield Visitor(browser, city.url, "zhao", PASSWORDS["zhao"], width=1280, height=720)


@pytest.fixture
def page(zhao) -> Page:
    page = open_at(zhao, "/map", "map-point")
    drawn(page)
    return page


def drawn(page: Page) -> None:
    expect(page.locator("[data-testid=city-map][data-state=drawn]")).to_be_visible(timeout=30_000)


def counted(page: Page) -> tuple[int, int]:
    """Points and unwell ones, as the page says."""
    found = re.findall(r"\d+", page.get_by_test_id("map-count").inner_text())
    return int(found[0]), int(found[1])


def middle(page: Page) -> tuple[float, float]:
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_large_city_is_drawn_in_clusters_and_opens_on_a_click(page):
    total, unwell = counted(page)
    assert 0.2 * COUNT < total <= COUNT
    assert 0.1 < unwell / total < 0.2
    x, y = middle(page)
    with page.expect_response(lambda answer: "/map/frame" in answer.url) as frame:
        page.mouse.move(x, y)
        page.mouse.wheel(0, -600)
    nearer = frame.value.json()
    assert nearer["total"] < total
    assert sum(cluster["count"] for cluster in nearer["clusters"]) + len(nearer["points"]) == nearer["total"]


def test_state_and_class_are_filtered(page):
    total, unwell = counted(page)
    page.get_by_test_id("filter-offline").click()
    page.get_by_test_id("filter-unbound").click()
    expect(page.get_by_test_id("map-count")).not_to_contain_text(str(total))
    expect(page.get_by_test_id("map-count")).to_contain_text(str(unwell))
    assert counted(page) == (unwell, unwell)
    page.get_by_test_id("filter-class-1").click()
    expect(page.locator("[data-testid=map-count]")).not_to_contain_text(str(unwell))
    assert 0 < counted(page)[0] < unwell < total


def test_a_box_is_drawn_and_its_first_sixteen_go_to_the_wall(page):
    total, _ = counted(page)
    page.keyboard.press("b")
    x, y = middle(page)
    page.mouse.move(x - 120, y - 90)
    page.mouse.down()
    page.mouse.move(x + 120, y + 90, steps=3)
    page.mouse.up()
    expect(page.get_by_test_id("area-forget")).to_be_visible()
    expect(page.get_by_test_id("map-count")).not_to_contain_text(str(total))
    inside, _ = counted(page)
    assert 16 < inside < total
    expect(page.get_by_test_id("area-to-wall")).to_contain_text("16")
    first = page.get_by_test_id("map-point").first.get_attribute("data-number")

    page.get_by_test_id("area-to-wall").click()
    expect(page.get_by_test_id("live-tile")).to_have_count(16)
    assert page.get_by_test_id("live-tile").first.get_attribute("data-number") == first


def test_an_outline_is_drawn_corner_by_corner_and_dropped_by_escape(page):
    total, _ = counted(page)
    page.get_by_test_id("draw-polygon").click()
    x, y = middle(page)
    for dx, dy in ((-150, 100), (150, 100)):
        page.mouse.click(x + dx, y + dy)
        page.wait_for_timeout(400)  # else two clicks are a double click
    page.mouse.dblclick(x, y - 140)
    expect(page.get_by_test_id("area-forget")).to_be_visible()
    expect(page.get_by_test_id("map-count")).not_to_contain_text(str(total))
    assert 0 < counted(page)[0] < total
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("area-forget")).to_have_count(0)
    expect(page.get_by_test_id("map-count")).to_contain_text(str(total))


def test_by_keyboard_alone_a_point_is_opened_from_the_list_and_the_list_put_on_the_wall(page):
    page.get_by_test_id("map-point").nth(1).focus()
    number = page.evaluate("document.activeElement.dataset.number")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("map-chosen")).to_contain_text(number)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("map-chosen")).to_have_count(0)
    page.keyboard.press("v")
    expect(page.get_by_test_id("live-tile")).to_have_count(16)


def test_what_changes_elsewhere_changes_here_by_itself(page, city):
    everything, _ = counted(page)
    page.get_by_test_id("filter-online").click()
    expect(page.get_by_test_id("map-count")).not_to_contain_text(str(everything))
    expect(page.get_by_test_id("map-point").first.locator("[data-state=online]")).to_be_visible()
    number = page.get_by_test_id("map-point").first.get_attribute("data-number")
    total, _ = counted(page)
    with city.client(headers=city.headers("zhao")) as client:
        (point,) = client.get("/api/points", params={"after_number": int(number) - 1, "limit": 1}).json()["items"]
        refused = client.post(f"/api/devices/{point['device_id']}/refuse", json={"reason": "它不属于本市"})
        assert refused.status_code in (200, 204), refused.text
    expect(page.get_by_test_id("map-count")).to_contain_text(str(total - 1), timeout=15_000)
    expect(page.locator(f"[data-testid=map-point][data-number='{number}']")).to_have_count(0)


def tile_at(zoom: int) -> tuple[int, int, int]:
    """The one that holds the middle of the city."""
    import math

    latitude = math.radians(CENTRE.latitude)
    row = (1 - math.log(math.tan(latitude) + 1 / math.cos(latitude)) / math.pi) / 2
    return zoom, int((CENTRE.longitude + 180) / 360 * 2**zoom), int(row * 2**zoom)


def pictures(path: Path) -> Path:
    _, column, row = tile_at(DEEP)
    around = [(DEEP, column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    return folder(path / "pictures", {place: picture((30, 90, 60), side=512) for place in around})


def vectors(path: Path) -> Path:
    around = {tile_at(zoom): vector_tile("water", "roads") for zoom in range(8, DEEP + 1)}
    return mbtiles(path / "vectors", around, kind="pbf")


@pytest.mark.parametrize("kind", ["pictures", "vectors"])
def test_the_customers_tiles_lie_under_the_points_and_say_whose_they_are(zhao, city, tmp_path, kind):
    source = {"pictures": pictures, "vectors": vectors}[kind](tmp_path)
    words = ("--attribution", "© 虚构测绘院", "--approval-number", "GS（2024）1234号", "--gcj02")
    imported = city.command("tiles", "import", str(source), *words)
    assert imported.returncode == 0, imported.stderr

    page = zhao.page
    with page.expect_response(lambda answer: "/api/map/tiles/" in answer.url and answer.status == 200):
        open_at(zhao, "/map", "city-map")
    drawn(page)
    expect(page.get_by_test_id("map-whose")).to_contain_text("© 虚构测绘院 GS（2024）1234号")
    expect(page.get_by_test_id("map-whose")).to_contain_text("GCJ-02")
    assert counted(page)[0] > 0


def test_a_bad_file_changes_nothing(zhao, city, tmp_path):
    page = open_at(zhao, "/map", "city-map")
    drawn(page)
    before = page.get_by_test_id("map-whose").inner_text()
    (tmp_path / "map.pmtiles").write_bytes(b"PMTiles\x03" + bytes(40))
    refused = city.command("tiles", "import", str(tmp_path / "map.pmtiles"), "--attribution", "x", "--outside-china")
    assert (refused.returncode, "the header is cut off" in refused.stderr) == (1, True)
    page.reload()
    expect(page.get_by_test_id("map-whose")).to_have_text(before)


def test_without_a_graphics_card_the_page_says_so_and_the_list_works(zhao, city):
    browser = zhao.page.context.browser
    assert browser is not None
    bare = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-3d-apis"]
    )
    try:
        visitor = Visitor(bare, city.url, "zhao", PASSWORDS["zhao"], width=1280, height=720)
        page = open_at(visitor, "/map", "map-point")
        expect(page.locator("[data-testid=city-map][data-state=failed]")).to_contain_text("没有图形加速")
        assert counted(page)[0] == COUNT
        page.get_by_test_id("map-point").first.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_test_id("map-chosen")).to_be_visible()
    finally:
        bare.close()

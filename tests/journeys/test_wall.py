"""The wall: panes by mouse and by keyboard, layouts that are kept and shared, dark panes that say why."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.journeys.visitors import Visitor, chromium, open_at

from fengtai.apps.demo.console_client import ConsoleClient

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def desks(walkabout) -> Iterator[dict[str, Visitor]]:
    with chromium() as browser:
        yield {
            role: Visitor(browser, walkabout.town.url, *walkabout.furnished.sign_ins[role], width=1280, height=720)
            for role in ("operator", "chief")
        }


@pytest.fixture
def page(desks) -> Page:
    """An empty wall of four panes."""
    page = desks["operator"].page
    page.goto(f"{desks['operator'].url}/wall")
    page.evaluate("['count', 'tiles', 'turn'].forEach(name => localStorage.removeItem(`fengtai.wall.${name}`))")
    page.reload()
    expect(page.get_by_test_id("wall-slot")).to_have_count(4)
    expect(page.get_by_test_id("point-option").nth(3)).to_be_visible(timeout=15_000)
    return page


def pane(page: Page, number: int) -> Locator:
    return page.locator(f"[data-testid=wall-slot][data-pane='{number}']")


def hangs(page: Page, number: int) -> Locator:
    return pane(page, number).get_by_test_id("live-tile")


def test_pane_number_camera_number_enter(page):
    page.keyboard.type("3.2")
    expect(page.get_by_test_id("typed-number")).to_contain_text("3.2")
    page.keyboard.press("Enter")
    expect(hangs(page, 3)).to_have_attribute("data-number", "2")
    expect(hangs(page, 3)).to_have_attribute("data-state", "playing", timeout=30_000)
    page.keyboard.type("9.1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("9.1")


def test_panes_change_places_by_keyboard_and_the_picture_goes_on(page):
    page.keyboard.type("1.1")
    page.keyboard.press("Enter")
    expect(hangs(page, 1)).to_have_attribute("data-state", "playing", timeout=30_000)
    page.keyboard.type("1.")
    page.keyboard.press("Enter")
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    expect(hangs(page, 4)).to_have_attribute("data-number", "1")
    expect(hangs(page, 1)).to_have_count(0)
    expect(hangs(page, 4)).to_have_attribute("data-state", "playing")


def test_a_point_is_dragged_from_the_list_and_from_pane_to_pane(page):
    page.locator("[data-testid=point-option][data-number='2']").drag_to(pane(page, 4))
    expect(hangs(page, 4)).to_have_attribute("data-number", "2")
    page.locator("[data-testid=point-option][data-number='3']").drag_to(pane(page, 2))
    hangs(page, 4).locator("figcaption").drag_to(pane(page, 2))
    expect(hangs(page, 2)).to_have_attribute("data-number", "2")
    expect(hangs(page, 4)).to_have_attribute("data-number", "3")


def test_the_tree_of_organisations_leads_to_points(page):
    page.get_by_test_id("by-tree").click()
    while page.get_by_test_id("tree-point").count() == 0:
        page.locator("[data-testid=tree-node][aria-expanded=false]").first.click()
        page.wait_for_timeout(300)
    page.get_by_test_id("tree-point").first.click()
    expect(page.get_by_test_id("live-tile")).to_have_count(1)


@pytest.mark.parametrize("count", [1, 4, 6, 8, 9, 13, 16])
def test_every_layout_fills_the_wall_and_moves_nothing_that_hangs(page, count):
    page.keyboard.type("1.4")
    page.keyboard.press("Enter")
    page.get_by_test_id(f"layout-{count}").click()
    expect(page.get_by_test_id("wall-slot")).to_have_count(count)
    expect(hangs(page, 1)).to_have_attribute("data-number", "4")
    boxes = [one.bounding_box() for one in page.get_by_test_id("wall-slot").all()]
    areas = sum(box["width"] * box["height"] for box in boxes)
    whole = page.locator(".grid").bounding_box()
    assert areas == pytest.approx(whole["width"] * whole["height"], rel=0.05)


def test_one_picture_alone_and_back_by_one_key(page):
    page.keyboard.type("2.1")
    page.keyboard.press("Enter")
    expect(hangs(page, 2)).to_have_attribute("data-state", "playing", timeout=30_000)
    page.keyboard.type("2.")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    expect(pane(page, 1)).to_be_hidden()
    assert pane(page, 2).bounding_box()["width"] > 800
    expect(hangs(page, 2)).to_have_attribute("data-state", "playing")
    page.keyboard.press("Escape")
    expect(pane(page, 1)).to_be_visible()


def test_a_layout_is_kept_opened_again_and_removed(page):
    page.get_by_test_id("layout-6").click()
    for typed in ("1.2", "5.1"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(hangs(page, int(typed[0]))).to_be_visible()
    page.keyboard.press("l")
    page.locator("input[name=layout-name]").fill("早班")
    page.locator("input[name=layout-name]").press("Enter")
    expect(page.get_by_test_id("side-form")).to_have_count(0)

    page.get_by_test_id("layout-1").click()
    page.reload()
    page.get_by_test_id("layouts").select_option(label="早班")
    expect(page.get_by_test_id("wall-slot")).to_have_count(6)
    expect(hangs(page, 1)).to_have_attribute("data-number", "2")
    expect(hangs(page, 5)).to_have_attribute("data-number", "1")

    page.get_by_test_id("layout-keep").click()
    page.get_by_test_id("layout-remove").click()
    expect(page.get_by_test_id("layouts").locator("option", has_text="早班")).to_have_count(0)


def test_a_chief_shares_a_layout_with_everybody(page, desks):
    chief = open_at(desks["chief"], "/wall", "wall-slot")
    chief.keyboard.type("1.3")
    chief.keyboard.press("Enter")
    expect(hangs(chief, 1)).to_have_attribute("data-number", "3")
    chief.keyboard.press("l")
    chief.locator("input[name=layout-name]").fill("市中心")
    chief.locator("input[name=layout-shared]").check()
    chief.get_by_test_id("save-button").click()
    expect(chief.get_by_test_id("side-form")).to_have_count(0)

    page.reload()
    expect(page.get_by_test_id("layouts").locator("option", has_text="市中心")).to_have_count(1)
    expect(page.locator("input[name=layout-shared]")).to_have_count(0)
    shared = page.get_by_test_id("layouts").locator("option", has_text="市中心").get_attribute("value")
    page.get_by_test_id("layouts").select_option(value=shared)
    expect(hangs(page, 1)).to_have_attribute("data-number", "3")


def test_of_sixteen_panes_twelve_are_dark_and_say_why_and_four_play_on(page, walkabout):
    async def planned() -> list[int]:
        async with ConsoleClient(walkabout.town.url) as desk:
            await desk.sign_in(*walkabout.furnished.sign_ins["engineer"])
            made = [await desk.post("/api/points", {"name": f"规划点位 {serial}"}) for serial in range(12)]
            return [point["number"] for point in made]

    dark = walkabout.run(planned())
    page.get_by_test_id("layout-16").click()
    for at, number in enumerate([1, 2, *dark, 3, 4], start=1):
        page.keyboard.type(f"{at}.{number}")
        page.keyboard.press("Enter")
        expect(hangs(page, at)).to_have_attribute("data-number", str(number))
    expect(page.locator("[data-testid=live-tile][data-state=playing]")).to_have_count(4, timeout=60_000)
    for at in range(3, 15):
        expect(hangs(page, at)).to_have_attribute("data-state", "failed")
        expect(hangs(page, at).get_by_role("status")).not_to_be_empty()

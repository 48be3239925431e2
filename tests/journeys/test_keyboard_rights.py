"""By keyboard alone: a right is given, explained and taken back; a recording is asked for with its purpose and played;
another system is told of the platform's state."""

import re
import shutil

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.visitors import open_at

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


def tab_to(page: Page, selector: str, most: int = 60) -> None:
    """Press Tab until the thing has the focus: so it can be reached without a mouse."""
    for _ in range(most):
        if page.evaluate("selector => document.activeElement?.matches(selector) ?? false", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by {most} presses of Tab")


def chosen(page: Page, selector: str, words: str) -> None:
    """Reach a list and go down in it to the choice with these words."""
    tab_to(page, selector)
    for _ in range(page.locator(f"{selector} option").count()):
        if words in page.locator(selector).evaluate("list => list.selectedOptions[0].label"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{words} is not among the choices of {selector}")


def test_a_right_is_given_explained_and_taken_back(desks):
    page = open_at(desks["administrator"], "/rights", "grant-row")
    page.keyboard.press("n")
    expect(page.get_by_test_id("side-form")).to_be_visible()
    chosen(page, "select[name=person]", "(engineer)")
    chosen(page, "select[name=role]", "值班长")
    tab_to(page, "input[name=reason]")
    page.keyboard.type("代班一周，值班表第 31 号")
    page.keyboard.press("Enter")
    row = page.get_by_test_id("grant-row").filter(has_text="值班表第 31 号")
    expect(row).to_be_visible()
    assert page.locator("[data-testid=side-form]").count() == 0

    user_id = (
        page.locator("select[data-testid=grants-person] option").filter(has_text="(engineer)").get_attribute("value")
    )
    page = open_at(desks["administrator"], f"/rights/why?person={user_id}&permission=playback.see", "why-answer")
    expect(page.get_by_test_id("why-answer")).to_have_attribute("data-verdict", "allowed")
    expect(page.get_by_test_id("why-grant")).to_contain_text("值班表第 31 号")

    page = open_at(desks["administrator"], f"/rights/grants?person={user_id}", "grant-row")
    given = page.get_by_test_id("grant-row").filter(has_text="值班表第 31 号")
    given.get_by_test_id("take-back-button").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").locator("input[name=reason]").focus()
    page.keyboard.type("提前返岗")
    page.keyboard.press("Enter")
    expect(given).to_have_count(0)

    page = open_at(desks["administrator"], f"/rights/why?person={user_id}&permission=playback.see", "why-answer")
    expect(page.get_by_test_id("why-answer")).to_have_attribute("data-verdict", "missing")


def test_the_chief_asks_who_may_see_a_camera_by_its_number(desks):
    page = open_at(desks["chief"], "/rights/who", "who-form")
    tab_to(page, "input[name=point]")
    page.keyboard.type("1")
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("who-ask")).to_be_enabled()
    tab_to(page, "[data-testid=who-ask]")
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("who-count")).to_be_visible()
    assert page.locator("[data-testid=why-answer][data-verdict=allowed]").count() >= 3
    assert page.locator("[data-testid=why-answer]:not([data-verdict=allowed])").count() == 0


def test_a_recording_is_asked_for_with_its_purpose_and_played_by_keyboard(walkabout, desks):
    point_id = walkabout.furnished.points[0]["id"]
    page = open_at(desks["operator"], f"/recordings/{point_id}", "day-line")
    expect(page.get_by_test_id("play-button")).to_be_enabled(timeout=30_000)
    page.keyboard.press("y")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("接警二席")

    # A case needs its number, and not just any word.
    chosen(page, "select[name=purpose]", "办理案件")
    tab_to(page, "input[name=reference]")
    page.keyboard.type("测试")
    page.keyboard.press("Enter")
    expect(dialog.get_by_test_id("problem")).to_contain_text("不是案件编号")
    page.keyboard.press("Control+A")
    page.keyboard.type("A-2026-0815")
    page.keyboard.press("Enter")

    film = page.get_by_test_id("film-player")
    expect(film).to_have_attribute("data-state", "playing", timeout=20_000)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=film-player] video').currentTime > 1", timeout=20_000
    )
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("film-toggle")).to_have_text("播放")
    before = page.evaluate("document.querySelector('[data-testid=film-player] video').currentTime")
    page.keyboard.press(".")
    after = page.evaluate("document.querySelector('[data-testid=film-player] video').currentTime")
    assert 0.03 < after - before < 0.05

    line = page.get_by_test_id("film-line")
    line.focus()
    wide = page.locator(".zoom .quiet").inner_text()
    page.keyboard.press("+")
    assert page.locator(".zoom .quiet").inner_text() != wide
    expect(line).to_have_attribute("aria-valuetext", re.compile(r"^\d\d:\d\d:\d\d"))
    page.keyboard.press("Escape")
    expect(film).to_have_count(0)
    expect(page.get_by_test_id("day-line").first).to_be_visible()


def test_another_system_is_told_of_faults_and_the_page_says_when_it_is_not(desks):
    page = open_at(desks["administrator"], "/webhooks", "add-button")
    page.keyboard.press("n")
    tab_to(page, "input[name=name]")
    page.keyboard.type("值班短信网关")
    tab_to(page, "input[name=url]")
    page.keyboard.type("https://webhook.invalid/fengtai")
    tab_to(page, "input[name=subjects][value='system.']")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("webhook-secret")).to_contain_text("whsec_")
    page.get_by_role("dialog").get_by_test_id("dialog-act").press("Enter")
    expect(page.get_by_test_id("webhook-secret")).to_have_count(0)
    row = page.get_by_test_id("webhook-row").filter(has_text="值班短信网关")
    expect(row).to_be_visible()

    row.get_by_test_id("webhook-test").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("webhook-tried")).to_have_attribute("data-taken", "false", timeout=30_000)

    row.get_by_test_id("edit-button").focus()
    page.keyboard.press("Enter")
    tab_to(page, "[data-testid=webhook-drop-button]")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_test_id("dialog-act").focus()
    page.keyboard.press("Enter")
    expect(row).to_have_count(0)

"""The same line by hand in Chromium: sign in, hear and see the alarm, moving pictures, the clip, dispatch, close; then
the auditor finds it."""

import shutil

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fengtai.apps.demo.run import panel_of

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

LAUNCH = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PIXELS = """video => {
  const canvas = document.createElement('canvas'); canvas.width = 64; canvas.height = 36
  const paper = canvas.getContext('2d'); paper.drawImage(video, 0, 0, 64, 36)
  return Array.from(paper.getImageData(0, 0, 64, 36).data)
}"""
SOUNDED = """() => {
  window.__sounds = 0
  const start = OscillatorNode.prototype.start
  OscillatorNode.prototype.start = function (...when) { window.__sounds += 1; return start.apply(this, when) }
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        yield browser
        browser.close()


def signed_in(browser: Browser, walkabout, role: str) -> Page:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN").new_page()
    page.add_init_script(f"({SOUNDED})()")
    page.goto(walkabout.town.url)
    name, password = walkabout.furnished.sign_ins[role]
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.get_by_test_id("signin-button").click()
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    return page


def picture_of(page: Page, selector: str) -> list[int]:
    return page.locator(selector).first.evaluate(PIXELS)


def difference(first: list[int], second: list[int]) -> float:
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) / len(first)


def test_an_operator_takes_a_fire_from_the_sound_to_the_closing_and_the_auditor_finds_it(walkabout, browser):
    desk = signed_in(browser, walkabout, "dispatcher")

    # A fire at the school: heard and seen, marked as a drill.
    assert walkabout.run(panel_of(walkabout.town, "1002").send_event("110", "01", "1")) is not None
    row = desk.get_by_test_id("alarm-row").filter(has_text="钟楼小学").filter(has_text="演练")
    expect(row).to_be_visible(timeout=10_000)
    expect(row).to_contain_text("演练")
    desk.wait_for_function("() => window.__sounds > 0", timeout=10_000)

    row.get_by_test_id("take-button").click()
    expect(desk.get_by_test_id("incident-state")).to_have_text("已接警", timeout=10_000)

    # Moving pictures: two frames of the same tile differ, and neither is black.
    tile = "[data-testid=live-tile][data-state=playing] video"
    desk.wait_for_selector(tile, timeout=15_000)
    before = picture_of(desk, tile)
    desk.wait_for_function(
        "selector => document.querySelector(selector).getVideoPlaybackQuality().totalVideoFrames > 30", arg=tile
    )
    after = picture_of(desk, tile)
    assert sum(after) / len(after) > 60
    assert difference(before, after) > 0.2

    # Steps and a unit, from dispatch to feedback.
    for step in desk.get_by_test_id("step-item").all():
        step.locator("input[type=checkbox], [role=checkbox], button").first.click()
    desk.get_by_test_id("unit-option").first.click()
    desk.get_by_test_id("dispatch-button").click()
    expect(desk.get_by_test_id("incident-state")).to_have_text("已派警")
    desk.get_by_test_id("accept-button").click()
    desk.get_by_test_id("arrive-button").click()
    expect(desk.get_by_test_id("incident-state")).to_have_text("已到场")
    desk.get_by_test_id("feedback-button").click()
    desk.get_by_test_id("dispatch-text").locator("input, textarea").or_(desk.get_by_test_id("dispatch-text")).last.fill(
        "食堂炊烟，无火情"
    )
    desk.get_by_test_id("dispatch-text-button").click()
    expect(desk.get_by_test_id("incident-state")).to_have_text("已处置")

    # The moments before and after: the clip plays.
    ask = desk.get_by_test_id("clip-ask")
    expect(ask).to_be_visible(timeout=60_000)
    ask.click()  # the purpose and the incident's number are filled in
    clip = desk.get_by_test_id("clip-player").locator("video").or_(desk.locator("video[data-testid=clip-player]")).first
    expect(clip).to_be_visible(timeout=60_000)
    clip.evaluate("video => { video.muted = true; return video.play() }")
    desk.wait_for_function(
        "() => [...document.querySelectorAll('video')].some(v => v.duration >= 40 && v.currentTime > 1)"
    )

    desk.get_by_test_id("close-button").first.click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_test_id("disposition-option").filter(has_text="演练").first.click()
    dialog.get_by_test_id("dialog-act").click()
    expect(desk.get_by_test_id("incident-state")).to_have_text("已结案", timeout=10_000)
    desk.context.close()

    audit = signed_in(browser, walkabout, "auditor")
    audit.goto(f"{walkabout.town.url}/audit")
    expect(audit.get_by_test_id("audit-row").filter(has_text="结案").first).to_be_visible(timeout=10_000)
    expect(audit.get_by_test_id("audit-checkpoint")).to_be_visible()
    audit.context.close()


def test_a_person_without_the_right_is_told_which_right_is_missing(walkabout, browser):
    page = signed_in(browser, walkabout, "operator")
    expect(page.get_by_test_id("clock")).to_be_visible()

    page.goto(f"{walkabout.town.url}/audit")

    expect(page.locator("body")).to_contain_text("audit.see", timeout=10_000)
    page.context.close()


def test_nothing_is_asked_of_another_host(walkabout, browser):
    asked: set[str] = set()
    page = signed_in(browser, walkabout, "operator")
    page.on("request", lambda request: asked.add(request.url.split("/")[2].split(":")[0]))

    for name in ("wall", "map", "points", "devices", "premises", "units", "system"):
        page.goto(f"{walkabout.town.url}/{name}")
        expect(page.get_by_test_id("clock")).to_be_visible()

    assert asked == {"127.0.0.1"}
    page.context.close()

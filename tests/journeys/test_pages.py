"""Every page of the console: opens without a fault, can be used by people who see or move otherwise, fits a small screen,
and does its main act by mouse and, where it has one, by keyboard alone.
"""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from tests.journeys.busy_town import Busy, raised
from tests.journeys.shown import pages_of
from tests.journeys.states import STATES, brought_about
from tests.journeys.visitors import Visitor, open_at

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import panel_of

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
NAMES = [shown.name for shown in pages_of(Busy(incident_id="", point_id=""))]
FINDINGS = """async only => {
  const found = await axe.run(document, only ? { runOnly: only } : { resultTypes: ['violations'] })
  return found.violations.filter(one => ['serious', 'critical'].includes(one.impact))
    .map(one => `${one.id}: ${one.nodes.slice(0, 3).map(node => node.target.join(' ')).join(' | ')}`)
}"""

LIGHTEN = """async () => {
  document.documentElement.classList.remove('dark')
  await new Promise(requestAnimationFrame)
  await Promise.allSettled(document.getAnimations().map(one => one.finished))
}"""

# Words of the console, not of the record: names that people gave stay as they were given.
CHINESE_WORDS = """() => [...document.querySelectorAll('nav .word, th, legend, dt, h3')]
  .map(one => one.textContent).filter(words => /[\u4e00-\u9fff]/.test(words))"""

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


def faults_of(page: Page) -> list[str]:
    """What the browser complains of from now on. A picture that is not there yet is a state of the page, not a fault."""
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"{message.text} {message.location.get('url', '')}")

    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    return faults


with_axe = pytest.mark.skipif(not AXE.exists(), reason="the console's packages are not installed: make setup")


@with_axe
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_without_a_fault_fits_a_small_screen_and_can_be_used_by_everybody(desks, busy, name):
    shown = next(one for one in pages_of(busy) if one.name == name)
    visitor = desks[shown.role]
    page = visitor.page
    visitor.like("zh-CN", "dark")
    faults = faults_of(page)

    visitor.look_at(shown)

    page.evaluate(AXE.read_text())
    dark = page.evaluate(FINDINGS, None)
    page.evaluate(LIGHTEN)
    light = page.evaluate(FINDINGS, ["color-contrast"])
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth")
    assert (dark, light, faults, wide) == ([], [], [], False)


@with_axe
@pytest.mark.parametrize("name", NAMES)
def test_a_page_in_english_and_light_fits_too_and_says_everything_in_english(desks, busy, name):
    shown = next(one for one in pages_of(busy) if one.name == name)
    visitor = desks[shown.role]
    page = visitor.page
    visitor.like("en", "light")

    visitor.look_at(shown)

    page.evaluate(AXE.read_text())
    found = page.evaluate(FINDINGS, None)
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth || document.body.scrollWidth > innerWidth")
    chinese = page.evaluate(CHINESE_WORDS)
    visitor.like("zh-CN", "dark")
    assert (found, wide, chinese) == ([], False, [])


@with_axe
@pytest.mark.parametrize("name", [told.name for told in STATES])
def test_a_page_that_waits_fails_grows_old_or_is_refused_says_so_to_everybody(walkabout, browser, busy, name):
    told = next(one for one in STATES if one.name == name)
    visitor = Visitor(browser, walkabout.town.url, *walkabout.furnished.sign_ins[told.role], width=1280, height=720)
    brought_about(visitor, told)

    visitor.page.evaluate(AXE.read_text())
    assert visitor.page.evaluate(FINDINGS, None) == []
    visitor.leave()


def test_an_alarm_is_taken_and_closed_by_keyboard_alone(walkabout, desks):
    page = open_at(desks["operator"], "/alarms", "alarm-row")

    page.keyboard.press("t")
    expect(page.get_by_test_id("incident-state")).to_have_attribute("data-state", "taken", timeout=10_000)
    page.keyboard.press("l")
    page.keyboard.type("只用键盘处警")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("timeline")).to_contain_text("只用键盘处警")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-state")).to_have_attribute("data-state", "dispatched")

    page.get_by_test_id("recall-button").first.focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("dispatch-text").focus()
    page.keyboard.type("误触，不必出警")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dispatch-row").first).to_have_attribute("data-state", "recalled")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.locator("[data-testid=disposition-option][data-value=false]").focus()
    page.keyboard.press("Space")
    page.get_by_role("textbox", name="结案说明").focus()
    page.get_by_test_id("dialog-act").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-state")).to_have_attribute("data-state", "closed", timeout=10_000)


def test_a_waiting_alarm_is_shelved_by_keyboard_with_a_reason(walkabout, desks):
    walkabout.run(panel_of(walkabout.town, "1001").send_event("301", "01", "0"))

    async def judged() -> dict[str, object]:
        async with ConsoleClient(walkabout.town.url) as desk:
            await desk.sign_in(*walkabout.furnished.sign_ins["operator"])
            return await raised(desk, "1001")

    alarm = walkabout.run(judged())
    page = open_at(desks["operator"], "/alarms", "alarm-row")
    row = page.locator(f"[data-testid=alarm-row][data-alarm='{alarm['id']}']")
    row.click()
    page.keyboard.press("s")
    page.get_by_role("dialog").locator("input[name=reason]").focus()
    page.keyboard.type("正在检修电源")
    page.keyboard.press("Enter")

    expect(row).to_have_attribute("data-state", "shelved", timeout=10_000)


def test_keys_lead_to_pages_and_the_map_of_keys_names_them(desks):
    page = open_at(desks["operator"], "/alarms", "clock")
    page.evaluate("document.activeElement.blur()")
    for key, path in (("m", "/map"), ("p", "/points"), ("r", "/recordings"), ("x", "/on-test"), ("o", "/settings")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        page.wait_for_url(f"**{path}")

    page.keyboard.press("?")

    expect(page.get_by_test_id("key-map")).to_contain_text("录像")
    page.keyboard.press("Escape")


def test_a_number_and_enter_open_a_camera(desks):
    page = open_at(desks["operator"], "/wall", "wall-slot")
    page.evaluate("localStorage.removeItem('fengtai.wall.tiles')")
    page.evaluate("document.activeElement.blur()")

    page.keyboard.press("3")
    page.keyboard.press("Enter")

    expect(page.locator("[data-testid=live-tile][data-number='3']")).to_be_visible(timeout=10_000)


def test_a_test_is_declared_and_ended(desks):
    page = open_at(desks["operator"], "/on-test", "on-test-row")
    before = page.get_by_test_id("on-test-row").count()
    page.keyboard.press("n")
    page.locator("select[name=zone]").select_option(index=1)
    page.locator("input[name=reason]").fill("更换探测器")
    page.keyboard.press("Enter")
    row = page.get_by_test_id("on-test-row").filter(has_text="更换探测器")
    expect(row).to_be_visible()

    row.get_by_test_id("end-button").click()
    page.get_by_test_id("dialog-act").click()

    expect(row).to_have_count(0)
    assert page.get_by_test_id("on-test-row").count() == before


def test_a_camera_is_given_to_a_zone_by_its_number(desks):
    page = open_at(desks["engineer"], "/premises", "premises-row")
    page.get_by_test_id("edit-button").first.click()
    zone = page.get_by_test_id("camera-choice").nth(1)
    zone.locator("input").fill("2")
    zone.locator("input").press("Enter")
    expect(zone.locator(".tag")).to_have_count(1)
    page.get_by_test_id("save-button").click()
    expect(page.get_by_test_id("side-form")).to_have_count(0)

    page.get_by_test_id("edit-button").first.click()

    expect(page.get_by_test_id("camera-choice").nth(1).locator(".tag")).to_have_count(1)
    page.keyboard.press("Escape")


def test_a_unit_and_a_point_are_changed_by_mouse(desks):
    page = open_at(desks["dispatcher"], "/units", "unit-row")
    page.get_by_test_id("add-button").click()
    page.locator("input[name=name]").fill("夜间机动组")
    page.locator("input[name=call-sign]").fill("N-09")
    page.get_by_test_id("save-button").click()
    expect(page.get_by_test_id("unit-row").filter(has_text="夜间机动组")).to_be_visible()

    page = open_at(desks["engineer"], "/points", "point-row")
    page.get_by_test_id("edit-button").nth(3).click()
    page.locator("input[name=address]").fill("望江街 20 号")
    page.get_by_test_id("save-button").click()
    expect(page.get_by_test_id("side-form")).to_have_count(0)


def test_the_auditor_verifies_a_line_in_the_browser_and_reads_names(desks):
    page = open_at(desks["auditor"], "/audit", "audit-row")
    expect(page.get_by_test_id("audit-row").filter(has_text="王芳").first).to_be_visible()

    page.get_by_test_id("audit-row").nth(5).locator("button").click()
    page.get_by_test_id("proof-button").click()

    expect(page.get_by_test_id("proof-verdict")).to_have_attribute("data-verdict", "good", timeout=15_000)


def test_a_session_that_is_ended_is_ended_at_once(walkabout, desks, browser):
    sign_in = walkabout.furnished.sign_ins["chief"]
    elsewhere = Visitor(browser, walkabout.town.url, *sign_in, width=1280, height=720, post="临时席位")
    page = open_at(desks["administrator"], "/people", "person-row")
    page.get_by_test_id("view-sessions").click()

    page.get_by_test_id("session-row").filter(has_text="临时席位").get_by_test_id("revoke-button").click()
    page.get_by_test_id("dialog-act").click()

    expect(elsewhere.page.get_by_test_id("signin-form")).to_be_visible(timeout=10_000)
    elsewhere.leave()


def test_theme_density_and_language_are_kept(desks):
    page = open_at(desks["operator"], "/settings", "password-form")
    page.get_by_test_id("theme-light").click()
    page.get_by_test_id("density-compact").click()

    page.reload()

    expect(page.locator("html")).to_have_class("compact")
    page.get_by_test_id("theme-dark").click()
    page.get_by_test_id("density-normal").click()


def test_figures_have_chinese_names_on_the_chinese_page(desks):
    page = open_at(desks["administrator"], "/system", "system-part")
    names = page.locator("dl.figures dt").all_inner_texts()
    assert len(names) > 10
    assert [name for name in names if not any("\u4e00" <= letter <= "\u9fff" for letter in name)] == []

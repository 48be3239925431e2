"""Without a mouse: an alarm from the queue to its closing in either language, a call taken down, a shift handed over, and
a unit sent from the dispatch board. Nothing here clicks."""

import shutil
import time

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.test_console import LAUNCH

from fengtai.apps.demo.run import panel_of

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

WORDS = {
    "zh-CN": {"taken": "已接警", "closed": "已结案", "fire": "火警"},
    "en-GB": {"taken": "Taken", "closed": "Closed", "fire": "Fire"},
}
MOST_TABS = 120
HERE = """() => {
  const one = document.activeElement
  return [one?.dataset?.testid ?? '', one?.dataset?.value ?? '', one?.getAttribute?.('name') ?? '']
}"""


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        yield browser
        browser.close()


def tab_to(page: Page, wanted: str, value: str = "") -> None:
    """Tab until the field or button with this handle or name has the focus: what a keyboard cannot reach is not there."""
    for _ in range(MOST_TABS):
        testid, said, name = page.evaluate(HERE)
        if wanted in (testid, name) and (not value or said == value):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} {value} cannot be reached with Tab")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def signed_in(browser: Browser, walkabout, role: str, locale: str, post: str = "") -> Page:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, locale=locale).new_page()
    page.goto(walkabout.town.url)
    expect(page.get_by_test_id("signin-button")).to_be_visible(timeout=15_000)
    name, password = walkabout.furnished.sign_ins[role]
    for field, text in (("name", name), ("password", password), ("post", post)):
        tab_to(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    return page


@pytest.mark.parametrize("locale", WORDS)
def test_an_alarm_goes_from_the_queue_to_its_closing_by_keyboard_in_the_browsers_language(walkabout, browser, locale):
    words = WORDS[locale]
    assert walkabout.run(panel_of(walkabout.town, "1002").send_event("110", "01", "1")) is not None
    page = signed_in(browser, walkabout, "dispatcher", locale)
    press(page, "g", "a")
    expect(page.get_by_test_id("alarm-row").filter(has_text="钟楼小学")).to_be_visible(timeout=10_000)

    page.keyboard.press("t")
    state = page.get_by_test_id("incident-state")
    expect(state).to_have_text(words["taken"], timeout=10_000)

    page.keyboard.press("u")
    tab_to(page, "unit-option")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dispatch-row")).to_be_visible()
    for step in ("accept-button", "arrive-button", "feedback-button"):
        tab_to(page, step)
        page.keyboard.press("Enter")
        expect(page.get_by_test_id(step)).to_have_count(1 if step == "feedback-button" else 0)
    tab_to(page, "dispatch-text")
    page.keyboard.type("食堂炊烟，无火情")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("dispatch-row")).to_have_attribute("data-state", "finished")

    press(page, "Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    tab_to(page, "disposition-option", "drill")
    page.keyboard.press("Enter")
    tab_to(page, "dialog-act")
    page.keyboard.press("Enter")
    expect(state).to_have_text(words["closed"], timeout=10_000)
    page.context.close()


def test_a_call_is_taken_down_in_half_a_minute_and_becomes_an_incident(walkabout, browser):
    page = signed_in(browser, walkabout, "operator", "zh-CN", post="接警一席")
    press(page, "g", "c")
    expect(page.get_by_test_id("call-form")).to_be_visible()
    began = time.monotonic()

    page.keyboard.type("13900000001")  # the first field has the focus
    page.keyboard.press("Tab")
    page.keyboard.type("钟楼")
    expect(page.get_by_test_id("place-option").first).to_be_visible(timeout=5_000)
    press(page, "ArrowDown", "Enter", "Tab", "Space", "Tab")
    page.keyboard.type("操场东侧冒烟，有学生")
    page.keyboard.press("Control+Enter")
    done = page.get_by_test_id("call-done")
    expect(done).to_be_visible(timeout=10_000)
    seconds = time.monotonic() - began

    page.keyboard.press("Enter")  # the button to take it has the focus
    expect(page.get_by_test_id("incident-state")).to_have_text("已接警", timeout=10_000)
    expect(page.locator("body")).to_contain_text("钟楼小学")
    print(f"a call by keyboard: {seconds:.1f} s")
    page.context.close()


def test_a_shift_is_handed_over_by_one_and_accepted_by_another(walkabout, browser):
    goes = signed_in(browser, walkabout, "operator", "zh-CN", post="接警二席")
    press(goes, "g", "v")
    tab_to(goes, "notes")
    goes.keyboard.type("东门有狗 🐕 \u202eabc <script>alert(1)</script>")
    tab_to(goes, "write-hand-over")
    goes.keyboard.press("Enter")
    expect(goes.get_by_test_id("hand-over-own")).to_be_visible(timeout=10_000)

    comes = signed_in(browser, walkabout, "dispatcher", "en-GB", post="接警二席")
    press(comes, "g", "v")
    offered = comes.get_by_test_id("hand-over-offered")
    expect(offered).to_contain_text("东门有狗", timeout=10_000)
    expect(comes.get_by_test_id("accept-hand-over")).to_be_disabled()
    for number in range(offered.get_by_test_id("seen-box").count()):
        box = offered.get_by_test_id("seen-box").nth(number)
        box.focus()
        comes.keyboard.press("Space")
        expect(box).to_be_checked()
    tab_to(comes, "accept-hand-over")
    comes.keyboard.press("Enter")
    expect(comes.get_by_test_id("hand-over-row").first).to_have_attribute("data-state", "accepted", timeout=10_000)
    expect(goes.get_by_test_id("hand-over-row").first).to_have_attribute("data-state", "accepted", timeout=10_000)
    goes.context.close()
    comes.context.close()


def test_a_unit_is_sent_from_the_board_and_finishes_on_its_phone(walkabout, browser):
    assert walkabout.run(panel_of(walkabout.town, "1003").send_event("130", "01", "1")) is not None
    page = signed_in(browser, walkabout, "dispatcher", "zh-CN")
    press(page, "g", "a")
    expect(page.get_by_test_id("alarm-row").filter(has=page.get_by_test_id("take-button")).first).to_be_visible()
    page.keyboard.press("t")
    expect(page.get_by_test_id("incident-state")).to_have_text("已接警", timeout=10_000)

    press(page, "g", "f")
    expect(page.get_by_test_id("dispatch-incident").first).to_be_visible(timeout=10_000)
    page.keyboard.press("u")
    unit = page.evaluate("() => document.activeElement.closest('li').dataset.unit")
    page.keyboard.press("Enter")
    card = page.locator(f"[data-testid=unit-card][data-unit='{unit}']")
    expect(card).to_have_attribute("data-state", "dispatched", timeout=10_000)

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{walkabout.town.url}/unit/{unit}")
    for step in ("accept", "arrive", "feedback"):
        expect(page.get_by_test_id("unit-phone")).to_have_attribute("data-next", step, timeout=10_000)
        if step == "feedback":
            tab_to(page, "phone-text")
            page.keyboard.type("无异常")
        tab_to(page, "phone-step")
        page.keyboard.press("Enter")
    expect(page.get_by_test_id("unit-phone")).to_have_attribute("data-next", "", timeout=10_000)
    page.context.close()

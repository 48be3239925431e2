"""Two incidents that are one, by keyboard alone, in either language: joined, told beforehand, seen by the other person,
taken apart; and an alarm of the queue joined to an incident."""

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.one_server import PASSWORDS, OneServer, one_server
from tests.journeys.test_keyboard import press, tab_to
from tests.journeys.visitors import LAUNCH

from fengtai.apps.simulator.panels import SimulatedPanel

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

WORDS = {
    "zh-CN": {"joined": "已并入", "parted": "拆分自"},
    "en-GB": {"joined": "Joined to", "parted": "Taken apart from"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    with one_server(tmp_path_factory.mktemp("joining") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        yield browser
        browser.close()


def at_desk(server: OneServer, browser: Browser, locale: str, path: str = "/alarms") -> Page:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, locale=locale).new_page()
    page.goto(f"{server.url}{path}")
    expect(page.get_by_test_id("signin-button")).to_be_visible(timeout=15_000)
    for field, text in (("name", "zhao"), ("password", PASSWORDS["zhao"])):
        tab_to(page, field)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    return page


def taken(server: OneServer, account: str) -> dict:
    """An alarm over the wire, taken by somebody at another desk."""
    report(server, account)
    with server.client(headers=server.headers("zhao")) as desk:
        queue = desk.get("/api/alarm-queue", params={"text": account}).json()
        answer = desk.post("/api/incidents", json={"alarm_id": queue["items"][0]["alarm"]["id"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


def report(server: OneServer, account: str) -> None:
    async def send() -> None:
        panel = SimulatedPanel(account=account, host="127.0.0.1", port=int(server.environment["FENGTAI_DC09__PORT"]))
        assert await panel.send_event("130", "01", "001") is not None
        await panel.close()
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(raised):
                await asyncio.sleep(0.1)

    def raised() -> bool:
        with server.client(headers=server.headers("zhao")) as desk:
            return bool(desk.get("/api/alarm-queue", params={"text": account}).json()["items"])

    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(send())).result()


@pytest.mark.parametrize(("locale", "first", "second"), [("zh-CN", "3001", "3002"), ("en-GB", "3003", "3004")])
def test_one_incident_is_joined_to_another_and_taken_apart(server, browser, locale, first, second):
    words = WORDS[locale]
    stands, goes = taken(server, first), taken(server, second)
    page = at_desk(server, browser, locale, f"/incidents/{goes['id']}")
    expect(page.get_by_test_id("incident-number")).to_have_text(goes["number"], timeout=15_000)
    beside = at_desk(server, browser, locale, f"/incidents/{stands['id']}")

    page.keyboard.press("m")
    expect(page.get_by_test_id("join-form")).to_be_visible()
    expect(page.locator(f"[data-testid=join-option][data-number='{stands['number']}']")).to_be_visible(timeout=20_000)
    tab_to(page, "join-option")
    page.evaluate(
        "number => document.querySelector(`[data-testid=join-option][data-number='${number}']`).focus()",
        stands["number"],
    )
    page.keyboard.press("Enter")
    note = page.get_by_test_id("joining-note")
    expect(note).to_contain_text(stands["number"], timeout=10_000)
    tab_to(page, "join-act")
    page.keyboard.press("Enter")

    expect(page.get_by_test_id("incident-number")).to_have_text(stands["number"], timeout=10_000)
    expect(page.get_by_test_id("joined-parts")).to_contain_text(goes["number"])
    expect(beside.get_by_test_id("joined-parts")).to_contain_text(goes["number"], timeout=10_000)
    beside.goto(f"{server.url}/incidents/{goes['id']}")
    expect(beside.get_by_test_id("joined-to")).to_contain_text(words["joined"], timeout=10_000)
    expect(beside.get_by_test_id("incident-state")).to_have_attribute("data-state", "closed")

    tab_to(page, "part-button")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("joined-parts")).to_have_count(0, timeout=10_000)
    expect(beside.get_by_test_id("incident-state")).to_have_attribute("data-state", "taken", timeout=10_000)
    expect(beside.get_by_test_id("timeline")).to_contain_text(words["parted"])
    page.context.close()
    beside.context.close()


def test_an_alarm_of_the_queue_is_joined_and_gets_an_incident_of_its_own(server, browser):
    stands = taken(server, "3005")
    report(server, "3006")
    page = at_desk(server, browser, "en-GB")
    press(page, "/")
    page.keyboard.type("3006")
    row = page.get_by_test_id("alarm-row")
    expect(row).to_have_count(1, timeout=10_000)
    page.evaluate("() => document.activeElement.blur()")
    press(page, "j", "m")
    expect(page.get_by_test_id("join-form")).to_be_visible()
    expect(page.locator(f"[data-testid=join-option][data-number='{stands['number']}']")).to_be_visible(timeout=20_000)
    tab_to(page, "join-option")
    page.evaluate(
        "number => document.querySelector(`[data-testid=join-option][data-number='${number}']`).focus()",
        stands["number"],
    )
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("joining-note")).to_contain_text(stands["number"], timeout=10_000)
    tab_to(page, "join-act")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-number")).to_have_text(stands["number"], timeout=10_000)

    own = page.get_by_test_id("part-alarm-button")
    expect(own).to_have_count(2, timeout=10_000)
    own.last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("incident-number")).not_to_have_text(stands["number"], timeout=10_000)
    expect(page.locator("body")).to_contain_text("3006")
    page.context.close()

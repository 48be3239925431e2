"""A console that is left open: over a server that is killed, that hangs, that comes back as a newer version; in two tabs of
one person, and before two people at once. Nothing is reloaded, nothing is lost, nothing is overwritten."""

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.journeys.one_server import PASSWORDS, OneServer, one_server
from tests.journeys.visitors import LAUNCH

from fengtai.apps.simulator.panels import SimulatedPanel

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

BUILT = Path(os.environ.get("FENGTAI_HTTP__CONSOLE", Path(__file__).parents[2] / "web/dist"))
SAID_WITHIN_MS = 5_500
"""five seconds, and what the browser needs to paint it"""
BACK_WITHIN_MS = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    folder = tmp_path_factory.mktemp("lost")
    console = folder / "console"
    shutil.copytree(BUILT, console)
    with one_server(folder / "data", FENGTAI_HTTP__CONSOLE=str(console)) as server:
        yield server


@pytest.fixture
def person(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, locale="en-GB")
    yield context
    context.close()


def sign_in(server: OneServer, page: Page, name: str = "zhao") -> Page:
    page.goto(server.url)
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORDS[name])
    page.get_by_test_id("signin-button").click()
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    page.evaluate("() => (window.__same = true)")
    return page


def at(server: OneServer, page: Page, path: str) -> Page:
    page.goto(f"{server.url}{path}")
    expect(page.get_by_test_id("link-state")).to_have_attribute("data-state", "connected", timeout=15_000)
    page.evaluate("() => (window.__same = true)")
    return page


def not_reloaded(page: Page) -> bool:
    return bool(page.evaluate("() => window.__same === true"))


def report(server: OneServer, account: str, zone: str = "1") -> None:
    async def send() -> None:
        panel = SimulatedPanel(account=account, host="127.0.0.1", port=int(server.environment["FENGTAI_DC09__PORT"]))
        assert await panel.send_event("130", "01", zone) is not None
        await panel.close()

    with ThreadPoolExecutor(1) as aside:  # the browser's own loop runs in this thread
        aside.submit(lambda: asyncio.run(send())).result()


def killed(server: OneServer, how: signal.Signals = signal.SIGKILL) -> None:
    assert server.process is not None
    server.process.send_signal(how)
    if how is signal.SIGKILL:
        server.process.wait()


def row_of(page: Page, account: str):
    return page.get_by_test_id("alarm-row").filter(has_text=account)


def test_a_killed_server_is_said_at_once_and_caught_up_with_when_it_is_back(server, person):
    page = at(server, sign_in(server, person.new_page()), "/alarms")
    report(server, "4001")
    expect(row_of(page, "4001")).to_be_visible(timeout=10_000)

    killed(server)

    lost = page.get_by_test_id("server-lost")
    expect(lost).to_be_visible(timeout=SAID_WITHIN_MS)
    expect(lost).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"))
    expect(page.locator(".as-of.stale")).to_contain_text(re.compile(r"last good \d\d:\d\d:\d\d"))
    expect(row_of(page, "4001")).to_be_visible()
    server.start()
    report(server, "4002")

    expect(lost).to_have_count(0, timeout=BACK_WITHIN_MS)
    expect(row_of(page, "4002")).to_be_visible(timeout=10_000)
    expect(page.locator(".as-of.stale")).to_have_count(0)
    assert not_reloaded(page)


def test_a_server_that_hangs_is_said_within_five_seconds(server, person):
    page = at(server, sign_in(server, person.new_page()), "/board")

    killed(server, signal.SIGSTOP)
    try:
        expect(page.get_by_test_id("server-lost")).to_be_visible(timeout=SAID_WITHIN_MS)
    finally:
        killed(server, signal.SIGCONT)

    expect(page.get_by_test_id("server-lost")).to_have_count(0, timeout=BACK_WITHIN_MS)
    assert not_reloaded(page)


def test_what_was_being_written_when_the_server_went_is_still_there(server, person):
    page = at(server, sign_in(server, person.new_page()), "/hand-over")
    notes = page.locator("[name=notes]")
    notes.fill("东门有狗")

    killed(server)
    expect(page.get_by_test_id("server-lost")).to_be_visible(timeout=SAID_WITHIN_MS)
    page.get_by_test_id("write-hand-over").click()
    expect(page.get_by_test_id("problem").first).to_have_attribute("data-kind", "unreachable", timeout=20_000)
    server.start()
    expect(page.get_by_test_id("server-lost")).to_have_count(0, timeout=BACK_WITHIN_MS)

    expect(notes).to_have_value("东门有狗")
    page.get_by_test_id("write-hand-over").click()
    expect(page.get_by_test_id("hand-over-own")).to_be_visible(timeout=10_000)
    assert not_reloaded(page)


def test_a_newer_console_is_said_and_loaded_when_it_suits(server, person):
    page = at(server, sign_in(server, person.new_page()), "/calls")
    number = page.locator("input[name=number]")
    number.fill("13900000001")

    killed(server)
    another_build(Path(server.environment["FENGTAI_HTTP__CONSOLE"]))
    server.start()

    banner = page.get_by_test_id("new-build")
    expect(banner).to_be_visible(timeout=BACK_WITHIN_MS)
    expect(banner).to_have_attribute("data-newer", "true")
    assert not_reloaded(page), "a hand may hold something"
    expect(number).to_have_value("13900000001")

    # A page whose file went with the old build: told, and what is open stays as it is.
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(banner).to_contain_text("reload to open it", timeout=10_000)
    expect(number).to_have_value("13900000001")

    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("r")
    page.wait_for_function("() => window.__same !== true", timeout=20_000)
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    expect(banner).to_have_count(0)


def another_build(folder: Path) -> None:
    """The same console with other names for all its files, as the next version has them."""
    files = [file for file in (folder / "assets").iterdir() if file.suffix in (".js", ".css")]
    new_names = {file.name: f"{file.stem}0{file.suffix}" for file in files}
    told = [*files, folder / "index.html"]
    names = re.compile("|".join(re.escape(name) for name in sorted(new_names, key=len, reverse=True)))
    for compressed in folder.rglob("*.gz"):
        compressed.unlink()
    for file in told:
        file.write_text(names.sub(lambda found: new_names[found.group()], file.read_text()))
    for file in files:
        file.rename(file.with_name(new_names[file.name]))


def test_two_tabs_of_one_person_see_each_others_acts_and_end_together(server, person):
    first = at(server, sign_in(server, person.new_page()), "/alarms")
    second = at(server, person.new_page(), "/alarms")
    report(server, "4003")
    row = row_of(second, "4003")
    expect(row).to_be_visible(timeout=10_000)

    row_of(first, "4003").get_by_test_id("take-button").click()
    expect(first.get_by_test_id("incident-state")).to_be_visible(timeout=10_000)
    expect(row).to_have_attribute("data-state", "taken", timeout=10_000)

    first.get_by_test_id("sign-out").click()
    expect(first.get_by_test_id("signin-button")).to_be_visible(timeout=10_000)
    expect(second.get_by_test_id("signin-button")).to_be_visible(timeout=10_000)


def test_of_two_people_at_once_the_second_is_told_and_overwrites_nothing(server, browser, person):
    report(server, "4004")
    other = browser.new_context(viewport={"width": 1600, "height": 900}, locale="en-GB")
    first = at(server, sign_in(server, person.new_page()), "/alarms")
    row_of(first, "4004").get_by_test_id("take-button").click()
    expect(first.get_by_test_id("incident-state")).to_be_visible(timeout=10_000)
    second = at(server, sign_in(server, other.new_page()), first.url.removeprefix(server.url))
    expect(second.get_by_test_id("incident-state")).to_be_visible(timeout=10_000)

    second.get_by_test_id("close-button").click()
    dialog = second.get_by_role("dialog")
    dialog.locator("[data-value=false]").click()
    # The second has decided on what they see; in that moment the first writes a note.
    second.route("**/api/incidents/*", lambda route: route.abort())  # a slow line: the change has not reached them
    first.locator("[name=incident-note]").fill("一人受伤")
    first.get_by_test_id("note-button").click()
    expect(first.get_by_test_id("timeline")).to_contain_text("一人受伤")
    second.unroute("**/api/incidents/*")
    dialog.get_by_test_id("dialog-act").click()

    expect(dialog.get_by_test_id("problem")).to_have_attribute("data-kind", "conflict", timeout=10_000)
    expect(second.get_by_test_id("timeline")).to_contain_text("一人受伤", timeout=10_000)
    expect(first.get_by_test_id("incident-state")).to_have_attribute("data-state", "taken")
    dialog.get_by_test_id("dialog-act").click()
    expect(first.get_by_test_id("incident-state")).to_have_attribute("data-state", "closed", timeout=10_000)
    other.close()

"""Ten thousand alarms as fast as the platform takes them, over real sockets, while an operator works the queue by keyboard.

1,500 panels report four zones each (rows of their own), 80 panels fifty each (a row each, with what stands behind it), and
one panel reports a fire in the middle of it. What the browser needed is printed; what it may hold is asserted.
"""

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.one_server import PASSWORDS, OneServer, one_server
from tests.journeys.visitors import LAUNCH

from fengtai.apps.simulator.panels import SimulatedPanel

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

MANY = {f"{5000 + number}": 4 for number in range(1500)} | {f"{7000 + number}": 50 for number in range(80)}
ALARMS = sum(MANY.values())
AT_ONCE = 40
"""panels that report at the same time"""
MOST_NODES = 12_000
MOST_HEAP_BYTES = 120_000_000
WATCH = """() => {
  window.__long = []
  new PerformanceObserver(list => list.getEntries().forEach(one => window.__long.push(Math.round(one.duration))))
    .observe({ type: 'longtask', buffered: true })
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    with one_server(tmp_path_factory.mktemp("many") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        yield browser
        browser.close()


async def burst(port: int) -> float:
    """Every panel reports its zones, one after the other; each is acknowledged. Answers the seconds that it took."""
    waiting = iter(MANY.items())

    async def reporter() -> None:
        for account, zones in waiting:
            panel = SimulatedPanel(account=account, host="127.0.0.1", port=port)
            for zone in range(1, zones + 1):
                assert await panel.send_event("130", "01", f"{zone:03d}") is not None
            await panel.close()

    began = time.monotonic()
    await asyncio.gather(*(reporter() for _ in range(AT_ONCE)))
    return time.monotonic() - began


async def fire(port: int) -> None:
    panel = SimulatedPanel(account="9999", host="127.0.0.1", port=port)
    assert await panel.send_event("110", "01", "001") is not None
    await panel.close()


def desk(server: OneServer, browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en-GB").new_page()
    page.add_init_script(f"({WATCH})()")
    page.goto(f"{server.url}/alarms")
    page.fill("input[name=name]", "zhao")
    page.fill("input[name=password]", PASSWORDS["zhao"])
    page.get_by_test_id("signin-button").click()
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    return page


def figures(page: Page) -> dict[str, float]:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    told = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return told


def test_the_queue_is_worked_by_keyboard_while_ten_thousand_alarms_come(server, browser):
    port = int(server.environment["FENGTAI_DC09__PORT"])
    page = desk(server, browser)
    before = figures(page)
    with ThreadPoolExecutor(2) as aside:
        pouring: Future[float] = aside.submit(lambda: asyncio.run(burst(port)))
        page.wait_for_function("() => document.querySelectorAll('[data-alarm]').length > 30", timeout=60_000)
        worked = worked_by_keyboard(page, pouring)
        aside.submit(lambda: asyncio.run(fire(port))).result()
        seconds = pouring.result()

    # Counters tell the truth, however few rows are drawn.
    waiting = ALARMS - worked["taken"]
    expect(page.get_by_test_id("flood-bar")).to_have_attribute("data-waiting", str(waiting + 1), timeout=180_000)
    page.keyboard.press("n")
    page.locator(".body").evaluate("box => { box.scrollTop = 0 }")
    first = page.get_by_test_id("alarm-row").first
    expect(first).to_contain_text("9999", timeout=30_000)
    expect(page.get_by_test_id("alarm-count")).to_contain_text(str(waiting + 1))
    assert page.get_by_test_id("alarm-row").count() < 80

    # The end of what is here can be reached, and more is read there.
    rows = int(page.locator("table.rows").get_attribute("aria-rowcount") or 0)
    page.locator(".body").evaluate("box => { box.scrollTop = box.scrollHeight }")
    page.wait_for_function(
        "rows => Number(document.querySelector('table.rows').ariaRowCount) > rows", arg=rows, timeout=30_000
    )
    assert page.get_by_test_id("alarm-row").count() < 80

    after = figures(page)
    long_tasks = sorted(page.evaluate("() => window.__long"))
    print(
        json.dumps(
            {
                "alarms": ALARMS,
                "burst_s": round(seconds, 1),
                "acknowledged_per_s": round(ALARMS / seconds),
                "keys": worked["keys"],
                "slowest_key_ms": worked["slowest_ms"],
                "long_tasks": len(long_tasks),
                "long_tasks_ms": sum(long_tasks),
                "longest_task_ms": long_tasks[-1] if long_tasks else 0,
                "heap_mb": [round(one["JSHeapUsedSize"] / 1e6, 1) for one in (before, after)],
                "nodes": [int(one["Nodes"]) for one in (before, after)],
            }
        )
    )
    assert after["Nodes"] < MOST_NODES
    assert after["JSHeapUsedSize"] < MOST_HEAP_BYTES
    page.context.close()


def worked_by_keyboard(page: Page, pouring: Future[float]) -> dict[str, int]:
    """Down and up the queue, and every so often an alarm is taken, until the burst is over."""
    keys, taken, slowest_ms = 0, 0, 0.0
    page.keyboard.press("j")
    while not pouring.done() or taken == 0:
        for key in "jjjjk":
            chosen = page.evaluate("() => document.querySelector('tr[aria-selected=true]')?.dataset.alarm ?? ''")
            began = time.monotonic()
            page.keyboard.press(key)
            page.wait_for_function(
                "was => document.querySelector('tr[aria-selected=true]')?.dataset.alarm !== was",
                arg=chosen,
                timeout=10_000,
            )
            slowest_ms = max(slowest_ms, (time.monotonic() - began) * 1000)
            keys += 1
        if taken < 3 and page.locator("tr[aria-selected=true]").get_attribute("data-state") == "raised":
            page.keyboard.press("t")
            expect(page.get_by_test_id("incident-state")).to_be_visible(timeout=20_000)
            taken += 1
            page.keyboard.press("g")
            page.keyboard.press("a")
            expect(page.get_by_test_id("alarm-row").nth(12)).to_be_visible(timeout=20_000)
            for _ in range(2 * taken):
                page.keyboard.press("j")  # past those that are in hand
    return {"keys": keys, "taken": taken, "slowest_ms": round(slowest_ms)}


def test_all_that_one_row_stands_for_is_taken_into_one_incident(server, browser):
    page = desk(server, browser)
    page.locator("[data-search]").fill("7011")
    row = page.get_by_test_id("alarm-row").filter(has_text="7011")
    expect(row).to_have_count(1, timeout=20_000)
    row.get_by_test_id("folded-button").click()
    expect(page.get_by_test_id("folded-rows").locator("tbody tr")).to_have_count(50, timeout=10_000)
    page.keyboard.press("Escape")
    row.get_by_test_id("take-all-button").click()
    expect(page.get_by_test_id("incident-state")).to_be_visible(timeout=20_000)
    expect(page.get_by_test_id("timeline")).to_contain_text("49", timeout=10_000)
    page.context.close()

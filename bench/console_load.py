"""What the console costs to open: sign-in with the alarm queue in kB on the wire, and each page from nothing in ms.

Debian's Chromium against the whole platform on this machine, with an incident being handled and alarms waiting. Each page
is opened by its address in a browser with an empty cache; "interactive" is when its own content (not the frame) can be
seen. kB are bytes as transferred, compressed, without pictures of cameras. `limit` is the budget: 400 kB, 1500 ms.
"""

import asyncio
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page
from rich.console import Console
from tests.journeys.busy_town import Busy, made_busy
from tests.journeys.shown import Shown, pages_of
from tests.journeys.visitors import Visitor, chromium

from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import a_town

BUDGET_KB = 400
BUDGET_MS = 1500
RUNS = 3
FOLDER = Path(__file__).parents[1] / "build/bench-console-load"
NOT_THE_CONSOLE = ("/api/events", "/snapshot", "/live/", "/media/")


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    async with a_town(FOLDER) as town:
        furnished = await furnished_town(town, cameras=4, say=Console(quiet=True))
        busy = await made_busy(town, furnished)
        measured = await asyncio.to_thread(measure, town.url, furnished, busy)
    shutil.rmtree(FOLDER, ignore_errors=True)
    print(json.dumps(measured, ensure_ascii=False))


def measure(url: str, furnished: Furnished, busy: Busy) -> dict[str, Any]:
    with chromium() as browser:
        first_kb, first_ms = first_load(browser, url, furnished)
        pages = {}
        for shown in unlike(pages_of(busy)):
            pages[shown.name] = opened(browser, url, furnished, shown)
    slowest = max(pages, key=lambda name: pages[name][1])
    heaviest = max(pages, key=lambda name: pages[name][0])
    return {
        "row": "console_load",
        "unit": "ms until the slowest page is interactive",
        "ours": pages[slowest][1],
        "peer": None,
        "ratio": None,
        "limit": BUDGET_MS,
        "runs": RUNS,
        "slowest": slowest,
        "sign_in_and_queue_kb": first_kb,
        "sign_in_and_queue_limit_kb": BUDGET_KB,
        "sign_in_page_ms": first_ms,
        "heaviest": f"{heaviest} {pages[heaviest][0]} kB",
        **{f"{name}": f"{kb} kB, {ms} ms" for name, (kb, ms) in pages.items()},
    }


def unlike(pages: list[Shown]) -> list[Shown]:
    """One of those that differ only by what was clicked on them."""
    return list({shown.path: shown for shown in reversed(pages)}.values())[::-1]


class Meter:
    """Bytes that came over the wire to a page, by Chromium's own account."""

    def __init__(self, page: Page) -> None:
        self.size_bytes = 0
        self._left_out: set[str] = set()
        devtools = page.context.new_cdp_session(page)
        devtools.on("Network.requestWillBeSent", self._sent)
        devtools.on("Network.loadingFinished", self._finished)
        devtools.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        if any(part in event["request"]["url"] for part in NOT_THE_CONSOLE):
            self._left_out.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._left_out:
            self.size_bytes += int(event["encodedDataLength"])

    @property
    def kb(self) -> int:
        return round(self.size_bytes / 1000)


def first_load(browser: Browser, url: str, furnished: Furnished) -> tuple[int, int]:
    """The sign-in page from nothing, then signing in as far as the alarm queue."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    meter = Meter(page)
    begin = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.get_by_test_id("signin-button").wait_for()
    taken_ms = (time.perf_counter() - begin) * 1000
    name, password = furnished.sign_ins["operator"]
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.get_by_test_id("signin-button").click()
    page.get_by_test_id("alarm-row").first.wait_for()
    page.wait_for_timeout(1000)
    context.close()
    return meter.kb, round(taken_ms)


def opened(browser: Browser, url: str, furnished: Furnished, shown: Shown) -> tuple[int, int]:
    visitor = Visitor(browser, url, *furnished.sign_ins[shown.role], width=1920, height=1080)
    kept = visitor.page.context.storage_state()
    runs = [from_nothing(browser, kept, url, shown) for _ in range(RUNS)]
    visitor.leave()
    return max(kb for kb, _ in runs), round(statistics.median(ms for _, ms in runs))


def from_nothing(browser: Browser, kept: Any, url: str, shown: Shown) -> tuple[int, float]:
    context: BrowserContext = browser.new_context(
        viewport={"width": 1920, "height": 1080}, locale="zh-CN", storage_state=kept
    )
    page = context.new_page()
    meter = Meter(page)
    begin = time.perf_counter()
    page.goto(f"{url}{shown.path}", wait_until="commit")
    page.get_by_test_id(shown.ready).first.wait_for()
    taken_ms = (time.perf_counter() - begin) * 1000
    page.wait_for_timeout(300)
    context.close()
    return meter.kb, taken_ms


if __name__ == "__main__":
    asyncio.run(main())

"""A shift in front of the alarm queue: 28,800 events (one a second for eight hours) replayed; growth in MB and in nodes.

Debian's Chromium, the whole platform behind it. The events are those that this platform has really told (of alarms,
incidents, streams, devices), given to the console's own reader of events again and again with rising numbers, in bursts;
whatever the console then asks is asked of the running platform. Heap, nodes and listeners are Chromium's own account,
after its garbage is collected, before and after. `limit` is what counts as no growth.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import CDPSession, Page, sync_playwright
from rich.console import Console
from tests.journeys.busy_town import made_busy
from tests.journeys.visitors import LAUNCH, Visitor

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import Town, a_town

EVENTS = int(os.environ.get("BENCH_EVENTS", "28800"))
BURST = 100
PAUSE_MS = 400
WARM_UP_EVENTS = 2000
LIMIT_MB = 2.0
FOLDER = Path(__file__).parents[1] / "build/bench-console-soak"
FEED = """() => {
  const fetched = window.fetch.bind(window)
  const writer = new TextEncoder()
  window.__say = () => {}
  window.fetch = (what, how) => {
    if (!String(what).startsWith('/api/events')) return fetched(what, how)
    const body = new ReadableStream({ start(control) { window.__say = text => control.enqueue(writer.encode(text)) } })
    setInterval(() => window.__say(': here\\n'), 2000)
    return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }))
  }
}"""


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    async with a_town(FOLDER) as town:
        furnished = await furnished_town(town, cameras=4, say=Console(quiet=True))
        await made_busy(town, furnished)
        told = await events_told(town, furnished)
        before, after = await asyncio.to_thread(soaked, town.url, furnished, told)
    shutil.rmtree(FOLDER, ignore_errors=True)
    print(
        json.dumps(
            {
                "row": "console_soak",
                "unit": "MB of heap grown",
                "ours": round((after["JSHeapUsedSize"] - before["JSHeapUsedSize"]) / 1e6, 2),
                "peer": None,
                "ratio": None,
                "limit": LIMIT_MB,
                "runs": 1,
                "events": EVENTS,
                "kinds": len({kind for kind, _ in told}),
                "heap_mb": round(after["JSHeapUsedSize"] / 1e6, 1),
                "nodes_grown": int(after["Nodes"] - before["Nodes"]),
                "nodes": int(after["Nodes"]),
                "listeners_grown": int(after["JSEventListeners"] - before["JSEventListeners"]),
            }
        )
    )


async def events_told(town: Town, furnished: Furnished) -> list[tuple[str, str]]:
    """Kind and data of everything that the platform has told an operator so far."""
    told: list[tuple[str, str]] = []
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        token = str(console.person["token"])
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": "1"}
    kind = ""
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as http,
        http.stream("GET", f"{town.url}/api/events", headers=headers) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: ") and kind != "hello":
                told.append((kind, line[6:]))
            elif line.startswith(":") and told:
                return told
    return told


def soaked(url: str, furnished: Furnished, told: list[tuple[str, str]]) -> tuple[Mapping[str, float], ...]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        visitor = Visitor(browser, url, *furnished.sign_ins["operator"], width=1920, height=1080)
        page = visitor.page
        page.add_init_script(f"({FEED})()")
        page.goto(f"{url}/alarms")
        page.get_by_test_id("alarm-row").first.wait_for()
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        replay(page, told, 0, WARM_UP_EVENTS)
        before = account(page, devtools)
        replay(page, told, WARM_UP_EVENTS, EVENTS)
        after = account(page, devtools)
        page.get_by_test_id("alarm-row").first.wait_for()
        browser.close()
    return before, after


def replay(page: Page, told: list[tuple[str, str]], first: int, count: int) -> None:
    for start in range(first, first + count, BURST):
        numbers = range(start, min(start + BURST, first + count))
        wire = "".join(
            f"id: {10_000_000 + n}\nevent: {kind}\ndata: {data}\n\n" for n, (kind, data) in given(told, numbers)
        )
        page.evaluate("text => window.__say(text)", wire)
        page.wait_for_timeout(PAUSE_MS)


def given(told: list[tuple[str, str]], numbers: range) -> list[tuple[int, tuple[str, str]]]:
    return [(number, told[number % len(told)]) for number in numbers]


def account(page: Page, devtools: CDPSession) -> dict[str, Any]:
    page.wait_for_timeout(3000)
    for _ in range(3):
        devtools.send("HeapProfiler.collectGarbage")
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in metrics}


if __name__ == "__main__":
    asyncio.run(main())

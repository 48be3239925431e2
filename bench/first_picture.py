"""From the click on an empty tile to the first frame that Chromium presents: 1080p25, GOP 50, 20 runs at random moments.

`ours`: the stream runs already (it is recorded), so a viewer gets the cached group of pictures. `cold`: nobody watches or
records it, so the device is invited first. The click is a number and Enter on the live wall; the frame is told by
`requestVideoFrameCallback`. There is no peer in this row.
"""

import asyncio
import json
import os
import random
import shutil
import statistics
import time
from pathlib import Path

from playwright.async_api import Page, async_playwright
from rich.console import Console

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import Furnished, first_people, furnish
from fengtai.apps.demo.town import Town, a_town
from fengtai.apps.simulator.city import device_ids

RUNS = int(os.environ.get("BENCH_RUNS", "20"))
FOLDER = Path(__file__).parents[1] / "build/bench-first-picture"
CHROMIUM = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--disable-background-networking"]
WATCH = """() => {
  window.__first = null
  const look = () => {
    const video = document.querySelector('[data-testid=wall-slot] video')
    if (!video) return requestAnimationFrame(look)
    video.requestVideoFrameCallback(() => { window.__first = performance.now() })
  }
  window.__clicked = performance.now()
  look()
}"""


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    async with a_town(FOLDER, FENGTAI_MEDIA__NO_VIEWER_SECONDS="0.5") as town:
        await town.start_server()
        furnished = await first_people(town.url, town.setup_token)
        await town.start_city(cameras=1, size="1920x1080")
        await furnish(town.url, furnished, devices=device_ids(1), cameras=1)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
            page = await signed_in(await browser.new_page(), town, furnished)
            await until_playing(town, furnished)
            running = [await one_click(page, town) for _ in range(RUNS)]
            await page.goto(f"{town.url}/points")  # nobody watches any more
            await record(town, furnished, is_wanted=False)
            cold = [await one_click(page, town) for _ in range(RUNS)]
            await browser.close()
    shutil.rmtree(FOLDER, ignore_errors=True)
    print(
        json.dumps(
            {
                "row": "first_picture",
                "unit": "ms, median, stream running",
                "ours": round(statistics.median(running)),
                "peer": None,
                "ratio": None,
                "limit": None,
                "runs": RUNS,
                "p90": round(sorted(running)[int(RUNS * 0.9)]),
                "cold": round(statistics.median(cold)),
                "cold_p90": round(sorted(cold)[int(RUNS * 0.9)]),
            }
        )
    )


async def signed_in(page: Page, town: Town, furnished: Furnished) -> Page:
    await page.goto(town.url)
    name, password = furnished.sign_ins["operator"]
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", password)
    await page.get_by_test_id("signin-button").click()
    await page.get_by_test_id("clock").wait_for()
    return page


async def one_click(page: Page, town: Town) -> float:
    """Milliseconds from Enter to the first presented frame, on a wall that is empty."""
    await page.goto(f"{town.url}/wall")
    await page.evaluate(
        "Object.keys(localStorage).filter(k => k.includes('wall')).forEach(k => localStorage.removeItem(k))"
    )
    await page.reload()
    await page.get_by_test_id("wall-slot").first.wait_for()
    await asyncio.sleep(1.5 + random.random() * 2)
    await page.keyboard.type("1")
    await page.evaluate(WATCH)
    await page.keyboard.press("Enter")
    await page.wait_for_function("() => window.__first !== null", timeout=20_000)
    first: float = await page.evaluate("() => window.__first - window.__clicked")
    return first


async def until_playing(town: Town, furnished: Furnished) -> None:
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        until = time.monotonic() + 60
        while not any(stream["stage"] == "playing" for stream in await console.get("/api/live/streams")):
            if time.monotonic() > until:
                raise TimeoutError(town.last_words())
            await asyncio.sleep(0.3)


async def record(town: Town, furnished: Furnished, *, is_wanted: bool) -> None:
    """Change the point's policy, and wait until its stream has ended."""
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        point = (await console.get("/api/points"))["items"][0]
        await console.put(f"/api/points/{point['id']}", {**point, "records": is_wanted})
        while any(stream["stage"] == "playing" for stream in await console.get("/api/live/streams")):
            await asyncio.sleep(0.3)


if __name__ == "__main__":
    Console(stderr=True).print(f"{RUNS} runs, about {RUNS * 12} s")
    asyncio.run(main())

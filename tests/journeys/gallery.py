"""Makes the pictures of docs/guide/gallery: `python -m tests.journeys.gallery`. A furnished town of its own, a burglary in
the middle of its handling, a fire and a drill that wait; every page in both languages and both themes.
"""

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rich.console import Console

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import furnished_town, panel_of
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import Town, a_town

GUIDE = Path(__file__).parents[2] / "docs/guide"
FOLDER = GUIDE / "gallery"
IMAGES = GUIDE / "images"
FOR_THE_README = ("incident", "alarms")
PHOTOGRAPHS = ("incident", "wall", "map", "playback")
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
LOOKS = [(language, theme) for language in ("zh-CN", "en") for theme in ("dark", "light")]
JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: who looks at it, where it is, and what is on it once it is ready to be looked at."""

    name: str
    role: str
    path: str
    ready: str
    prepare: Callable[[Page], None] = field(default=lambda page: None)


def playing(count: int) -> Callable[[Page], None]:
    def wait(page: Page) -> None:
        tiles = page.locator("[data-testid=live-tile][data-state=playing]")
        expect(tiles.nth(count - 1)).to_be_visible(timeout=30_000)

    return wait


def four_on_the_wall(page: Page) -> None:
    page.get_by_test_id("layout-4").click()
    for number in range(1, 5):
        if page.locator(f"[data-testid=live-tile][data-number='{number}']").count() == 0:
            page.get_by_test_id("point-option").nth(number - 1).click()
    playing(4)(page)


def first(test_id: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_test_id(test_id).first.click()


def verified_line(page: Page) -> None:
    page.locator("[data-testid=audit-row]").nth(2).locator("button").click()
    page.get_by_test_id("proof-button").click()
    expect(page.get_by_test_id("proof-verdict")).to_be_visible()


def device_with_ladder(page: Page) -> None:
    page.get_by_test_id("device-open").first.click()
    expect(page.get_by_test_id("sip-ladder")).to_be_visible()


def drawn_map(page: Page) -> None:
    expect(page.locator("canvas.maplibregl-canvas")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1_500)


def asked_what_for(page: Page) -> None:
    page.get_by_test_id("play-button").click()
    expect(page.get_by_test_id("purpose-reference")).to_be_visible()


def played_back(page: Page) -> None:
    asked_what_for(page)
    page.get_by_test_id("purpose-reference").fill("A-2026-0815")
    page.get_by_test_id("dialog-act").click()
    page.wait_for_function("() => (document.querySelector('[data-testid=film-player] video')?.currentTime ?? 0) > 1")


def handled(page: Page) -> None:
    playing(2)(page)
    drawn_map(page)


def pages_of(busy: "Busy") -> list[Shown]:
    """Every page behind the sign-in."""
    return [
        Shown("board", "chief", "/board", "board-incident"),
        Shown("alarms", "operator", "/alarms", "alarm-row"),
        Shown("incident", "dispatcher", f"/incidents/{busy.incident_id}", "incident-state", handled),
        Shown("wall", "operator", "/wall", "wall-slot", four_on_the_wall),
        Shown("map", "operator", "/map", "city-map", drawn_map),
        Shown("points", "engineer", "/points", "point-row"),
        Shown("point-form", "engineer", "/points", "point-row", first("edit-button")),
        Shown("recordings", "operator", f"/recordings/{busy.point_id}", "day-line"),
        Shown("storage", "operator", "/recordings", "storage-forecast"),
        Shown("purpose", "operator", f"/recordings/{busy.point_id}", "day-line", asked_what_for),
        Shown("playback", "operator", f"/recordings/{busy.point_id}", "day-line", played_back),
        Shown("devices", "engineer", "/devices", "device-row"),
        Shown("device", "engineer", "/devices", "device-row", device_with_ladder),
        Shown("premises", "engineer", "/premises", "premises-row"),
        Shown("premises-form", "engineer", "/premises", "premises-row", first("edit-button")),
        Shown("accounts", "engineer", "/premises", "premises-row", first("view-accounts")),
        Shown("units", "dispatcher", "/units", "unit-row"),
        Shown("on-test", "dispatcher", "/on-test", "on-test-row"),
        Shown("signals", "operator", "/signals", "signal-row"),
        Shown("audit", "auditor", "/audit", "audit-row", verified_line),
        Shown("people", "administrator", "/people", "person-row"),
        Shown("sessions", "administrator", "/people", "person-row", first("view-sessions")),
        Shown("rights", "administrator", "/rights", "grant-row"),
        Shown("rights-give", "administrator", "/rights", "grant-row", first("add-button")),
        Shown(
            "why",
            "chief",
            f"/rights/why?person={busy.person_id}&permission=live.see&point={busy.point_id}",
            "why-answer",
        ),
        Shown("who", "chief", f"/rights/who?point={busy.point_id}", "who-count"),
        Shown("roles", "auditor", "/rights/roles", "role-table"),
        Shown("webhooks", "administrator", "/webhooks", "webhook-row"),
        Shown("webhook-form", "administrator", "/webhooks", "webhook-row", first("edit-button")),
        Shown("system", "administrator", "/system", "system-part"),
        Shown("settings", "operator", "/settings", "password-form"),
    ]


@dataclass(slots=True)
class Busy:
    """What stands on the desks of the town."""

    incident_id: str
    point_id: str
    person_id: str = ""
    """the evidence officer, to whom a right was given for a while"""


async def made_busy(town: Town, furnished: Furnished) -> Busy:
    """End two of the three drills; let a burglary be handled up to the unit's acceptance; let a fire and more wait."""
    async with ConsoleClient(town.url) as desk:
        await desk.sign_in(*furnished.sign_ins["dispatcher"], post="处警一席")
        for drill in (await desk.get("/api/on-test"))["items"]:
            if drill["number"] != "1002":
                await ended(desk, drill["id"])
        await panel_of(town, "1001").send_event("130", "01", "3")
        burglary = await raised(desk, "1001")
        incident: dict[str, Any] = await desk.post("/api/incidents", {"alarm_id": burglary["id"]})
        at = f"/api/incidents/{incident['id']}"
        for index in (0, 1):
            await desk.post(f"{at}/steps/{index}", {"done": True})
        keyholder = incident["premises"]["keyholders"][0]["id"]
        await desk.post(f"{at}/calls", {"keyholder_id": keyholder, "result": "reached", "note": "十分钟内到店开门"})
        sent = await desk.post(f"{at}/dispatches", {"unit_id": furnished.units[0]["id"]})
        await desk.post(f"{at}/dispatches/{sent['dispatches'][0]['id']}/accept", {"text": ""})
        await desk.post(f"{at}/notes", {"text": "画面中后门半开，未见人员。"})
        await panel_of(town, "1003").send_event("110", "01", "2")
        await panel_of(town, "1003").send_event("301", "01", "0")
        await panel_of(town, "1002").send_event("110", "01", "1")
        await panel_of(town, "1001").send_event("602", "01", "0")
        await panel_of(town, "1003").send_event("999", "01", "3")
        await raised(desk, "1003")
        await raised(desk, "1002")
    person_id = await told_elsewhere(town, furnished)
    return Busy(incident_id=incident["id"], point_id=furnished.points[0]["id"], person_id=person_id)


async def told_elsewhere(town: Town, furnished: Furnished) -> str:
    """As the administrator: another system that is told of faults, a right for a while. The id of who was given it."""
    async with ConsoleClient(town.url) as desk:
        await desk.sign_in(*furnished.sign_ins["administrator"])
        webhook = {"name": "运维工单", "url": "https://tickets.invalid/fengtai", "kinds": ["system."]}
        await desk.post("/api/webhooks", {**webhook, "enabled": False})
        people = {one["name"]: one["id"] for one in (await desk.get("/api/people"))["items"]}
        soon = (datetime.now(UTC) + timedelta(days=7)).isoformat()
        terms = {"role": "operator", "point_classes": [1], "valid_until": soon, "reason": "代班一周，值班表第 47 号"}
        await desk.post(f"/api/people/{people['evidence-officer']}/grants", terms)
        return str(people["evidence-officer"])


async def ended(desk: ConsoleClient, on_test_id: str) -> None:
    answer = await desk._http.delete(f"/api/on-test/{on_test_id}")
    answer.raise_for_status()


async def raised(desk: ConsoleClient, account: str) -> dict[str, Any]:
    """The waiting alarm of this account, once it has been judged."""
    async with asyncio.timeout(20):
        while True:
            for alarm in (await desk.get("/api/alarms", state="open"))["items"]:
                if alarm["account"] == account and alarm["state"] == "raised":
                    found: dict[str, Any] = alarm
                    return found
            await asyncio.sleep(0.1)


class Visitor:
    """One signed-in person in a browser of their own, who can look in either language and theme."""

    def __init__(
        self, browser: Browser, url: str, name: str, password: str, *, width: int, height: int, post: str = ""
    ) -> None:
        self.url = url
        self._context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        self.page = self._context.new_page()
        self.page.goto(url)
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=password]", password)
        self.page.fill("input[name=post]", post)
        self.page.get_by_test_id("signin-button").click()
        expect(self.page.get_by_test_id("clock")).to_be_visible(timeout=15_000)

    def like(self, language: str, theme: str) -> None:
        like(self.page, language, theme)

    def look_at(self, shown: Shown) -> None:
        self.page.goto(f"{self.url}{shown.path}")
        expect(self.page.get_by_test_id(shown.ready).first).to_be_visible(timeout=15_000)
        shown.prepare(self.page)
        self.page.wait_for_timeout(400)

    def leave(self) -> None:
        self._context.close()


def like(page: Page, language: str, theme: str) -> None:
    page.evaluate(
        "([language, theme]) => { localStorage.setItem('fengtai.language', language);"
        " localStorage.setItem('fengtai.theme', JSON.stringify(theme)) }",
        [language, theme],
    )


def picture(page: Page, name: str, language: str, theme: str) -> Path:
    """Pages with camera pictures as JPEG; pages of words as PNG of 128 colours, which is sharper and smaller."""
    file = FOLDER / f"{name}-{language.split('-')[0]}-{theme}"
    if name in PHOTOGRAPHS:
        file = file.with_suffix(".jpg")
        page.screenshot(path=file, type="jpeg", quality=JPEG_QUALITY, animations="disabled")
        return file
    file = file.with_suffix(".png")
    with Image.open(io.BytesIO(page.screenshot(type="png", animations="disabled"))) as whole:
        whole.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
    return file


def outside(browser: Browser, url: str, name: str, ready: str) -> None:
    """The pages of somebody who is not signed in."""
    page = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN").new_page()
    page.goto(url)
    for language, theme in LOOKS:
        like(page, language, theme)
        page.goto(url)
        expect(page.get_by_test_id(ready)).to_be_visible(timeout=15_000)
        picture(page, name, language, theme)
    page.context.close()


def inside(browser: Browser, url: str, furnished: Furnished, pages: list[Shown]) -> Iterator[Path]:
    for role in sorted({shown.role for shown in pages}):
        visitor = Visitor(browser, url, *furnished.sign_ins[role], width=1920, height=1080)
        for language, theme in LOOKS:
            visitor.like(language, theme)
            for shown in pages:
                if shown.role == role:
                    visitor.look_at(shown)
                    yield picture(visitor.page, shown.name, language, theme)
        visitor.leave()


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="fengtai-gallery-"))
    try:
        async with a_town(data) as town:
            furnished = await furnished_town(town, cameras=8, say=Console())
            busy = await made_busy(town, furnished)
            await asyncio.to_thread(photograph, town.url, furnished, busy)
        async with a_town(data / "new") as fresh:
            await fresh.start_server()
            await asyncio.to_thread(photograph_setup, fresh.url)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def photograph(url: str, furnished: Furnished, busy: Busy) -> None:
    wanted = sys.argv[1:]
    pages = [shown for shown in pages_of(busy) if not wanted or shown.name in wanted]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        outside(browser, url, "sign-in", "signin-form")
        for file in inside(browser, url, furnished, pages):
            name, language, theme = file.stem.rsplit("-", 2)
            if name in FOR_THE_README and theme == "dark":
                compact_png(file, IMAGES / f"{name}-{language}.png")
            print(file.name, file.stat().st_size // 1000, "kB")
        browser.close()


def compact_png(picture: Path, into: Path) -> None:
    """At two thirds of the size: small enough for a front page. All colours: a palette would lose the few red ones."""
    with Image.open(picture) as whole:
        whole.convert("RGB").resize((1280, 720), Image.Resampling.LANCZOS).save(into, optimize=True)


def photograph_setup(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        outside(browser, url, "setup", "setup-form")
        browser.close()


if __name__ == "__main__":
    asyncio.run(main())

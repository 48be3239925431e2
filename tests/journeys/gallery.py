"""Makes the pictures of docs/guide/gallery: `python -m tests.journeys.gallery [name...]`. A furnished town at work, every
page in both languages and both themes; the states of the main pages; a town with nothing in it yet.
"""

import asyncio
import io
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from rich.console import Console
from tests.journeys.busy_town import Busy, made_busy
from tests.journeys.shown import DESK, Shown, pages_of
from tests.journeys.states import EMPTY, STATES, Told, brought_about
from tests.journeys.visitors import LOOKS, Visitor, chromium, like

from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.seed import Furnished, first_people
from fengtai.apps.demo.town import a_town

GUIDE = Path(__file__).parents[2] / "docs/guide"
FOLDER = GUIDE / "gallery"
IMAGES = GUIDE / "images"
FOR_THE_README = ("incident", "alarms")
PHOTOGRAPHS = ("incident", "incident-close", "wall", "map", "playback", "calls")
STATE_LOOKS = [("zh-CN", "dark"), ("en", "light")]
JPEG_QUALITY = 80


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    IMAGES.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix="fengtai-gallery-"))
    try:
        async with a_town(data / "busy") as town:
            furnished = await furnished_town(town, cameras=8, say=Console())
            busy = await made_busy(town, furnished)
            await asyncio.to_thread(photograph, town.url, furnished, busy)
        async with a_town(data / "new") as fresh:
            await fresh.start_server()
            await asyncio.to_thread(photograph_setup, fresh.url)
            people = await first_people(fresh.url, fresh.setup_token)
            await asyncio.to_thread(photograph_states, fresh.url, people, EMPTY)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def wanted(name: str) -> bool:
    return len(sys.argv) == 1 or name in sys.argv[1:]


def photograph(url: str, furnished: Furnished, busy: Busy) -> None:
    with chromium() as browser:
        outside(browser, url, "sign-in", "signin-form")
        for file in inside(browser, url, furnished, busy):
            name, language, theme = file.stem.rsplit("-", 2)
            if name in FOR_THE_README and theme == "dark":
                compact_png(file, IMAGES / f"{name}-{language}.png")
            print(file.name, file.stat().st_size // 1000, "kB")
    photograph_states(url, furnished, STATES)


def photograph_setup(url: str) -> None:
    with chromium() as browser:
        outside(browser, url, "setup", "setup-form")


def photograph_states(url: str, furnished: Furnished, states: list[Told]) -> None:
    with chromium() as browser:
        for told in states:
            if not wanted(told.name):
                continue
            for language, theme in STATE_LOOKS:
                visitor = Visitor(browser, url, *furnished.sign_ins[told.role])
                visitor.like(language, theme)
                brought_about(visitor, told)
                print(picture(visitor.page, told.name, language, theme).name)
                visitor.leave()


def inside(browser: Browser, url: str, furnished: Furnished, busy: Busy) -> Iterator[Path]:
    pages = [shown for shown in pages_of(busy) if wanted(shown.name)]
    for role in sorted({shown.role for shown in pages}):
        visitor = Visitor(browser, url, *furnished.sign_ins[role])
        for language, shown in itertools.product(("zh-CN", "en"), [one for one in pages if one.role == role]):
            visitor.like(language, "dark")
            visitor.look_at(shown)
            yield picture(visitor.page, shown.name, language, "dark")
            lit(visitor, shown, language)
            yield picture(visitor.page, shown.name, language, "light")
        visitor.leave()


def lit(visitor: Visitor, shown: Shown, language: str) -> None:
    """The same page in the light theme. A map is drawn, not styled: such a page is gone to again."""
    if visitor.page.locator("canvas").count():
        visitor.like(language, "light")
        visitor.look_at(shown)
        return
    visitor.page.evaluate("document.documentElement.classList.remove('dark')")
    visitor.page.wait_for_timeout(200)


def outside(browser: Browser, url: str, name: str, ready: str) -> None:
    """The pages of somebody who is not signed in."""
    if not wanted(name):
        return
    page = browser.new_context(viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN").new_page()
    page.goto(url)
    for language, theme in LOOKS:
        like(page, language, theme)
        page.goto(url)
        expect(page.get_by_test_id(ready)).to_be_visible(timeout=15_000)
        picture(page, name, language, theme)
    page.context.close()


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


def compact_png(picture: Path, into: Path) -> None:
    """At two thirds of the size: small enough for a front page. All colours: a palette would lose the few red ones."""
    with Image.open(picture) as whole:
        whole.convert("RGB").resize((1280, 720), Image.Resampling.LANCZOS).save(into, optimize=True)


if __name__ == "__main__":
    asyncio.run(main())

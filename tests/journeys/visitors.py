"""People at browsers: Debian's Chromium, one signed-in person to a context, in either language and theme."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.shown import DESK, Shown

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


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*LAUNCH, *arguments])
        yield browser
        browser.close()


class Visitor:
    """One signed-in person in a browser of their own, who can look in either language and theme."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        name: str,
        password: str,
        *,
        width: int = DESK[0],
        height: int = DESK[1],
        post: str = "",
    ) -> None:
        self.url = url
        self.size = width, height
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
        width, height = shown.size or self.size
        self.page.set_viewport_size({"width": width, "height": height})
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


def open_at(visitor: Visitor, path: str, ready: str) -> Page:
    """The page at this path, ready, with the focus on nothing: so keys mean what the page says they mean."""
    visitor.page.goto(f"{visitor.url}{path}")
    expect(visitor.page.get_by_test_id(ready).first).to_be_visible(timeout=15_000)
    visitor.page.evaluate("document.activeElement.blur()")
    return visitor.page

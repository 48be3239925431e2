"""Lighthouse judges the accessibility of every page as it stands there: 95 of 100 at least."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.journeys.busy_town import Busy
from tests.journeys.shown import pages_of
from tests.journeys.visitors import chromium

WEB = Path(__file__).parents[2] / "web"
PAGES = {shown.path: shown.name for shown in reversed(pages_of(Busy(incident_id="", point_id="")))}
"""Each address once: its parts that open by a click are judged by axe (test_pages)."""
AT_LEAST = 95

Judge = Callable[[Page], dict[str, Any]]

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(
        not (WEB / "node_modules/lighthouse").exists(), reason="the console's packages are not installed"
    ),
]


@pytest.fixture(scope="module")
def debugging_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def browser(debugging_port: int) -> Iterator[Browser]:
    with chromium(f"--remote-debugging-port={debugging_port}") as browser:
        yield browser


@pytest.fixture(scope="module")
def judge(debugging_port: int, browser: Browser) -> Iterator[Judge]:
    """Lighthouse in a process of its own, at the same browser."""
    script = ["node", "scripts/lighthouse.mjs", f"http://127.0.0.1:{debugging_port}"]
    with subprocess.Popen(script, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lighthouse:
        assert lighthouse.stdin is not None
        assert lighthouse.stdout is not None

        def judged(page: Page) -> dict[str, Any]:
            name = f"page-{id(page)}"
            page.evaluate("name => { window.name = name }", name)
            print(name, file=lighthouse.stdin, flush=True)
            verdict: dict[str, Any] = json.loads(lighthouse.stdout.readline())
            return verdict

        yield judged
        lighthouse.stdin.close()


@pytest.mark.parametrize("name", list(PAGES.values())[::-1])
def test_a_page_has_a_score_of_95_at_least(desks, busy, judge, name):
    shown = next(one for one in pages_of(busy) if one.name == name)
    visitor = desks[shown.role]
    visitor.look_at(shown)

    verdict = judge(visitor.page)

    assert verdict["score"] >= AT_LEAST, verdict["faults"]

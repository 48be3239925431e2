"""What people may write: script, marks that turn the reading direction, emoji, a megabyte. On the operator's pages it is
shown as it was written, runs nowhere, and turns nothing but itself; what is too long is refused, naming the field."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.one_server import PASSWORDS, OneServer, one_server
from tests.journeys.visitors import LAUNCH

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

NAME = "<img src=x onerror=window.__hit=1> 🔥👨‍👩‍👧 {{t('x')}} @:words.more"
NASTY = f"{NAME} \u202eabc\u200f <script>window.__hit=1</script>"
"""in words of several lines marks that turn the direction are allowed: they must turn nothing else"""
LONG = "长" * 300_000
"""900 kB: below the limit of a body, above that of any field"""
PAGES = (
    "/board",
    "/alarms",
    "/incidents",
    "/dispatch",
    "/units",
    "/premises",
    "/on-test",
    "/signals",
    "/hand-over",
    "/calls",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    with one_server(tmp_path_factory.mktemp("words") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def written(server: OneServer) -> dict[str, str]:
    """One of each thing, with those words wherever a person may write."""
    with server.client(headers=server.headers("zhao")) as desk:

        def made(path: str, body: dict) -> dict:
            answer = desk.post(path, json=body)
            assert answer.status_code in (200, 201), answer.text
            return answer.json()

        zone = {"number": "1", "name": NAME}
        keyholder = {"name": NAME, "phone": "10000", "note": NASTY, "order": 1}
        premises = made(
            "/api/premises",
            {"name": NAME, "address": NAME, "note": NASTY, "zones": [zone], "keyholders": [keyholder]},
        )
        account = made("/api/panel-accounts", {"channel": "sia-dc09", "number": "1234", "premises_id": premises["id"]})
        made("/api/units", {"name": NAME, "call_sign": "B-1", "kind": "patrol", "state": "free"})
        made("/api/on-test", {"account_id": account["id"], "minutes": 5, "reason": NASTY, "zone": "9"})
        call = made(
            "/api/calls", {"category": "fire", "premises_id": premises["id"], "text": NASTY, "caller_name": NAME}
        )
        for _ in range(200):
            found = desk.get("/api/alarm-queue").json()["items"]
            if found:
                break
        incident = made("/api/incidents", {"alarm_id": found[0]["alarm"]["id"]})
        made(f"/api/incidents/{incident['id']}/notes", {"text": NASTY})
        made("/api/hand-overs", {"notes": NASTY})
    return {"incident": incident["id"], "account": account["id"], "call": call["id"], "premises": premises["id"]}


@pytest.fixture(scope="module")
def page(server: OneServer) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=LAUNCH)
        page = browser.new_context(viewport={"width": 1600, "height": 900}, locale="zh-CN").new_page()
        page.goto(server.url)
        page.fill("input[name=name]", "zhao")
        page.fill("input[name=password]", PASSWORDS["zhao"])
        page.get_by_test_id("signin-button").click()
        expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
        yield page
        browser.close()


@pytest.mark.parametrize("path", PAGES)
def test_hostile_words_are_words(server, written, page, path):
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{server.url}{path}{'/' + written['incident'] if path == '/incidents' else ''}")
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)
    if path not in ("/signals", "/calls"):
        expect(page.locator("main")).to_contain_text("window.__hit", timeout=15_000)
    assert page.evaluate("() => window.__hit") is None
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    assert faults == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/api/incidents/{incident}/notes", {"text": LONG}, "text"),
        ("/api/incidents/{incident}/close", {"disposition": "false", "version": 1, "note": LONG}, "note"),
        ("/api/premises", {"name": LONG}, "name"),
        ("/api/premises", {"name": "a", "note": LONG}, "note"),
        ("/api/units", {"name": LONG, "call_sign": "b", "kind": "patrol", "state": "free"}, "name"),
        ("/api/on-test", {"account_id": "{account}", "minutes": 5, "reason": LONG}, "reason"),
        ("/api/calls", {"category": "fire", "premises_id": "{premises}", "text": LONG}, "text"),
        ("/api/hand-overs", {"notes": LONG}, "notes"),
    ],
)
def test_what_is_too_long_is_refused_by_the_name_of_its_field(server, written, path, body, field):
    body = {
        key: value.format(**written) if value in ("{account}", "{premises}") else value for key, value in body.items()
    }
    with server.client(headers=server.headers("zhao")) as desk:
        answer = desk.post(path.format(**written), json=body)
    assert answer.status_code == 422, answer.text[:500]
    assert answer.json()["field"].endswith(field)
    assert len(answer.content) < 2000, "the refusal does not send the words back"


def test_more_than_a_megabyte_is_refused_before_it_is_read(server, written):
    with server.client(headers=server.headers("zhao")) as desk:
        answer = desk.post(f"/api/incidents/{written['incident']}/notes", json={"text": "a" * (1 << 21)})
    assert answer.status_code == 413, answer.text[:300]

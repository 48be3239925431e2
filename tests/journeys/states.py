"""The states that every page has besides its content: loading, stale, error and denied, brought about from outside the
page by what the network or a right refuses; and empty, in a town with nothing in it.
"""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Route, expect
from tests.journeys.visitors import Visitor

State = Literal["loading", "error", "stale", "denied", "empty"]


@dataclass(frozen=True, slots=True)
class Told:
    """A page in a state: who is there, what it asks of the platform, what is on it when it can be read."""

    page: str
    state: State
    role: str
    path: str
    asks: str = ""
    """the question that is not answered, as a pattern of addresses"""
    ready: str = ""

    @property
    def name(self) -> str:
        return f"{self.state}-{self.page}"


_MAIN = (
    ("board", "chief", "/board", "**/api/incidents?*", "board-incident"),
    ("alarms", "operator", "/alarms", "**/api/alarm-queue?*", "alarm-row"),
    ("incident", "dispatcher", "/incidents", "**/api/incidents?*", "incident-row"),
    ("points", "engineer", "/points", "**/api/points?*", "point-row"),
    ("devices", "engineer", "/devices", "**/api/devices*", "device-row"),
    ("audit", "auditor", "/audit", "**/api/audit?*", "audit-row"),
)
_WITHOUT_RIGHT = {"board": "engineer", "alarms": "auditor", "points": "auditor", "audit": "operator"}

STATES = [
    *(Told(page, "loading", role, path, asks) for page, role, path, asks, _ in _MAIN),
    *(Told(page, "error", role, path, asks) for page, role, path, asks, _ in _MAIN),
    *(Told(page, "stale", role, path, asks, ready) for page, role, path, asks, ready in _MAIN),
    *(Told(page, "denied", _WITHOUT_RIGHT[page], path) for page, _, path, _, _ in _MAIN if page in _WITHOUT_RIGHT),
]
EMPTY = [
    Told("board", "empty", "chief", "/board"),
    Told("alarms", "empty", "operator", "/alarms"),
    Told("incident", "empty", "dispatcher", "/incidents"),
    Told("points", "empty", "engineer", "/points"),
    Told("devices", "empty", "engineer", "/devices"),
    Told("premises", "empty", "engineer", "/premises"),
    Told("recordings", "empty", "operator", "/recordings"),
    Told("units", "empty", "dispatcher", "/units"),
    Told("dispatch", "empty", "dispatcher", "/dispatch"),
    Told("signals", "empty", "operator", "/signals"),
    Told("on-test", "empty", "dispatcher", "/on-test"),
    Told("wall", "empty", "operator", "/wall"),
    Told("webhooks", "empty", "administrator", "/webhooks"),
]


def brought_about(visitor: Visitor, told: Told) -> None:
    """Go to the page and let it come into its state."""
    page = visitor.page
    unanswered: list[Route] = []
    if told.state == "loading":
        page.route(told.asks, lambda route: unanswered.append(route))
    elif told.state == "error":
        page.route(told.asks, lambda route: route.abort())
    elif told.state == "stale":  # answers came once; from then on nothing is heard
        page.route("**/api/events*", lambda route: route.abort())
    page.goto(f"{visitor.url}{told.path}")
    if told.state == "loading":
        expect(page.locator("[aria-busy=true]").first).to_be_visible()
    elif told.state == "error":
        expect(page.get_by_test_id("problem").first).to_be_visible()
    elif told.state == "stale":
        expect(page.get_by_test_id(told.ready).first).to_be_visible()
        expect(page.get_by_test_id("server-lost")).to_be_visible(timeout=15_000)
    elif told.state == "denied":
        expect(page.get_by_test_id("denied")).to_be_visible()
    page.wait_for_timeout(700)

"""Every page of the console as it is shown: who looks at it, where it is, and what is done on it before one looks.

The gallery photographs these, the accessibility tests judge them, the load benchmark opens them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect
from tests.journeys.busy_town import Busy

DESK = (1920, 1080)
PHONE = (390, 844)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: who looks at it, where it is, and what is on it once it is ready to be looked at."""

    name: str
    role: str
    path: str
    ready: str
    prepare: Callable[[Page], None] = field(default=lambda page: None)
    size: tuple[int, int] | None = None
    """width and height, when it is not made for a desk"""


def pages_of(busy: Busy) -> list[Shown]:
    """Every page behind the sign-in."""
    return [*work_pages(busy), *register_pages(), *platform_pages(busy)]


def work_pages(busy: Busy) -> list[Shown]:
    recordings = f"/recordings/{busy.point_id}"
    return [
        Shown("board", "chief", "/board", "board-incident"),
        Shown("alarms", "operator", "/alarms", "alarm-row"),
        Shown("alarms-all", "operator", "/alarms", "alarm-row", first("filter-all")),
        Shown("alarm-story", "operator", "/alarms", "alarm-row", then(first("story-button"), settled(".el-drawer"))),
        Shown("shelve", "operator", "/alarms", "alarm-row", then(first("shelve-button"), settled("[role=dialog]"))),
        Shown("keys", "operator", "/alarms", "alarm-row", keys_shown),
        Shown("calls", "operator", "/calls", "call-form", call_taken),
        Shown("incident", "dispatcher", f"/incidents/{busy.incident_id}", "incident-state", handled),
        Shown("incident-close", "dispatcher", f"/incidents/{busy.incident_id}", "incident-state", closing),
        Shown("dispatch", "dispatcher", "/dispatch", "dispatch-incident"),
        Shown("unit-phone", "dispatcher", f"/unit/{busy.unit_id}", "phone-step", size=PHONE),
        Shown("hand-over", "operator", "/hand-over", "hand-over-offered"),
        Shown("wall", "operator", "/wall", "wall-slot", four_on_the_wall),
        Shown("map", "operator", "/map", "city-map", drawn_map),
        Shown("recordings", "operator", recordings, "day-line"),
        Shown("storage", "operator", "/recordings", "storage-forecast"),
        Shown("purpose", "operator", recordings, "day-line", asked_what_for),
        Shown("playback", "operator", recordings, "day-line", played_back),
        Shown("on-test", "dispatcher", "/on-test", "on-test-row"),
        Shown("on-test-form", "dispatcher", "/on-test", "on-test-row", then(first("add-button"), settled("form"))),
        Shown("signals", "operator", "/signals", "signal-row"),
        Shown("signal-bytes", "operator", "/signals", "signal-row", first("bytes-button")),
    ]


def register_pages() -> list[Shown]:
    form = settled("[data-testid=side-form]")
    return [
        Shown("points", "engineer", "/points", "point-row"),
        Shown("point-form", "engineer", "/points", "point-row", then(first("edit-button"), form)),
        Shown("import", "engineer", "/points/import", "import-row"),
        Shown("import-preview", "engineer", "/points/import", "import-row", looked_into_the_import),
        Shown("devices", "engineer", "/devices", "device-row"),
        Shown("device", "engineer", "/devices", "device-row", device_with_ladder),
        Shown("premises", "engineer", "/premises", "premises-row"),
        Shown("premises-form", "engineer", "/premises", "premises-row", then(first("edit-button"), form)),
        Shown("accounts", "engineer", "/premises", "premises-row", first("view-accounts")),
        Shown("account-form", "engineer", "/premises", "premises-row", account_form),
        Shown("units", "dispatcher", "/units", "unit-row"),
        Shown("unit-form", "dispatcher", "/units", "unit-row", then(first("edit-button"), form)),
        Shown("organisations", "administrator", "/organisations", "organisation-row"),
        Shown(
            "organisation-form", "administrator", "/organisations", "organisation-row", then(first("edit-button"), form)
        ),
        Shown(
            "areas", "administrator", "/organisations", "organisation-row", then(first("view-areas"), seen("area-row"))
        ),
    ]


def platform_pages(busy: Busy) -> list[Shown]:
    form = settled("[data-testid=side-form]")
    why = f"/rights/why?person={busy.person_id}&permission=live.see&point={busy.point_id}"
    people = ("administrator", "/people", "person-row")
    return [
        Shown("audit", "auditor", "/audit", "audit-row", verified_line),
        Shown("audit-log", "auditor", "/audit", "audit-row", whole_log_verified),
        Shown("people", *people),
        Shown("person-form", *people, then(first("edit-button"), form)),
        Shown("sessions", *people, then(first("view-sessions"), seen("session-row"))),
        Shown("locked", *people, then(first("view-locks"), settled("table, .empty, p"))),
        Shown("tokens", *people, then(first("view-tokens"), settled("table, .empty, p"))),
        Shown("providers", *people, then(first("view-providers"), settled("table, .empty, p"))),
        Shown("rights", "administrator", "/rights", "grant-row"),
        Shown("rights-give", "administrator", "/rights", "grant-row", then(first("add-button"), form)),
        Shown("why", "chief", why, "why-answer"),
        Shown("who", "chief", f"/rights/who?point={busy.point_id}", "who-count"),
        Shown("roles", "auditor", "/rights/roles", "role-table"),
        Shown("approvals", "administrator", "/approvals?mine=1", "approval-row"),
        Shown("webhooks", "administrator", "/webhooks", "webhook-row"),
        Shown("webhook-form", "administrator", "/webhooks", "webhook-row", then(first("edit-button"), form)),
        Shown("system", "administrator", "/system", "system-part"),
        Shown("settings", "operator", "/settings", "password-form"),
    ]


Act = Callable[[Page], None]


def then(*acts: Act) -> Act:
    def one_after_another(page: Page) -> None:
        for act in acts:
            act(page)

    return one_after_another


def first(test_id: str) -> Act:
    return lambda page: page.get_by_test_id(test_id).first.click()


def seen(test_id: str) -> Act:
    return lambda page: expect(page.get_by_test_id(test_id).first).to_be_visible()


def settled(selector: str) -> Act:
    """What comes in from a side has come."""

    def wait(page: Page) -> None:
        expect(page.locator(selector).last).to_be_visible()
        page.evaluate("() => Promise.allSettled(document.getAnimations().map(one => one.finished))")

    return wait


def playing(count: int) -> Act:
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


def keys_shown(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    settled("[data-testid=key-map]")(page)


def call_taken(page: Page) -> None:
    page.fill("input[name=number]", "13900000001")
    page.fill("input[name=where]", "钟楼")
    page.get_by_test_id("place-option").first.click()
    page.get_by_test_id("category-fire").check()
    page.fill("textarea[name=text]", "操场东侧冒烟，有学生")
    drawn_map(page)


def verified_line(page: Page) -> None:
    page.locator("[data-testid=audit-row]").nth(2).locator("button").click()
    page.get_by_test_id("proof-button").click()
    expect(page.get_by_test_id("proof-verdict")).to_be_visible(timeout=15_000)


def whole_log_verified(page: Page) -> None:
    page.get_by_test_id("audit-verify").first.click()
    expect(page.get_by_test_id("audit-verdict").first).to_be_visible(timeout=20_000)


def device_with_ladder(page: Page) -> None:
    page.get_by_test_id("device-open").first.click()
    expect(page.get_by_test_id("sip-ladder")).to_be_visible()
    settled(".el-drawer")(page)


def account_form(page: Page) -> None:
    page.get_by_test_id("view-accounts").click()
    page.get_by_test_id("account-row").first.get_by_test_id("edit-button").click()
    settled("[data-testid=side-form]")(page)


def looked_into_the_import(page: Page) -> None:
    page.get_by_test_id("import-row").first.get_by_role("button").click()
    expect(page.get_by_test_id("preview-row").first).to_be_visible()


def drawn_map(page: Page) -> None:
    expect(page.get_by_test_id("city-map")).to_have_attribute("data-state", "drawn", timeout=20_000)


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


def closing(page: Page) -> None:
    handled(page)
    page.get_by_test_id("close-button").click()
    settled("[role=dialog]")(page)

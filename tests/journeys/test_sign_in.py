"""Who somebody is, by hand in Chromium: what is due at the first sign-in, an authenticator app, a passkey, a real identity
provider, and the way back for somebody who lost their device."""

import re
import shutil
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.journeys.one_server import PASSWORDS, OneServer, one_server
from tests.peers.identity_provider import CLIENT_ID, CLIENT_SECRET, WHY_ABSENT, started_provider

pytestmark = [
    pytest.mark.journey,
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]

FRESH = "Eight-green-lanterns"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    environment = {
        "FENGTAI_ACCESS__SECOND_FACTOR_ROLES": "chief",
        "FENGTAI_ACCESS__CHANGE_GIVEN_PASSWORDS": "true",
        "FENGTAI_ACCESS__PROVIDER_PLAINTEXT_OK": "true",
    }
    with one_server(tmp_path_factory.mktemp("sign-in"), **environment) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def app() -> dict[str, str]:
    """What the authenticator app of this story remembers."""
    return {}


def console(browser: Browser, server: OneServer) -> Page:
    """Under a name, because no passkey belongs to an IP address."""
    page = browser.new_context(viewport={"width": 1400, "height": 1000}, locale="en").new_page()
    page.goto(server.url.replace("127.0.0.1", "localhost"))
    page.get_by_role("button", name="English").click()
    expect(page.get_by_test_id("signin-form")).to_be_visible()
    return page


def type_password(page: Page, name: str, password: str) -> None:
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")


def at_work(page: Page) -> None:
    expect(page.get_by_test_id("clock")).to_be_visible(timeout=15_000)


def sign_out(page: Page) -> None:
    page.get_by_test_id("sign-out").click()
    expect(page.get_by_test_id("signin-form")).to_be_visible()


def next_code(secret: str, page: Page) -> str:
    """A code that was not used yet: none is good twice, so the next one, which a clock ahead would show."""
    return pyotp.TOTP(secret).at(int(page.evaluate("Date.now()")) // 1000 + 30)


def test_at_the_first_sign_in_the_password_and_a_second_factor_are_due(
    server: OneServer, browser: Browser, app: dict[str, str]
) -> None:
    page = console(browser, server)
    type_password(page, "zhao", PASSWORDS["zhao"])
    due = page.get_by_test_id("due")
    expect(due).to_contain_text("new password")
    expect(due).to_contain_text("second factor")
    page.goto(f"{page.url.split('/settings')[0]}/alarms")
    expect(due).to_be_visible()

    page.fill("input[name=old]", PASSWORDS["zhao"])
    page.fill("input[name=fresh]", FRESH)
    page.fill("input[name=again]", FRESH)
    page.keyboard.press("Enter")
    expect(due).not_to_contain_text("new password")
    page.get_by_test_id("totp-begin").click()
    expect(page.get_by_test_id("qr")).to_be_visible()
    app["secret"] = page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    page.fill("input[name=totp-code]", "000000")
    page.get_by_test_id("totp-confirm").click()
    expect(page.get_by_test_id("own-totp").get_by_test_id("problem")).to_be_visible()
    page.fill("input[name=totp-code]", pyotp.TOTP(app["secret"]).now())
    page.get_by_test_id("totp-confirm").click()
    codes = page.get_by_test_id("recovery-codes").locator("li")
    expect(codes).to_have_count(10)
    app["recovery"], app["another"] = codes.all_inner_texts()[:2]
    page.get_by_test_id("kept-button").click()

    at_work(page)
    expect(page).not_to_have_url(re.compile("/settings"))
    sign_out(page)
    page.context.close()


def test_with_an_app_one_signs_in_by_keyboard_alone(server: OneServer, browser: Browser, app: dict[str, str]) -> None:
    page = console(browser, server)
    type_password(page, "zhao", FRESH)
    expect(page.get_by_test_id("second-step")).to_be_visible()
    page.keyboard.type(next_code(app["secret"], page))
    at_work(page)
    page.context.close()


def test_without_the_device_a_recovery_code_is_good_once(
    server: OneServer, browser: Browser, app: dict[str, str]
) -> None:
    page = console(browser, server)
    type_password(page, "zhao", FRESH)
    page.get_by_test_id("recovery-button").click()
    page.fill("input[name=code]", app["recovery"].lower())
    page.keyboard.press("Enter")
    at_work(page)
    sign_out(page)
    type_password(page, "zhao", FRESH)
    page.get_by_test_id("recovery-button").click()
    page.fill("input[name=code]", app["recovery"])
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("problem")).to_contain_text("used before")
    page.context.close()


def test_a_passkey_is_entered_and_signs_in_without_a_password(
    server: OneServer, browser: Browser, app: dict[str, str]
) -> None:
    page = console(browser, server)
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    type_password(page, "zhao", FRESH)
    page.get_by_test_id("recovery-button").click()
    page.fill("input[name=code]", app["another"])
    page.keyboard.press("Enter")
    at_work(page)
    page.get_by_test_id("own-settings").click()
    page.fill("input[name=passkey-name]", "desk key")
    page.get_by_test_id("passkey-add").click()
    expect(page.get_by_test_id("passkey-row")).to_contain_text("desk key")
    sign_out(page)

    page.get_by_test_id("passkey-button").click()

    at_work(page)
    page.get_by_test_id("own-settings").click()
    expect(page.get_by_test_id("own-session-row").filter(has_text="passkey").first).to_be_visible()
    page.context.close()


@pytest.mark.skipif(bool(WHY_ABSENT), reason=WHY_ABSENT)
def test_an_administrator_enters_a_provider_and_people_sign_in_there(server: OneServer, browser: Browser) -> None:
    origin = server.url.replace("127.0.0.1", "localhost")
    people = {"sub-li": {"preferred_username": "li.ming", "name": "李明", "groups": ["desk"]}}
    provider = started_provider([f"{origin}/api/session/provider/return"], people)
    try:
        admin = console(browser, server)
        type_password(admin, "administrator", PASSWORDS["administrator"])
        at_work(admin)
        admin.goto(f"{origin}/people")
        admin.get_by_test_id("view-providers").click()
        admin.get_by_test_id("provider-add").click()
        admin.fill("input[name=provider-name]", "City sign-in")
        admin.fill("input[name=issuer]", provider.issuer)
        admin.fill("input[name=client-id]", CLIENT_ID)
        admin.fill("input[name=client-secret]", CLIENT_SECRET)
        admin.check("input[name=makes-people]")
        admin.fill("input[name=roles-claim]", "groups")
        admin.fill("input[name=value-0]", "desk")
        admin.get_by_test_id("save-button").click()
        expect(admin.get_by_test_id("provider-row")).to_contain_text(f"{origin}/api/session/provider/return")
        admin.context.close()

        page = console(browser, server)
        page.get_by_test_id("provider-button").click()
        page.fill("input[name=login]", "sub-li")
        page.fill("input[name=password]", "any")
        page.get_by_role("button").first.click()
        page.get_by_role("button", name="Continue").click()

        at_work(page)
        expect(page.get_by_test_id("own-settings")).to_contain_text("李明")
        page.context.close()

        stranger = console(browser, server)
        stranger.get_by_test_id("provider-button").click()
        stranger.goto(f"{origin}/api/session/provider/return?state=forged&code=forged")
        expect(stranger.get_by_test_id("provider-refused")).to_be_visible()
        stranger.context.close()
    finally:
        provider.stop()


def test_an_administrator_helps_somebody_who_lost_the_device(server: OneServer, browser: Browser) -> None:
    admin = console(browser, server)
    type_password(admin, "administrator", PASSWORDS["administrator"])
    at_work(admin)
    admin.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/people")
    row = admin.get_by_test_id("person-row").filter(has_text="zhao")
    expect(row).to_contain_text("1 passkeys")
    row.get_by_test_id("reset-keys").click()
    admin.fill("input[name=reason]", "phone was stolen, seen in person")
    admin.get_by_test_id("dialog-act").click()
    expect(row).to_contain_text("due at the next sign-in")
    admin.context.close()

    page = console(browser, server)
    type_password(page, "zhao", FRESH)
    expect(page.get_by_test_id("due")).to_contain_text("second factor")
    page.context.close()


def test_a_locked_name_is_unlocked_by_hand(server: OneServer, browser: Browser) -> None:
    with server.client() as client:
        for _ in range(5):
            client.post("/api/session", json={"name": "zhao", "password": "not the password"})
    admin = console(browser, server)
    type_password(admin, "administrator", PASSWORDS["administrator"])
    at_work(admin)
    admin.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/people")
    admin.get_by_test_id("view-locks").click()
    admin.get_by_test_id("lock-row").filter(has_text="zhao").get_by_test_id("unlock-button").click()
    expect(admin.get_by_text("Nothing is locked.")).to_be_visible()
    admin.context.close()


def test_a_program_calls_with_a_token_that_was_made_by_hand(server: OneServer, browser: Browser) -> None:
    admin = console(browser, server)
    type_password(admin, "administrator", PASSWORDS["administrator"])
    at_work(admin)
    admin.goto(f"{server.url.replace('127.0.0.1', 'localhost')}/settings")
    admin.get_by_test_id("token-add").click()
    admin.fill("input[name=purpose]", "list of people for the phone book")
    admin.locator("input[name=permissions][value='people.see']").check()
    admin.get_by_test_id("dialog-act").click()
    token = admin.get_by_test_id("new-token").inner_text()
    with server.client(headers={"Authorization": f"Bearer {token}"}) as program:
        assert program.get("/api/people").status_code == 200
        refused = program.post("/api/people", json={"name": "x.y", "password": FRESH, "roles": ["operator"]})
        assert refused.status_code == 403
        assert program.get("/api/own/keys").status_code == 403
    admin.get_by_test_id("token-row").get_by_role("button").click()
    expect(admin.get_by_test_id("token-row")).to_have_count(0)
    with server.client(headers={"Authorization": f"Bearer {token}"}) as program:
        assert program.get("/api/people").status_code == 401
    admin.context.close()

"""Signing in at a real OpenID Connect provider (npm `oidc-provider`) through the whole web edge."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import ADMINISTRATOR, house_with_people
from tests.peers.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    WHY_ABSENT,
    IdentityProvider,
    signed_in_at,
    started_provider,
)

from fengtai.apps.clocks import SystemClock
from fengtai.apps.web_api.provider_calls import HttpProviderCalls
from fengtai.domain.access.model import AccessPolicy, Role
from fengtai.domain.access.service import ProviderDesk
from fengtai.vocabulary.clock import Clock

pytestmark = pytest.mark.skipif(bool(WHY_ABSENT), reason=WHY_ABSENT)

BACK = "https://fengtai.test/api/session/provider/return"
PEOPLE = {
    "sub-operator": {"preferred_username": "Operator", "name": "王值班", "groups": ["desk"]},
    "sub-other-operator": {"preferred_username": "operator", "name": "somebody else", "groups": ["desk"]},
    "sub-new": {"preferred_username": "li.ming", "name": "李明", "groups": ["desk", "cleaners"]},
    "sub-cleaner": {"preferred_username": "zhou", "name": "周", "groups": ["cleaners"]},
    "sub-admin": {"preferred_username": ADMINISTRATOR, "name": "mallory", "groups": ["desk"]},
    "sub-nameless": {"groups": "desk"},
}


@pytest.fixture(scope="module")
def idp() -> Iterator[IdentityProvider]:
    provider = started_provider([BACK], PEOPLE)
    yield provider
    provider.stop()


class Door:
    """The web edge with one provider entered, and the browser that goes there and back."""

    def __init__(self, edge: Edge, idp: IdentityProvider, provider_id: str) -> None:
        self.edge, self.idp, self.provider_id = edge, idp, provider_id

    async def leave(self, browser: httpx.AsyncClient) -> str:
        answer = await browser.get(f"/api/session/provider/{self.provider_id}/leave", params={"post": "desk 3"})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def arrive(self, login: str) -> tuple[httpx.AsyncClient, httpx.Response]:
        browser = self.edge.client()
        browser.base_url = httpx.URL("https://fengtai.test")
        back = await signed_in_at(self.idp, await self.leave(browser), login)
        return browser, await browser.get(back)

    async def change(self, **terms: object) -> None:
        async with await self.edge.signed_in(ADMINISTRATOR) as admin:
            answer = await admin.put(f"/api/identity-providers/{self.provider_id}", json=asked(self.idp, **terms))
            assert answer.status_code == 200, answer.text

    def told(self, answer: httpx.Response) -> dict[str, list[str]]:
        where = urlsplit(answer.headers["location"])
        assert (answer.status_code, where.path) == (303, "/sign-in")
        assert "fengtai_session" not in answer.headers.get("set-cookie", "")
        return parse_qs(where.fragment)


def asked(idp: IdentityProvider, **terms: object) -> dict[str, object]:
    return {"name": "City sign-in", "issuer": idp.issuer, "client_id": CLIENT_ID, "links_by_name": True, **terms}


async def door_to(idp: IdentityProvider, policy: AccessPolicy = AccessPolicy(), **terms: object) -> Door:
    house = await house_with_people(policy)
    house.clock.advance((SystemClock().now().utc - house.clock.now().utc).total_seconds())
    house.providers = ProviderDesk(
        transactions=house.transactions, vault=house.vault, calls=calls(house.clock), policy=policy
    )
    edge = edge_of(house)
    async with await edge.signed_in(ADMINISTRATOR) as admin:
        body = asked(idp, client_secret=CLIENT_SECRET, **terms)
        answer = await admin.post("/api/identity-providers", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["return_address"] == BACK
    return Door(edge, idp, answer.json()["id"])


def calls(clock: Clock) -> HttpProviderCalls:
    return HttpProviderCalls(clock, plaintext_ok=True)


async def test_a_known_person_signs_in_and_is_recognised_by_the_subject_from_then_on(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    browser, answer = await door.arrive("sub-operator")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    session = (await browser.get("/api/session")).json()
    assert (session["name"], session["post"]) == ("operator", "desk 3")
    assert session["proven_by"] == f"provider:{door.provider_id}"
    assert "alarms.handle" in session["permissions"]
    [line] = door.edge.house.lines("person.link")
    assert line.details["subject"] == "sub-operator"

    await door.change(links_by_name=False)
    again, answer = await door.arrive("sub-operator")
    assert answer.headers["location"] == "/"
    assert (await again.get("/api/session")).json()["name"] == "operator"


async def test_a_name_that_was_given_to_somebody_else_there_opens_nothing_here(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    await door.arrive("sub-operator")
    _, answer = await door.arrive("sub-other-operator")
    assert door.told(answer) == {"refused": ["not-entered"]}


async def test_nobody_becomes_an_administrator_by_choosing_a_name_there(idp: IdentityProvider) -> None:
    door = await door_to(idp, makes_people=True, roles_claim="groups", role_of={"desk": "operator"})
    _, answer = await door.arrive("sub-admin")
    assert door.told(answer) == {"refused": ["not-entered"]}


async def test_whoever_becomes_a_guardian_later_signs_in_here_only(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    await door.arrive("sub-operator")
    house = door.edge.house
    person = next(one for one in await house.everybody() if one.name == "operator")
    admin = await house.actor(ADMINISTRATOR)
    await house.change(person.id, display_name="x", roles=[Role.ADMINISTRATOR], disabled=False, by=admin)
    _, answer = await door.arrive("sub-operator")
    assert door.told(answer) == {"refused": ["not-entered"]}


async def test_without_linking_by_name_nobody_is_recognised(idp: IdentityProvider) -> None:
    door = await door_to(idp, links_by_name=False)
    _, answer = await door.arrive("sub-operator")
    assert door.told(answer) == {"refused": ["not-entered"]}


async def test_somebody_new_is_made_with_mapped_roles_only_when_the_setting_says_so(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    _, answer = await door.arrive("sub-new")
    assert door.told(answer) == {"refused": ["not-entered"]}

    await door.change(makes_people=True, roles_claim="groups", role_of={"desk": "operator", "chiefs": "chief"})
    browser, answer = await door.arrive("sub-new")

    assert answer.headers["location"] == "/"
    session = (await browser.get("/api/session")).json()
    assert (session["name"], session["display_name"], session["roles"]) == ("li.ming", "李明", ["operator"])
    for login in ("sub-cleaner", "sub-nameless"):
        _, answer = await door.arrive(login)
        assert door.told(answer) == {"refused": ["not-entered"]}
    with_password = {"name": "li.ming", "password": " "}
    assert (await door.edge.client().post("/api/session", json=with_password)).status_code == 401


async def test_a_disabled_person_stays_out(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    house = door.edge.house
    person = next(one for one in await house.everybody() if one.name == "operator")
    admin = await house.actor(ADMINISTRATOR)
    await house.change(person.id, display_name="x", roles=person.roles, disabled=True, by=admin)
    _, answer = await door.arrive("sub-operator")
    assert door.told(answer) == {"refused": ["not-entered"]}


async def test_whoever_has_a_second_factor_is_asked_for_it_unless_the_provider_counts_as_two(
    idp: IdentityProvider,
) -> None:
    door = await door_to(idp)
    house = door.edge.house
    by = await house.actor("operator")
    offer = await house.factors.offer_totp(password="", by=by)
    app = pyotp.TOTP(offer.secret)
    codes = await house.factors.enrol_totp(offer.ticket, app.at(house.clock.now().utc), by=by)
    browser, answer = await door.arrive("sub-operator")
    told = door.told(answer)
    assert told["ways"] == ["totp,recovery-code"]

    second = await browser.post("/api/session/second", json={"ticket": told["second"][0], "code": codes[0]})

    assert second.json()["proven_by"] == f"provider:{door.provider_id}+recovery-code"
    await door.change(counts_as_two=True)
    _, answer = await door.arrive("sub-operator")
    assert answer.headers["location"] == "/"


async def test_whose_role_needs_two_factors_enters_one_unless_the_provider_counts_as_two(
    idp: IdentityProvider,
) -> None:
    policy = AccessPolicy(second_factor_roles=frozenset({Role.OPERATOR}))
    door = await door_to(idp, policy)
    browser, _ = await door.arrive("sub-operator")
    session = (await browser.get("/api/session")).json()
    assert (session["due"], session["permissions"]) == (["second-factor"], [])


async def test_a_way_back_is_good_once_and_in_one_browser_only(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    browser = door.edge.client()
    back = await signed_in_at(idp, await door.leave(browser), "sub-operator")
    assert door.told(await door.edge.client().get(back)) == {"refused": ["not-good"]}
    assert door.told(await browser.get(back)) == {"refused": ["not-good"]}, "the first try has used it up"

    browser, answer = await door.arrive("sub-operator")
    assert answer.headers["location"] == "/"
    assert door.told(await browser.get(str(answer.url))) == {"refused": ["not-good"]}


async def test_a_code_of_another_sign_in_is_refused(idp: IdentityProvider) -> None:
    """The attacker's own code put into somebody's way back (login CSRF): PKCE and nonce do not fit."""
    door = await door_to(idp)
    attacker, victim = door.edge.client(), door.edge.client()
    stolen = parse_qs(urlsplit(await signed_in_at(idp, await door.leave(attacker), "sub-operator")).query)["code"][0]
    state = parse_qs(urlsplit(await door.leave(victim)).query)["state"][0]
    answer = await victim.get(BACK, params={"state": state, "code": stolen, "iss": idp.issuer})
    assert door.told(answer)["refused"][0] in ("not-good", "unavailable")


async def test_the_answer_of_another_issuer_is_refused(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    browser = door.edge.client()
    back = await signed_in_at(idp, await door.leave(browser), "sub-operator")
    assert "iss=" in back, "RFC 9207"
    mixed_up = httpx.URL(back).copy_set_param("iss", "https://evil.example")
    assert door.told(await browser.get(str(mixed_up))) == {"refused": ["not-good"]}


async def test_new_keys_of_the_provider_are_found(idp: IdentityProvider) -> None:
    own = started_provider([BACK], PEOPLE)
    try:
        door = await door_to(own)
        await door.arrive("sub-operator")
        own.rotate_keys()
        _, answer = await door.arrive("sub-operator")
        assert answer.headers["location"] == "/"
    finally:
        own.stop()


async def test_clocks_may_differ_by_a_minute_and_no_more(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    clock = door.edge.house.clock
    clock.advance(3600 + 40)
    _, answer = await door.arrive("sub-operator")
    assert answer.headers["location"] == "/"
    clock.advance(60)
    _, answer = await door.arrive("sub-operator")
    assert door.told(answer) == {"refused": ["not-good"]}


async def test_a_wrong_client_secret_or_id_opens_nothing(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    await door.change(client_secret="another")
    _, answer = await door.arrive("sub-operator")
    assert door.told(answer)["refused"][0] in ("not-good", "unavailable")


async def test_a_provider_that_does_not_answer_is_told_as_such(idp: IdentityProvider) -> None:
    own = started_provider([BACK], PEOPLE)
    door = await door_to(own)
    own.stop()
    answer = await door.edge.client().get(f"/api/session/provider/{door.provider_id}/leave")
    assert door.told(answer) == {"refused": ["unavailable"]}


async def test_a_provider_that_is_switched_off_or_unknown_is_not_gone_to(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    await door.change(enabled=False)
    for provider_id in (door.provider_id, "f" * 32):
        answer = await door.edge.client().get(f"/api/session/provider/{provider_id}/leave")
        assert door.told(answer) == {"refused": ["unavailable"]}
    assert (await door.edge.client().get("/api/sign-in")).json()["providers"] == []


async def test_the_secret_is_sealed_and_never_told(idp: IdentityProvider) -> None:
    door = await door_to(idp)
    async with await door.edge.signed_in(ADMINISTRATOR) as admin:
        listed = await admin.get("/api/identity-providers")
    assert listed.json()["items"][0]["has_secret"] is True
    assert CLIENT_SECRET not in listed.text
    assert CLIENT_SECRET not in repr(await door.edge.house.providers.all())
    async with await door.edge.signed_in("operator") as operator:
        assert (await operator.get("/api/identity-providers")).status_code == 403


@pytest.mark.parametrize(
    "terms",
    [
        {"issuer": "http://idp.example"},
        {"issuer": "ftp://idp.example"},
        {"issuer": "https://idp.example?x=1"},
        {"issuer": "https://a:b@idp.example"},
        {"issuer": "https://idp.example:99999"},
        {"role_of": {"desk": "administrator"}},
        {"role_of": {"desk": "auditor"}},
        {"makes_people": True},
        {"scopes": ["profile"]},
        {"issuer": "https://other.example"},
    ],
)
async def test_what_an_administrator_may_not_enter(idp: IdentityProvider, terms: dict[str, object]) -> None:
    door = await door_to(idp)
    async with await door.edge.signed_in(ADMINISTRATOR) as admin:
        answer = await admin.put(f"/api/identity-providers/{door.provider_id}", json=asked(idp, **terms))
    assert answer.status_code == 422, answer.text

"""Signing in over HTTP by every way: the second step, passkeys, tokens, one's own keys; what is shown and what is not."""

import httpx
import pyotp
import pytest
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.authenticator import Device
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, house_with_people

from fengtai.domain.access.model import AccessPolicy, Role


async def with_app(edge: Edge, name: str) -> tuple[pyotp.TOTP, list[str]]:
    async with await edge.signed_in(name) as person:
        offer = (await person.post("/api/own/totp", json={})).json()
        app = pyotp.TOTP(offer["secret"])
        asked = {"ticket": offer["ticket"], "code": app.at(edge.house.clock.now().utc)}
        codes = (await person.post("/api/own/totp/confirm", json=asked)).json()["codes"]
    edge.house.clock.advance(60)
    return app, codes


async def first_step(edge: Edge, client: httpx.AsyncClient, name: str) -> httpx.Response:
    return await client.post("/api/session", json={"name": name, "password": edge.house.password_of(name)})


async def test_the_second_step_sets_the_cookie_and_the_first_does_not(edge: Edge) -> None:
    app, _ = await with_app(edge, "operator")
    async with edge.client() as browser:
        asked = await first_step(edge, browser, "operator")
        assert (asked.status_code, asked.json()["ways"]) == (202, ["totp", "recovery-code"])
        assert "set-cookie" not in asked.headers
        assert (await browser.get("/api/session")).status_code == 401

        body = {"ticket": asked.json()["ticket"], "code": app.at(edge.house.clock.now().utc)}
        signed = await browser.post("/api/session/second", json=body)

        assert signed.status_code == 200
        cookie = signed.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await browser.get("/api/session")).json()["proven_by"] == "password+totp"
        assert (await browser.post("/api/session/second", json=body)).status_code == 401


async def test_a_passkey_signs_in_over_http(edge: Edge) -> None:
    device = Device()
    async with await edge.signed_in("operator") as person:
        question = (await person.post("/api/own/passkeys/question", json={})).json()
        body = {"ticket": question["ticket"], "name": "desk", "credential": device.create(question["options"])}
        assert (await person.post("/api/own/passkeys", json=body)).status_code == 201
    async with edge.client() as browser:
        question = (await browser.post("/api/session/passkey/question")).json()
        assert question["options"].get("allowCredentials", []) == []
        body = {"ticket": question["ticket"], "credential": device.get(question["options"]), "post": "desk 3"}
        signed = await browser.post("/api/session/passkey", json=body)
        assert (signed.status_code, signed.json()["proven_by"]) == (200, "passkey")
        assert (await browser.post("/api/session/passkey", json=body)).status_code == 401


async def test_while_something_is_due_only_ones_own_keys_open() -> None:
    edge = edge_of(await house_with_people(AccessPolicy(second_factor_roles=frozenset(Role))))
    async with edge.client() as client:
        signed = (await first_step(edge, client, ADMINISTRATOR)).json()
    assert (signed["due"], signed["permissions"]) == (["second-factor"], [])
    async with edge.client(Authorization=f"Bearer {signed['token']}") as person:
        assert (await person.get("/api/people")).status_code == 403
        assert (await person.get("/api/own/keys")).json()["must_have_second_factor"] is True
        offer = (await person.post("/api/own/totp", json={})).json()
        code = pyotp.TOTP(offer["secret"]).at(edge.house.clock.now().utc)
        await person.post("/api/own/totp/confirm", json={"ticket": offer["ticket"], "code": code})
        assert (await person.get("/api/people")).status_code == 200


async def test_a_token_calls_without_the_consoles_header_and_changes_nobodys_keys(edge: Edge) -> None:
    async with await edge.browser(ADMINISTRATOR) as admin:
        asked = {"purpose": "phone book", "permissions": ["people.see"], "days": 7}
        made = await admin.post("/api/own/tokens", json=asked)
        assert made.status_code == 201
        assert made.json()["token"].startswith("fta_")
        assert made.json()["token"] not in (await admin.get("/api/own/tokens")).text
        asked["permissions"] = ["people.edit"]
        assert (await admin.post("/api/own/tokens", json=asked)).status_code == 422
    async with edge.client(Authorization=f"Bearer {made.json()['token']}") as program:
        assert (await program.get("/api/people")).status_code == 200
        assert (await program.get("/api/session")).status_code == 403
        assert (await program.get("/api/own/keys")).status_code == 403
        assert (await program.post("/api/own/tokens", json=asked)).status_code == 403
        assert (await program.delete(f"/api/own/tokens/{made.json()['id']}")).status_code == 403
        assert (await program.post("/api/session/password", json={"old": "x", "new": "y"})).status_code == 403
    async with edge.client(Cookie=f"fengtai_session={made.json()['token']}") as thief:
        assert (await thief.get("/api/session")).status_code == 403


async def test_nobody_ends_the_sessions_or_tokens_of_others_as_their_own(edge: Edge) -> None:
    async with await edge.signed_in("operator") as operator, await edge.signed_in("chief") as chief:
        asked = {"purpose": "wall board", "permissions": ["alarms.see"], "days": 7}
        token = (await operator.post("/api/own/tokens", json=asked)).json()
        session = (await operator.get("/api/own/sessions")).json()["items"][0]
        for address in (f"/api/own/tokens/{token['id']}", f"/api/own/sessions/{session['id']}"):
            foreign, unknown = await chief.delete(address), await chief.delete(f"{address[:-1]}{'x'}")
            assert (foreign.status_code, foreign.json()["detail"]) == (404, unknown.json()["detail"])
        assert (await operator.delete(f"/api/own/tokens/{token['id']}")).status_code == 204


async def test_one_ends_all_other_sessions_of_ones_own(edge: Edge) -> None:
    async with await edge.signed_in("operator") as here, await edge.signed_in("operator") as elsewhere:
        assert [one["is_this_one"] for one in (await here.get("/api/own/sessions")).json()["items"]].count(True) == 1
        assert (await here.delete("/api/own/sessions")).status_code == 204
        assert (await elsewhere.get("/api/session")).status_code == 401
        assert len((await here.get("/api/own/sessions")).json()["items"]) == 1


async def test_who_may_help_others_and_who_may_only_look(edge: Edge) -> None:
    await with_app(edge, "operator")
    person = next(one for one in await edge.house.everybody() if one.name == "operator")
    reset, reason = f"/api/people/{person.id}/keys/reset", {"reason": "phone was stolen"}
    async with await edge.signed_in(AUDITOR) as auditor, await edge.signed_in("dispatcher") as dispatcher:
        listed = (await auditor.get("/api/people-keys")).json()["items"]
        assert next(one for one in listed if one["user_id"] == person.id)["totp"] is True
        assert (await auditor.post(reset, json=reason)).status_code == 403
        assert (await dispatcher.get("/api/people-keys")).status_code == 403
        assert (await dispatcher.get("/api/locks")).status_code == 403
    async with await edge.signed_in(ADMINISTRATOR) as admin:
        assert (await admin.post(reset, json=reason)).status_code == 204
        own = next(one for one in await edge.house.everybody() if one.name == ADMINISTRATOR)
        assert (await admin.post(f"/api/people/{own.id}/keys/reset", json=reason)).status_code == 403
    async with edge.client() as client:
        assert (await first_step(edge, client, "operator")).status_code == 200


async def test_a_wrong_proof_names_its_field(edge: Edge) -> None:
    async with await edge.signed_in("operator") as person:
        edge.house.clock.advance(700)
        for password in ("", "not the password at all"):
            answer = await person.post("/api/own/totp", json={"password": password})
            assert (answer.status_code, answer.json()["field"]) == (422, "password")


async def test_what_the_sign_in_page_is_told_tells_nothing_about_people(edge: Edge) -> None:
    async with edge.client() as stranger:
        told = (await stranger.get("/api/sign-in")).json()
    assert told == {
        "providers": [],
        "passkey_name": "fengtai.test",
        "password_profile": "asvs5",
        "shortest_password": 12,
    }


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/session/second", {"ticket": "x", "code": "123456", "admin": True}),
        ("/api/session/second", {"ticket": ["x"], "code": {"a": 1}}),
        ("/api/session/second", {"ticket": "x", "code": "9" * 65}),
        ("/api/session/passkey", {"ticket": "x", "credential": "text"}),
        ("/api/session/passkey", {"ticket": "x", "credential": {"rawId": "é" * 3000}}),
        ("/api/session/passkey", {"ticket": "x", "credential": {}, "post": "x" * 65}),
    ],
)
async def test_what_cannot_be_an_answer_is_refused_in_words(edge: Edge, address: str, body: dict[str, object]) -> None:
    async with edge.client() as stranger:
        answer = await stranger.post(address, json=body)
    assert answer.status_code in (401, 422)
    assert answer.headers["content-type"] == "application/problem+json"

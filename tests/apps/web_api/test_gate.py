"""The gate before every route: default deny, forged sessions, pages of other sites, bodies that nobody can take."""

import json

import pytest
from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.routing import Mount, Route
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import ADMINISTRATOR, House, house_with_people

from fengtai.apps.web_api.app import check_every_route
from fengtai.apps.web_api.gate import UnmarkedRoute, who
from fengtai.domain.access.model import Actor, Permission, needs, public
from fengtai.vocabulary.errors import NotFound

PROBLEM = {"type", "title", "status", "detail", "kind"}


class Lamp(BaseModel):
    name: str
    lumens: float = 1.0
    colours: list[str] = []


def lamp_routes(house: House | None = None) -> APIRouter:
    routes = APIRouter()

    @routes.post("/api/lamps", openapi_extra=needs(Permission.POINTS_EDIT))
    async def add(lamp: Lamp, by: Actor = Depends(who)) -> Lamp:
        return lamp

    @routes.get("/api/lamps/{lamp_id}", openapi_extra=needs(Permission.POINTS_SEE))
    async def one(lamp_id: str, after: int = 0) -> Lamp:
        raise NotFound("there is no such lamp")

    @routes.get("/api/broken", openapi_extra=public())
    async def broken() -> Lamp:
        raise RuntimeError("the password is hunter2")

    return routes


@pytest.fixture
async def lamps() -> Edge:
    return edge_of(await house_with_people(), routers=[lamp_routes()], origins=["https://proxy.example"])


# --- default deny


@pytest.mark.parametrize("extra", [None, {}, {"x-access": ""}, {"x-access": "lamps.see"}, {"x-access": None}])
async def test_the_server_does_not_start_with_a_route_that_does_not_say_who_may_call_it(house: House, extra) -> None:
    routes = APIRouter()
    routes.add_api_route("/api/open-door", lambda: 1, openapi_extra=extra)
    with pytest.raises(UnmarkedRoute, match="/api/open-door"):
        edge_of(house, routers=[routes])


async def test_it_does_not_start_with_a_kind_of_route_that_the_gate_cannot_guard(house: House) -> None:
    for route in (Route("/plain", PlainTextResponse("x")), Mount("/files", PlainTextResponse("x"))):
        routes = APIRouter()
        routes.routes.append(route)
        with pytest.raises(UnmarkedRoute):
            edge_of(house, routers=[routes])


async def test_a_route_hung_in_beside_the_gate_is_found(lamps: Edge) -> None:
    lamps.app.get("/api/beside", openapi_extra=public())(lambda: 1)
    with pytest.raises(UnmarkedRoute, match="does not stand behind the gate"):
        check_every_route(lamps.app)


# --- who calls


async def test_a_stranger_is_told_to_sign_in(lamps: Edge) -> None:
    async with lamps.client() as stranger:
        answer = await stranger.get("/api/lamps/1")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == PROBLEM


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer " + "A" * 43},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic d2VpOng="},
        {"Cookie": "fengtai_session=" + "A" * 43},
        {"Cookie": 'fengtai_session="; Path=/'},
        {"Cookie": "fengtai_session=\xff\xfe"},
        {"Authorization": "Bearer \xe9"},
    ],
)
async def test_a_forged_session_opens_nothing(lamps: Edge, headers) -> None:
    async with lamps.client() as stranger:
        answer = await stranger.get("/api/lamps/1", headers={k: v.encode("latin-1") for k, v in headers.items()})
    assert answer.status_code == 401


async def test_an_expired_session_opens_nothing(lamps: Edge) -> None:
    async with await lamps.signed_in("operator") as operator:
        assert (await operator.get("/api/session")).status_code == 200
        lamps.house.clock.advance(12 * 3600)
        assert (await operator.get("/api/session")).status_code == 401


async def test_whoever_lacks_the_permission_is_told_which(lamps: Edge) -> None:
    async with await lamps.signed_in("operator") as operator:
        answer = await operator.post("/api/lamps", json={"name": "a"})
    assert answer.status_code == 403
    refusal = answer.json()
    assert "points.edit is missing: no grant gives it. An administrator" in refusal["detail"]
    assert (refusal["missing"]["permission"], refusal["missing"]["grants"]) == ("points.edit", [])


async def test_what_is_missing_and_what_is_forbidden_to_know_look_the_same(lamps: Edge) -> None:
    async with await lamps.signed_in("operator") as operator:
        answers = [await operator.get(f"/api/lamps/{lamp}") for lamp in ("1", "0" * 32, "%2e%2e")]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(404, "there is no such lamp")}


# --- pages of other sites


async def test_a_browser_signs_in_by_a_cookie_that_scripts_and_other_sites_cannot_use(lamps: Edge) -> None:
    async with lamps.client() as browser:
        answer = await browser.post(
            "/api/session", json={"name": "operator", "password": lamps.house.password_of("operator")}
        )
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        assert "secure" not in cookie
        assert (await browser.get("/api/session")).json()["name"] == "operator"


async def test_over_tls_the_cookie_never_travels_in_clear(lamps: Edge) -> None:
    async with lamps.client() as browser:
        browser.base_url = "https://fengtai.test"
        body = {"name": "operator", "password": lamps.house.password_of("operator")}
        assert "secure" in (await browser.post("/api/session", json=body)).headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"X-Fengtai": ""}, 403),
        ({"X-Fengtai": "0"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://fengtai.test.evil.example"}, 403),
        ({"Origin": "http://fengtai.test:81"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "https://proxy.example"}, 200),
    ],
)
async def test_only_the_consoles_own_pages_change_things_by_cookie(lamps: Edge, headers, status) -> None:
    async with await lamps.browser("engineer") as browser:
        answer = await browser.post("/api/lamps", json={"name": "a"}, headers=headers)
    assert answer.status_code == status


async def test_another_site_cannot_sign_somebody_in(lamps: Edge) -> None:
    body = {"name": "operator", "password": lamps.house.password_of("operator")}
    async with lamps.client(Origin="http://evil.example") as browser:
        assert (await browser.post("/api/session", json=body)).status_code == 403


async def test_a_program_with_a_token_needs_no_browser_headers(lamps: Edge) -> None:
    async with await lamps.signed_in("engineer") as program:
        assert (await program.post("/api/lamps", json={"name": "a"})).status_code == 200


# --- bodies

DEEP = b'{"name": "a", "colours": ' + b"[" * 5000 + b"]" * 5000 + b"}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b"\xff\xfe", 400),
        (DEEP, 400),
        (b'{"name": "a", "lumens": NaN}', 400),
        (b'{"name": "a", "lumens": -Infinity}', 400),
        (b'{"name": "a", "lumens": 1e999}', 400),
        (b'{"name": "a", "lumens": 99999999999999999999999999}', 400),
        (b'{"name": "a\\u0000b"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"name": {"a": 1}}', 422),
        (b'{"name": ["a"]}', 422),
        (b'{"name": "' + b"x" * (1 << 20) + b'"}', 413),
        (b'{"name": "a", "name": "b"}', 200),
    ],
)
async def test_no_body_makes_the_server_stumble(lamps: Edge, body: bytes, status: int) -> None:
    async with await lamps.signed_in("engineer") as engineer:
        answer = await engineer.post("/api/lamps", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    if status != 200:
        assert set(answer.json()) - {"field", "missing"} == PROBLEM


async def test_a_body_without_a_length_is_cut_at_the_limit(lamps: Edge) -> None:
    async def endless():
        for _ in range(200):
            yield b"x" * 65536

    async with await lamps.signed_in("engineer") as engineer:
        assert (await engineer.post("/api/lamps", content=endless())).status_code == 413


async def test_the_right_is_looked_at_before_the_body(lamps: Edge) -> None:
    async with await lamps.signed_in("operator") as operator:
        assert (await operator.post("/api/lamps", content=DEEP)).status_code == 403


@pytest.mark.parametrize(
    "path", ["/api/lamps/a%00b", "/api/lamps/1?after=%00", "/api/lamps/1?after=NaN", f"/api/lamps/1?after={9**40}"]
)
async def test_no_address_makes_the_server_stumble(lamps: Edge, path: str) -> None:
    async with await lamps.signed_in("operator") as operator:
        assert (await operator.get(path)).status_code in (400, 422)


async def test_a_refused_password_is_not_repeated(lamps: Edge) -> None:
    async with lamps.client() as client:
        answer = await client.post("/api/session", json={"name": ["operator"], "password": "my secret passphrase"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "name"
    assert "passphrase" not in answer.text


async def test_what_goes_wrong_inside_is_not_told_outside(lamps: Edge) -> None:
    async with lamps.client() as client:
        answer = await client.get("/api/broken")
    assert answer.status_code == 500
    assert set(answer.json()) == PROBLEM
    assert "hunter2" not in answer.text
    assert answer.headers["content-security-policy"] == "default-src 'none'"


async def test_wrong_methods_and_addresses_are_problems_too(lamps: Edge) -> None:
    async with lamps.client() as client:
        assert (await client.put("/api/session", json={})).status_code == 405
        answer = await client.get("/api/nothing/here")
    assert answer.status_code == 404
    assert json.loads(answer.text)["kind"] == "not-found"


# --- rights that end in the middle


async def test_a_right_that_ends_while_a_slow_body_arrives_counts_no_more(lamps: Edge) -> None:
    """Who knows that the session will be ended could otherwise keep a request open for half a minute, and act then."""
    engineer = await lamps.house.sign_in("engineer")

    async def slow():
        yield b'{"name": '
        await lamps.desk.revoke(engineer.session.id, by=await lamps.house.actor(ADMINISTRATOR))
        yield b'"north gate"}'

    async with lamps.client(Authorization=f"Bearer {engineer.token}") as client:
        answer = await client.post("/api/lamps", content=slow(), headers={"content-type": "application/json"})
    assert answer.status_code == 401


async def test_a_refusal_names_the_right_and_the_place_for_programs_too(lamps: Edge) -> None:
    async with await lamps.signed_in("operator") as operator:
        refused = (await operator.post("/api/lamps", json={"name": "x"})).json()
    assert refused["kind"] == "forbidden"
    assert refused["missing"] == {
        "permission": "points.edit",
        "organisation_id": "",
        "area_code": "",
        "point_class": 0,
        "grants": [],
        "words": "points.edit is missing: no grant gives it",
    }

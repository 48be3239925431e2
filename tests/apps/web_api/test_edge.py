"""Headers, health, metrics, the system board, the console's files, and the routes of access from outside."""

import gzip
from pathlib import Path

import pytest
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, House, house_with_people

from fengtai.apps.settings import load_settings
from fengtai.apps.web_api.discovery import ServiceMissing, discovered_routers, found_router_makers
from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.headers import content_security_policy, live_sources
from fengtai.apps.web_api.problems import HTTP_STATUS, TITLES
from fengtai.vocabulary.errors import Kind


def test_every_kind_of_refusal_has_a_status_and_a_title() -> None:
    assert set(HTTP_STATUS) == set(TITLES) == set(Kind)
    assert all(400 <= status < 600 for status in HTTP_STATUS.values())


def test_a_service_that_nobody_gave_is_named() -> None:
    assert [maker for maker in found_router_makers() if maker.__module__ == "fengtai.domain.access.api"]
    with pytest.raises(ServiceMissing, match=r"api\.router needs \w+: \w+"):
        discovered_routers({}, who)


# --- headers


async def test_every_answer_forbids_framing_and_foreign_scripts(edge: Edge) -> None:
    async with edge.client() as client:
        for path in ("/", "/healthz", "/api/session", "/api/setup", "/nothing.js"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "script-src 'self';" in headers["content-security-policy"]
            if path.startswith("/api/"):
                assert headers["cache-control"] == "no-store"


def test_the_policy_lets_live_pictures_in_and_no_inline_script() -> None:
    policy = content_security_policy(["http://10.0.0.5:8091"])
    assert "connect-src 'self' http://10.0.0.5:8091 ws://10.0.0.5:8091;" in policy
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("10.0.0.5:8080", "10.0.0.5"),
        ("fengtai.example", "fengtai.example"),
        ("[2001:db8::5]:8080", "[2001:db8::5]"),
        ("evil.example; script-src *", "localhost"),
        ("a b", "localhost"),
        ("", "localhost"),
    ],
)
async def test_live_pictures_are_allowed_from_where_the_console_reached_us(host: str, named: str) -> None:
    media = load_settings(environ={"FENGTAI_MEDIA__WORKERS": "2"}).media
    edge = edge_of(await house_with_people(), media_sources=live_sources(media))
    async with edge.client(Host=host) as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    connect = policy.split("connect-src ")[1].split(";")[0].split()
    assert connect == ["'self'", *(f"{scheme}://{named}:{port}" for port in (8091, 8092) for scheme in ("http", "ws"))]
    assert "script-src *" not in policy


# --- system


async def test_readiness_follows_the_parts(edge: Edge) -> None:
    part = edge.board.part("database")
    async with edge.client() as client:
        assert (await client.get("/healthz")).json() == {"alive": True}
        assert (await client.get("/readyz")).status_code == 200
        part.degraded("slow disk")
        assert (await client.get("/readyz")).status_code == 200
        part.down("disk full at /var/secret")
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False, "down": ["database"]})


async def test_the_status_page_tells_parts_since_when_and_figures(edge: Edge) -> None:
    edge.board.part("gb28181").good("12 devices")
    edge.house.clock.advance(60)
    edge.board.part("gb28181").degraded("no keepalive for 90 s")
    edge.board.figure("open_streams", lambda: 3)
    await edge.board.tick(edge.house.transactions)
    async with await edge.signed_in("operator") as operator:
        told = (await operator.get("/api/system")).json()
    assert told["parts"] == [
        {"name": "gb28181", "state": "degraded", "detail": "no keepalive for 90 s", "since": "2026-11-20T12:01:00.000Z"}
    ]
    assert told["figures"] == {"open_streams": 3}
    assert (told["site"], told["time_zone"], told["started_at"]) == (
        "Invented city",
        "Asia/Shanghai",
        "2026-11-20T12:00:00.000Z",
    )
    changes = edge.house.transactions.told("system.part_changed")
    assert [(event.payload["name"], event.payload["state"]) for event in changes] == [("gb28181", "degraded")]


async def test_metrics_are_for_this_machine_or_for_those_who_may_see_the_system(edge: Edge) -> None:
    async with edge.client() as here:
        assert "fengtai_http_answers_total" in (await here.get("/metrics")).text
    async with edge.client(**{"X-Forwarded-For": "203.0.113.9"}) as through_a_proxy:
        assert (await through_a_proxy.get("/metrics")).status_code == 401
    async with await edge.signed_in("lin.auditor") as auditor:
        auditor.headers["X-Forwarded-For"] = "203.0.113.9"
        assert (await auditor.get("/metrics")).status_code == 403


async def test_the_description_tells_of_each_route_who_may_call_it(edge: Edge) -> None:
    async with edge.client() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    assert paths["/api/people"]["get"]["x-access"] == "people.see"
    assert all("x-access" in route for methods in paths.values() for route in methods.values())


# --- the console's files


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>console</title>")
    (folder / "assets" / "index-4f3a.js").write_text("export {}")
    (tmp_path / "secret.key").write_text("the vault's key")
    (folder / "leak.txt").symlink_to(tmp_path / "secret.key")
    return folder


async def test_files_of_the_console_are_sent_compressed_to_those_who_take_it(dist: Path) -> None:
    script = b"export const words = 'the same words again and again'\n" * 100
    (dist / "assets" / "words-77aa.js").write_bytes(script)
    (dist / "assets" / "words-77aa.js.gz").write_bytes(gzip.compress(script))
    edge = edge_of(await house_with_people(), console=dist)
    async with edge.client() as client:
        taken = await client.get("/assets/words-77aa.js", headers={"Accept-Encoding": "br, gzip;q=0.8"})
        assert (taken.headers["content-encoding"], taken.headers["vary"]) == ("gzip", "accept-encoding")
        assert int(taken.headers["content-length"]) < len(script) == len(taken.content)
        assert "javascript" in taken.headers["content-type"]
        for refused in ("identity", "gzip;q=0", "gzip; q=0.0"):
            plain = await client.get("/assets/words-77aa.js", headers={"Accept-Encoding": refused})
            assert "content-encoding" not in plain.headers
            assert plain.content == script


async def test_pages_of_the_console_get_its_index_and_hashed_files_are_kept(dist: Path) -> None:
    edge = edge_of(await house_with_people(), console=dist)
    async with edge.client() as client:
        for page in ("/", "/alarms", "/incidents/42"):
            answer = await client.get(page)
            assert "<title>console</title>" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        script = await client.get("/assets/index-4f3a.js")
        assert "immutable" in script.headers["cache-control"]
        assert "javascript" in script.headers["content-type"]
        again = await client.get("/assets/index-4f3a.js", headers={"If-None-Match": script.headers["etag"]})
        assert again.status_code == 304
        assert (await client.get("/assets/gone-1111.js")).status_code == 404
        assert (await client.post("/alarms")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.key",
        "/%2e%2e/secret.key",
        "/assets/..%2f..%2fsecret.key",
        "/..%5csecret.key",
        "/leak.txt",
        "//etc/passwd",
        "/%00",
        "/" + "a" * 5000,
    ],
)
async def test_no_path_leads_out_of_the_consoles_folder(dist: Path, path: str) -> None:
    edge = edge_of(await house_with_people(), console=dist)
    async with edge.client() as client:
        answer = await client.get(path)
    assert "the vault's key" not in answer.text
    assert "root:" not in answer.text
    assert answer.status_code in (200, 404)


async def test_a_console_that_is_not_built_says_so(edge: Edge) -> None:
    async with edge.client() as client:
        answer = await client.get("/")
    assert "make setup" in answer.text


# --- the routes of access


async def test_the_first_page_sets_the_platform_up() -> None:
    house = House()
    edge = edge_of(house)
    token = await house.desk.setup_token()
    people = {
        "administrator": {"name": ADMINISTRATOR, "password": "correct horse battery"},
        "auditor": {"name": AUDITOR, "password": "battery horse staple"},
    }
    async with edge.client() as client:
        assert (await client.get("/api/setup")).json() == {"needed": True, "checks": []}
        assert (await client.post("/api/setup", json={"token": "WRONG", **people})).status_code == 403
        weak = {**people, "auditor": {"name": AUDITOR, "password": "short"}}
        answer = await client.post("/api/setup", json={"token": token, **weak})
        assert (answer.status_code, answer.json()["field"]) == (422, "password")
        assert (await client.post("/api/setup", json={"token": token, **people})).status_code == 201
        assert (await client.post("/api/setup", json={"token": token, **people})).status_code == 409
        assert (await client.get("/api/setup")).json()["needed"] is False


async def test_a_locked_name_is_429(edge: Edge) -> None:
    async with edge.client() as client:
        wrong = {"name": "operator", "password": "not the password"}
        statuses = [(await client.post("/api/session", json=wrong)).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_people_are_listed_without_their_secrets(edge: Edge) -> None:
    async with await edge.signed_in(ADMINISTRATOR) as administrator:
        people = (await administrator.get("/api/people")).json()["items"]
        sessions = (await administrator.get("/api/sessions")).json()["items"]
    assert {key for person in people for key in person} == {
        "id",
        "name",
        "display_name",
        "roles",
        "disabled",
        "created_at",
        "organisation_id",
    }
    assert "token" not in str(sessions)


async def test_a_person_is_added_changed_and_loses_the_session_at_once(edge: Edge) -> None:
    async with await edge.signed_in(ADMINISTRATOR) as administrator:
        asked = {"name": "new.one", "display_name": "新人", "password": "seven green lanterns", "roles": ["operator"]}
        added = await administrator.post("/api/people", json=asked)
        assert added.status_code == 201
        assert (await administrator.post("/api/people", json=asked)).status_code == 409
        assert (await administrator.post("/api/people", json={**asked, "is_admin": True})).status_code == 422
        async with edge.client() as client:
            body = {"name": "new.one", "password": "seven green lanterns", "post": "desk 3"}
            session = (await client.post("/api/session", json=body)).json()
            client.headers["Authorization"] = f"Bearer {session['token']}"
            client.cookies.clear()
            own = (await client.get("/api/session")).json()
            assert own == {key: value for key, value in session.items() if key != "token"}
            assert own["post"] == "desk 3"
            change = {"display_name": "新人", "roles": ["operator"], "disabled": True}
            url = f"/api/people/{added.json()['id']}"
            assert (await administrator.put(url, json=change)).json()["disabled"] is True
            assert (await client.get("/api/session")).status_code == 401


async def test_signing_out_ends_the_session_and_clears_the_cookie(edge: Edge) -> None:
    async with await edge.browser("operator") as browser:
        answer = await browser.delete("/api/session")
        assert answer.status_code == 204
        assert 'fengtai_session=""' in answer.headers["set-cookie"]
        assert (await browser.get("/api/session")).status_code == 401

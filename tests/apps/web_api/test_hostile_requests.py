"""Whatever is sent to whichever route of the whole platform, by whoever may call it: a refusal, never a stumble.

The requests are made from the platform's own OpenAPI document: every path and query parameter and every field of every
body is replaced, one at a time, by values that break careless code.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fengtai.apps.clocks import SystemClock
from fengtai.apps.server.platform import Platform
from fengtai.apps.settings import load_settings

pytestmark = pytest.mark.journey

PASSWORDS = {
    "wei.admin": "correct horse battery",
    "lin.auditor": "battery horse staple",
    "zhao": "seven green lanterns",
}
TEXTS = ["", "-1", "x" * 5000, "'; DROP TABLE x;--", "红灯" * 200, "\u202e\u0007%\\"]
IN_PATH = ["1", "0" * 32, "-1", "x" * 3000, "'", "%2e%2e%2f", "红", "%F0%9F%98%80", "34020000001320000001", "9" * 40]
IN_QUERY = ["", "-1", "0", "9" * 18, "9" * 40, "NaN", "1e400", "'", "红", "%", "\ud7ff", "0001-01-01T00:00:00Z", "a,b"]
IN_BODY: list[Any] = [None, True, -1, 2**62, 1e308, [], {}, *TEXTS, "9999-12-31T23:59:59Z"]
NOT_CALLED = {"/api/events", "/api/setup", "/api/session", "/api/session/password"}
"""an endless answer; what is done once; and what costs a password's work each time (`test_gate` tries those)"""


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        http, live = (one.getsockname()[1] for one in sockets)
    environ = {
        "FENGTAI_DATA": str(tmp_path),
        "FENGTAI_HTTP__PORT": str(http),
        "FENGTAI_SIP__PORT": "0",
        "FENGTAI_DC09__PORT": "0",
        "FENGTAI_ACCESS__SECOND_FACTOR_ROLES": "",
        "FENGTAI_ACCESS__CHANGE_GIVEN_PASSWORDS": "false",
        "FENGTAI_ACCESS__PASSWORD_PROFILE": "asvs5",
        "FENGTAI_MEDIA__WORKERS": "1",
        **{f"FENGTAI_HTTP__{lane}_RATE": "0" for lane in ("ADDRESS", "SIGN_IN", "READ", "CHANGE", "EXPORT")},
        "FENGTAI_MEDIA__HTTP_PORTS": str(live),
        "FENGTAI_MEDIA__PORTS": "38400-38409",
    }
    async with contextlib.AsyncExitStack() as stack:
        await Platform(load_settings(environ=environ), SystemClock(), stack).start()
        yield f"http://127.0.0.1:{http}"


async def people(url: str, token: str) -> dict[str, dict[str, str]]:
    """The headers of one person per kind of rights."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        first = {
            role: {"name": name, "password": PASSWORDS[name]}
            for role, name in (("administrator", "wei.admin"), ("auditor", "lin.auditor"))
        }
        assert (await client.post("/api/setup", json={"token": token, **first})).status_code == 201
        administrator = await headers_of(client, "wei.admin")
        worker = {
            "name": "zhao",
            "display_name": "赵",
            "password": PASSWORDS["zhao"],
            "roles": ["operator", "dispatcher", "engineer", "chief"],
        }
        assert (await client.post("/api/people", json=worker, headers=administrator)).status_code == 201
        return {"people": administrator, "audit": await headers_of(client, "lin.auditor"), "zhao": {}} | {
            "zhao": await headers_of(client, "zhao")
        }


async def headers_of(client: httpx.AsyncClient, name: str) -> dict[str, str]:
    answer = await client.post("/api/session", json={"name": name, "password": PASSWORDS[name]})
    client.cookies.clear()
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def resolved(schema: Any, whole: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for choice in schema.get("anyOf", []):
        return resolved(choice, whole)
    return dict(schema)


def plain_value(schema: Any, whole: dict[str, Any]) -> Any:
    """Something of the right kind."""
    schema = resolved(schema, whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: plain_value(field, whole) for name, field in schema.get("properties", {}).items()}
    plain = {"array": [], "integer": 1, "number": 1.5, "boolean": True, "null": None}
    return plain.get(str(kind), "some text")


def hostile_bodies(schema: Any, whole: dict[str, Any]) -> Iterator[Any]:
    """A plain body; hostile wholes; and each field in turn hostile, the others plain."""
    plain = plain_value(schema, whole)
    yield plain
    yield from ([], {}, None, "text", 7)
    if isinstance(plain, dict):
        for name, field in resolved(schema, whole).get("properties", {}).items():
            values = [*IN_BODY, *([[hostile] for hostile in TEXTS] if isinstance(plain[name], list) else [])]
            if isinstance(plain[name], dict):
                values += list(hostile_bodies(field, whole))
            for value in values:
                yield {**plain, name: value}


def requests_of(whole: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    """Access, method, address, body (or nothing)."""
    for path, methods in whole["paths"].items():
        for method, route in methods.items():
            if path in NOT_CALLED:
                continue
            plain = path
            names = [p["name"] for p in route.get("parameters", []) if p["in"] == "path"]
            for name in names:
                plain = plain.replace(f"{{{name}}}", "1")
            addresses = [plain]
            for name in names:
                addresses += [path.replace(f"{{{name}}}", value).replace("{", "").replace("}", "") for value in IN_PATH]
            queries = [p for p in route.get("parameters", []) if p["in"] == "query"]
            needed = {p["name"]: plain_value(p["schema"], whole) for p in queries if p.get("required")}
            for query in queries:
                for value in IN_QUERY:
                    addresses.append(f"{plain}?{httpx.QueryParams({**needed, query['name']: value})}")
            bodies: list[Any] = [...]
            if "requestBody" in route:
                bodies = list(hostile_bodies(route["requestBody"]["content"]["application/json"]["schema"], whole))
            access = route["x-access"]
            yield from ((access, method.upper(), address, bodies[0]) for address in addresses)
            yield from ((access, method.upper(), plain, body) for body in bodies[1:])


async def test_no_request_makes_any_route_stumble(url: str, tmp_path: Path) -> None:
    token = (tmp_path / "setup-token").read_text().strip()
    holders = await people(url, token)
    turns = asyncio.Semaphore(16)

    async def answered(client: httpx.AsyncClient, request: tuple[str, str, str, Any]) -> str:
        access, method, address, body = request
        holder = holders.get(access.split(".")[0], holders["zhao"])
        content = None if body is ... else json.dumps(body).encode()
        async with turns:
            answer = await client.request(method, address, headers=holder, content=content)
        return f"{answer.status_code} {method} {address[:120]} {str(body)[:160]}"

    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        whole = (await client.get("/openapi.json")).json()
        answers = await asyncio.gather(*(answered(client, request) for request in requests_of(whole)))
    assert len(answers) > 500
    assert [answer for answer in answers if answer.startswith("5") and not answer.startswith("503")] == []

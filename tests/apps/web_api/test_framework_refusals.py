"""What the framework refuses by itself is a problem too: unknown addresses, other methods, bodies that are none."""

import pytest
from tests.apps.web_api.conftest import Edge

REFUSED = [
    ("GET", "/api/nothing-here", 404),
    ("POST", "/nothing-here", 404),
    ("GET", "/api", 404),
    ("DELETE", "/api/site", 405),
    ("PUT", "/healthz", 405),
    ("OPTIONS", "/api/session", 405),
    ("TRACE", "/api/session", 405),
    ("POST", "/api/session", 422),
]


@pytest.mark.parametrize(("method", "path", "status"), REFUSED)
async def test_a_refusal_is_a_problem_with_all_headers(edge: Edge, method: str, path: str, status: int):
    async with edge.client() as client:
        answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["type"]) == (status, f"/problems/{told['kind']}")
    assert {"title", "detail", "kind"} <= set(told)
    for header in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
        assert header in answer.headers, header
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"name": NaN}', "application/json", 400),
        (b'{"name": Infinity}', "application/json", 400),
        (b"[" * 500 + b"]" * 500, "application/json", 400),
        (b'{"name": "a\\u0000b"}', "application/json", 400),
        (b"x" * (2 << 20), "application/json", 413),
        (b'{"name": "zhao", "password": "x", "post": "desk\\r\\nSet-Cookie: a=b"}', "application/json", 401),
        (b'{"name": "zhao\\r\\nVia: evil", "password": "x"}', "application/json", 422),
        (b"name=zhao", "application/x-www-form-urlencoded", 400),
        (b"<a/>", "application/xml", 400),
    ],
)
async def test_bodies_that_cannot_be_taken(edge: Edge, body: bytes, kind: str, status: int):
    async with edge.client() as client:
        answer = await client.post("/api/session", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize("limit", ["１０", "0", "-1", "1e3", "", "10 1", "9" * 400, "0x10", "٣"])
async def test_numbers_in_an_address_are_plain_digits_within_bounds(edge: Edge, limit: str):
    async with await edge.signed_in("operator") as client:
        answer = await client.get("/api/events", params={"after": limit if limit != "0" else "-0.5"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"

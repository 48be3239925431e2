"""Schemathesis against a running server: from its own OpenAPI document, as administrator and as somebody who works.

No answer of 5xx but 503 (which tells that something needed does not answer), no status that the document does not name,
no body that is not what the document says. Bounded: a handful of examples of each operation, seeded, so that a failure
can be repeated; the deep search is `make fuzz`-sized and not for every commit.
"""

import os
import warnings
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from tests.journeys.one_server import OneServer, one_server

pytestmark = pytest.mark.journey

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))
NOT_CALLED = {
    "GET /api/events": "an endless answer",
    "POST /api/setup": "done once, before",
    "DELETE /api/session": "ends the session that the others need",
    "POST /api/session/password": "ends the other sessions",
    "DELETE /api/own/sessions/{session_id}": "ends the session that the others need",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneServer]:
    unlimited = {f"FENGTAI_HTTP__{lane}_RATE": "0" for lane in ("ADDRESS", "SIGN_IN", "READ", "CHANGE", "EXPORT")}
    with one_server(tmp_path_factory.mktemp("fuzz"), **unlimited) as server:
        furnish(server)
        yield server


def furnish(server: OneServer) -> None:
    """One of each thing, so that requests also reach what is there."""
    with server.client(headers=server.headers("zhao")) as client:

        def made(path: str, **body: object) -> str:
            answer = client.post(path, json=body)
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]

        made("/api/devices", id="34020000001320000001", name="Camera", password="a password of its own")
        made("/api/points", name="Gate", point_class=1, position={"longitude": 121.6, "latitude": 38.9})
        premises = made("/api/premises", name="Jewellers", zones=[{"number": "001", "name": "Door"}])
        account = made("/api/panel-accounts", channel="sia-dc09", number="1001", premises_id=premises)
        made("/api/units", name="Car 12", kind="patrol", call_sign="River 12")
        client.post("/api/on-test", json={"account_id": account, "zone": "", "minutes": 60, "reason": "yearly test"})


def known_ids(client: httpx.Client, whole: dict) -> dict[str, list[str]]:
    """What the lists show, by the address of the list."""
    known: dict[str, list[str]] = {}
    for path, methods in whole["paths"].items():
        if "get" in methods and "{" not in path and path.startswith("/api/") and f"GET {path}" not in NOT_CALLED:
            answer = client.get(path)
            is_json = answer.headers.get("content-type", "").startswith("application/json")
            told = answer.json() if answer.status_code == 200 and is_json else {}
            items = told.get("items", []) if isinstance(told, dict) else told
            known[path] = [str(item["id"]) for item in items if isinstance(item, dict) and "id" in item]
    return known


def operations(whole: dict) -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, methods in whole["paths"].items()
        for method in methods
        if f"{method.upper()} {path}" not in NOT_CALLED
    ]


@pytest.mark.parametrize("role", ["administrator", "zhao"])
def test_every_operation_answers_what_the_document_says(server: OneServer, role: str):
    whole = httpx.get(f"{server.url}/openapi.json", trust_env=False).json()
    schema = schemathesis.openapi.from_dict(whole)
    headers = server.headers(role)
    found: list[str] = []
    called = 0
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as client:
        known = known_ids(client, whole)
        for method, path in operations(whole):
            operation = schema[path][method]

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                called += try_operation(operation, known.get(path.split("/{")[0], []), client, found)
    assert called > len(operations(whole))
    assert sorted(set(found)) == []


def try_operation(operation, ids: list[str], client: httpx.Client, found: list[str]) -> int:
    """Examples of one operation, half of them about things that are there; how many were sent."""
    called = 0

    @seeded(20261121)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known_one=st.booleans())
    def every_case(case: schemathesis.Case, known_one: bool) -> None:
        nonlocal called
        called += 1
        if known_one and ids and case.path_parameters:
            case.path_parameters[next(iter(case.path_parameters))] = ids[called % len(ids)]
        found.extend(faults_of(case, client))

    every_case()
    return called


def faults_of(case: schemathesis.Case, client: httpx.Client) -> list[str]:
    """What this answer has that the document does not."""
    told = case.as_transport_kwargs(base_url=str(client.base_url))
    told.pop("cookies", None)
    sent = {name: value for name, value in (told.pop("headers", None) or {}).items() if name.lower() in KEPT_HEADERS}
    body = told.pop("data", None)
    content = body if isinstance(body, bytes | str) else None
    try:
        answer = client.request(**told, content=content, headers=_wire(sent))
    except (httpx.InvalidURL, UnicodeEncodeError, httpx.LocalProtocolError):
        return []  # the client itself cannot say it
    documented = case.operation.responses
    where = f"{case.method} {case.operation.path}: {answer.status_code}"
    if answer.status_code >= 500 and answer.status_code != 503:
        return [f"{where} {answer.text[:200]} {told} {str(body)[:300]}"]
    if documented.get(str(answer.status_code)) is None:
        return [f"{where} is not documented: {answer.text[:200]}"]
    if answer.status_code >= 400 and answer.headers.get("content-type") != "application/problem+json":
        return [f"{where} is no problem: {answer.text[:200]}"]
    if answer.headers.get("content-type", "").startswith("application/json"):
        try:
            case.operation.validate_response(_as_response(answer))
        except schemathesis.errors.SchemathesisError as error:
            return [f"{where} {error!s:.300}"]
    return []


KEPT_HEADERS = {"if-match", "if-none-match", "idempotency-key", "range", "last-event-id", "content-type"}


def _wire(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if value.isascii() and value.isprintable()}


def _as_response(answer: httpx.Response) -> schemathesis.Response:
    return schemathesis.Response.from_any(answer)

"""Every route names its access, and the gate keeps it: each route is tried by each role, from the router's own list."""

import inspect
import re
import typing

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, House, house_with_people

from fengtai.apps.web_api.app import create_app
from fengtai.apps.web_api.discovery import discovered_routers, found_router_makers
from fengtai.apps.web_api.gate import Gate, marker_of, who
from fengtai.apps.web_api.system import SystemBoard
from fengtai.domain.access.model import Permission, Role
from fengtai.domain.access.rules import PERMISSIONS_OF_ROLE

NAME_OF = {role: role.value for role in Role} | {Role.ADMINISTRATOR: ADMINISTRATOR, Role.AUDITOR: AUDITOR}
ADMITTED = 218
"""no route of ours answers this, so that it can only come from behind the gate"""
CHANGES_BY_WHO_SEES = {
    "/api/audit/verification",  # a look at every line: it changes nothing but that it was done
    "/api/live/layouts",  # a layout opens nothing: it says where pictures hang on one's own wall
    "/api/live/layouts/{layout_id}",
    "/api/live/{point_id}/watch",
    "/api/live/{point_id}/device-snapshots",
    "/api/recordings/{point_id}/playback",
    "/api/clips/{clip_id}/views",
}
"""changing methods that need no more than a right to see: they only open what is seen, and are audited"""


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(status_code=ADMITTED)(scope, receive, send)


def whole_app(house: House) -> FastAPI:
    """Every route there is. Behind the gates stands one answer in place of the services."""
    wanted: dict[type, object] = {}
    for maker in found_router_makers():
        hints = typing.get_type_hints(maker)
        wanted |= {hints[name]: object() for name in inspect.signature(maker).parameters if name != "who"}
    board = SystemBoard(clock=house.clock, version="0", site="x", time_zone="UTC")
    app = create_app(discovered_routers(wanted, who), access=house.desk, events=house.transactions, board=board)
    for route in app.routes:
        assert isinstance(route, APIRoute)
        assert isinstance(route.app, Gate)
        route.app._inner = behind
    return app


@pytest.fixture
async def house() -> House:
    return await house_with_people()


def calls_of(app: FastAPI) -> list[tuple[str, str, str]]:
    """Method, address and marker of every route."""
    calls = []
    for route in app.routes:
        assert isinstance(route, APIRoute)
        address = re.sub(r"{[^}]+}", "1", route.path)
        calls += [(method, address, marker_of(route)) for method in sorted(route.methods)]
    return calls


async def answers(app: FastAPI, calls: list[tuple[str, str, str]], token: str) -> list[int]:
    transport = httpx.ASGITransport(app=app, client=("203.0.113.5", 5))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://fengtai.test", headers=headers) as client:
        return [(await client.request(method, address)).status_code for method, address, _ in calls]


@pytest.mark.parametrize("role", Role)
async def test_each_role_reaches_what_its_permissions_say_and_nothing_else(house: House, role: Role) -> None:
    app = whole_app(house)
    calls = calls_of(app)
    assert len(calls) > 20
    held = {permission.value for permission in PERMISSIONS_OF_ROLE[role]} | {"public", "signed-in"}
    got = await answers(app, calls, (await house.sign_in(NAME_OF[role])).token)
    wrong = [
        (call, status)
        for call, status in zip(calls, got, strict=True)
        if status != (ADMITTED if call[2] in held else 403)
    ]
    assert wrong == []


async def test_a_stranger_reaches_only_what_is_public(house: House) -> None:
    app = whole_app(house)
    calls = calls_of(app)
    got = await answers(app, calls, "")
    assert [c for c, s in zip(calls, got, strict=True) if s != (ADMITTED if c[2] == "public" else 401)] == []
    public = {address for _, address, marker in calls if marker == "public"}
    assert public == {
        *("/api/setup", "/api/session", "/api/sign-in", "/api/session/second"),
        *("/api/session/passkey/question", "/api/session/passkey"),
        *("/api/session/provider/return", "/api/session/provider/1/leave"),
        *("/api/site", "/api/charter", "/healthz", "/readyz", "/openapi.json"),
    }


def test_what_changes_something_needs_more_than_to_see(house: House) -> None:
    may_see = {p.value for p in Permission if p.value.endswith(".see")}
    for route in whole_app(house).routes:
        assert isinstance(route, APIRoute)
        if route.methods & {"POST", "PUT", "PATCH", "DELETE"} and route.path not in CHANGES_BY_WHO_SEES:
            assert marker_of(route) not in may_see, f"{route.path} changes something, but needs {marker_of(route)} only"


def test_the_audit_is_the_auditors(house: House) -> None:
    markers = {marker for _, address, marker in calls_of(whole_app(house)) if address.startswith("/api/audit")}
    assert markers == {"audit.see"}


def test_every_route_lies_under_api_or_is_one_of_the_four_for_machines(house: House) -> None:
    elsewhere = {address for _, address, _ in calls_of(whole_app(house)) if not address.startswith("/api/")}
    assert elsewhere == {"/healthz", "/readyz", "/metrics", "/openapi.json"}

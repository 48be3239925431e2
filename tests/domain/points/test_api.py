"""The routes of points, spoken to over HTTP."""

import httpx
import pytest
from fastapi import FastAPI

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import Actor, Role
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.api import router
from fengtai.domain.points.service import PointRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock

ENGINEER = Actor(user_id="5", name="sun", roles=frozenset({Role.ENGINEER}), permissions=frozenset())
GATE = {"name": "东门", "position": {"longitude": 123.43, "latitude": 41.8}, "view_degrees": 90}


@pytest.fixture
async def console():
    transactions = MemoryTransactions(HandClock(), memory_stores())
    await OrganisationRegister(transactions=transactions).ensure_root("风台市", area_code="210102")
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(PointRegister(transactions=transactions), lambda: ENGINEER))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        yield client


async def test_a_point_is_made_changed_listed_and_shown_on_the_map(console):
    made = (await console.post("/api/points", json=GATE)).json()
    assert (made["number"], made["code"], made["point_class"]) == (1, "21010200001320000001", 3)
    changed = await console.put(f"/api/points/{made['id']}", json=GATE | {"point_class": 1, "retention_days": 90})
    assert (changed.status_code, changed.json()["point_class"]) == (200, 1)
    assert (await console.get(f"/api/points/{made['id']}")).json() == changed.json()
    assert (await console.get("/api/points?text=东")).json() == {"items": [changed.json()], "next": None}
    shown = await console.get("/api/points/map?west=123&south=41&east=124&north=42")
    assert shown.json() == [
        {
            "id": made["id"],
            "number": 1,
            "name": "东门",
            "longitude": 123.43,
            "latitude": 41.8,
            "point_class": 1,
            "view_degrees": 90,
            "view_angle_degrees": None,
            "presence": "unbound",
        }
    ]


async def test_pages_go_on_where_the_last_one_ended(console):
    for serial in range(3):
        await console.post("/api/points", json={"name": f"point {serial}"})
    first = (await console.get("/api/points?limit=2")).json()
    assert ([point["number"] for point in first["items"]], first["next"]) == ([1, 2], 2)
    rest = (await console.get(f"/api/points?limit=2&after_number={first['next']}")).json()
    assert ([point["number"] for point in rest["items"]], rest["next"]) == ([3], None)


async def test_refusals_name_the_field(console):
    high = await console.post("/api/points", json=GATE | {"position": {"longitude": 123, "latitude": 95}})
    assert (high.status_code, high.json()["field"]) == (422, "latitude")
    short = await console.post("/api/points", json=GATE | {"retention_days": 7})
    assert (short.status_code, short.json()["field"]) == (422, "retention_days")
    await console.post("/api/points", json=GATE)
    assert (await console.post("/api/points", json=GATE | {"number": 1})).status_code == 409
    assert (await console.get("/api/points/nobody")).status_code == 404

"""The routes of units, spoken to over HTTP."""

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import Role
from fengtai.domain.duty.api import router
from fengtai.domain.duty.service import UnitBoard
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock

CHIEF = acting(Role.CHIEF, name="zhao", user_id="7")
PATROL = {"name": "巡组 1", "call_sign": "B-1", "kind": "patrol"}


@pytest.fixture
async def console():
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(UnitBoard(transactions=MemoryTransactions(HandClock(), memory_stores())), lambda: CHIEF))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        yield client


async def test_a_unit_is_entered_goes_off_duty_and_is_listed(console):
    made = await console.post("/api/units", json=PATROL)
    assert (made.status_code, made.json()["state"], made.json()["version"]) == (201, "free", 1)
    off = await console.put(f"/api/units/{made.json()['id']}", json=PATROL | {"state": "off"})
    assert (off.json()["state"], off.json()["version"]) == ("off", 2)
    assert (await console.get("/api/units")).json() == {"items": [off.json()], "next": None}


async def test_refusals_say_why(console):
    assert (await console.post("/api/units", json=PATROL | {"state": "asleep"})).status_code == 422
    assert (await console.put("/api/units/nobody", json=PATROL)).status_code == 404
    made = (await console.post("/api/units", json=PATROL | {"state": "off"})).json()
    refused = await console.put(f"/api/units/{made['id']}", json=PATROL | {"state": "busy"})
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "a unit that is off cannot be made busy by hand",
    )

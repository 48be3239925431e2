"""The routes of organisations, spoken to over HTTP."""

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import Role
from fengtai.domain.organisations.api import router
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock

CHIEF = acting(Role.ADMINISTRATOR, name="zhao", user_id="7")


@pytest.fixture
async def console():
    register = OrganisationRegister(transactions=MemoryTransactions(HandClock(), memory_stores()))
    await register.ensure_root("风台市", area_code="2101")
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(register, lambda: CHIEF))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        yield client


async def test_the_tree_grows_under_the_root(console):
    (city,) = (await console.get("/api/organisations")).json()["items"]
    assert (city["name"], city["level"], city["parent_id"]) == ("风台市", "city", "")
    east = await console.post("/api/organisations", json={"name": "东区", "level": "district", "parent_id": city["id"]})
    assert east.status_code == 201
    renamed = await console.put(f"/api/organisations/{east.json()['id']}", json={"name": "东城区"})
    assert renamed.json() == east.json() | {"name": "东城区", "version": 2}


async def test_refusals_name_the_field(console):
    (city,) = (await console.get("/api/organisations")).json()["items"]
    second = await console.post("/api/organisations", json={"name": "x", "level": "city", "parent_id": city["id"]})
    assert (second.status_code, second.json()["field"]) == (422, "level")
    lost = await console.post("/api/organisations", json={"name": "x", "level": "station", "parent_id": "nobody"})
    assert lost.status_code == 404

"""The routes of premises and panel accounts, spoken to over HTTP."""

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import Role
from fengtai.domain.premises.api import router
from fengtai.domain.premises.service import PremisesRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock

ENGINEER = acting(Role.ENGINEER, name="sun", user_id="5")
KEY = "00112233445566778899aabbccddeeff"
SHOP = {
    "name": "晨光珠宝",
    "position": {"longitude": 123.43, "latitude": 41.8},
    "zones": [{"number": "01", "name": "前门"}],
    "keyholders": [{"name": "王芳", "phone": "10000"}],
}


@pytest.fixture
async def console(tmp_path):
    transactions = MemoryTransactions(HandClock(), memory_stores())
    register = PremisesRegister(transactions=transactions, vault=FileVault(tmp_path / "vault.key"))
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(register, lambda: ENGINEER))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as client:
        yield client


async def test_premises_are_made_changed_and_found(console):
    made = (await console.post("/api/premises", json=SHOP)).json()
    assert made["zones"] == [{"number": "1", "partition": "", "name": "前门", "point_ids": []}]
    changed = (await console.put(f"/api/premises/{made['id']}", json=made | {"note": "狗"})).json()
    assert changed == made | {"note": "狗"}
    assert (await console.get(f"/api/premises/{made['id']}")).json() == changed
    assert (await console.get("/api/premises?text=珠宝")).json() == {"items": [changed], "next": None}
    assert (await console.get("/api/premises/nobody")).status_code == 404


async def test_a_key_goes_in_and_never_comes_out(console):
    shop = (await console.post("/api/premises", json=SHOP)).json()
    account = {"channel": "sia-dc09", "number": "1234", "premises_id": shop["id"], "key": KEY}
    made = await console.post("/api/panel-accounts", json=account)
    assert (made.status_code, made.json()["has_key"]) == (201, True)
    listed = await console.get("/api/panel-accounts")
    assert KEY not in made.text + listed.text
    assert "sealed" not in made.text + listed.text

    one = f"/api/panel-accounts/{made.json()['id']}"
    del account["key"]
    assert (await console.put(one, json=account)).json()["has_key"]
    assert not (await console.put(one, json=account | {"key": ""})).json()["has_key"]


async def test_a_wrong_key_is_refused_without_repeating_it(console):
    shop = (await console.post("/api/premises", json=SHOP)).json()
    account = {"channel": "sia-dc09", "number": "1234", "premises_id": shop["id"], "key": KEY[:-1]}
    refused = await console.post("/api/panel-accounts", json=account)
    assert (refused.status_code, refused.json()["field"]) == (422, "key")
    assert KEY[:-1] not in refused.text

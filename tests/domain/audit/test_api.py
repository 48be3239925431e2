"""The audit log over HTTP, as the console asks for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from fengtai.domain.access.model import Actor
from fengtai.domain.audit import api, rules
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.checkpoints import MemoryCheckpointBook
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock


def nobody() -> Actor:
    raise AssertionError("no route here asks who it is")


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    engine = MemoryTransactions(HandClock(), {AuditLog: MemoryAuditLog()})
    desk = AuditDesk(transactions=engine, signer=AuditKey(tmp_path, "city"), book=MemoryCheckpointBook())
    for number in range(1, 6):
        entry = AuditEntry(actor="user:1", action="incident.note", object=f"incident:{number}", details={"n": number})
        engine.run(lambda uow, entry=entry: uow.store(AuditLog).append(entry))
    await desk.tick()
    app = FastAPI()
    app.include_router(api.router(desk, nobody))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_the_log_is_turned_page_by_page(console: httpx.AsyncClient) -> None:
    first = (await console.get("/api/audit", params={"limit": 3})).json()
    second = (await console.get("/api/audit", params={"limit": 3, "before": first["next"]})).json()

    assert [line["seq"] for line in first["items"] + second["items"]] == [5, 4, 3, 2, 1]
    assert second["next"] is None
    assert first["items"][0] == {
        "seq": 5,
        "at": "2026-11-20T12:00:00.000Z",
        "actor": "user:1",
        "action": "incident.note",
        "object": "incident:5",
        "outcome": "done",
        "act": "",
        "role": "",
        "purpose": "",
        "post": "",
        "session": "",
        "source_ip": "",
        "details": {"n": 5},
        "redacted": False,
    }


async def test_a_page_is_filtered(console: httpx.AsyncClient) -> None:
    found = (await console.get("/api/audit", params={"object": "incident:2", "action": "incident."})).json()
    assert [line["seq"] for line in found["items"]] == [2]
    assert (await console.get("/api/audit", params={"limit": 501})).status_code == 422


async def test_a_line_is_proven_to_whoever_has_the_note(console: httpx.AsyncClient) -> None:
    proof = (await console.get("/api/audit/3/proof")).json()
    checkpoint = (await console.get("/api/audit/checkpoint")).json()

    signed = rules.read_checkpoint(proof["checkpoint"]["note"])
    path = [bytes.fromhex(step) for step in proof["path"]]
    assert proof["checkpoint"] == checkpoint
    assert rules.includes(bytes.fromhex(proof["leaf"]), 2, signed.size, path, signed.root)


async def test_the_log_is_proven_to_continue(console: httpx.AsyncClient) -> None:
    proof = (await console.get("/api/audit/consistency", params={"old_size": 2, "new_size": 5})).json()
    assert (proof["old_size"], proof["new_size"]) == (2, 5)
    assert proof["path"]


def test_every_route_needs_the_right_to_see_the_audit_log(tmp_path: Path) -> None:
    engine = MemoryTransactions(HandClock())
    desk = AuditDesk(transactions=engine, signer=AuditKey(tmp_path, "city"), book=MemoryCheckpointBook())
    app = FastAPI()
    app.include_router(api.router(desk, nobody))
    asked = {operation["x-access"] for path in app.openapi()["paths"].values() for operation in path.values()}
    assert asked == {"audit.see"}

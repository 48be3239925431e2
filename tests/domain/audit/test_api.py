"""The audit log over HTTP, as the console asks for it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting

from fengtai.domain.access.model import Actor, Role
from fengtai.domain.audit import api, rules
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.checkpoints import MemoryCheckpointBook
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.transactions import UnitOfWork
from fengtai_audit_verify.main import main

AUDITOR = acting(Role.AUDITOR, name="Zhao", user_id="zhao")


def nobody() -> Actor:
    return AUDITOR


@pytest.fixture
def desk(tmp_path: Path) -> AuditDesk:
    engine = MemoryTransactions(HandClock(), {AuditLog: MemoryAuditLog()})
    return AuditDesk(transactions=engine, signer=AuditKey(tmp_path, "city"), book=MemoryCheckpointBook())


@pytest.fixture
async def console(desk: AuditDesk) -> AsyncIterator[httpx.AsyncClient]:
    engine = desk._transactions
    assert isinstance(engine, MemoryTransactions)
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


async def test_lines_of_some_hours_and_of_a_purpose(console: httpx.AsyncClient) -> None:
    asked = {"from": "2026-11-20T12:00:00Z", "until": "2026-11-20T13:00:00+00:00"}
    assert len((await console.get("/api/audit", params=asked)).json()["items"]) == 5
    assert (await console.get("/api/audit", params={"from": "2026-11-20T12:00:01Z"})).json()["items"] == []
    assert (await console.get("/api/audit", params={"purpose": "patrol"})).json()["items"] == []


async def test_a_verification_run_looks_at_every_line(console: httpx.AsyncClient, desk: AuditDesk) -> None:
    begun = await console.post("/api/audit/verification")
    assert (begun.status_code, begun.json()["upto"], begun.json()["by"]) == (202, 5, "user:zhao")
    await desk.tick()
    run = (await console.get("/api/audit/state")).json()["verification"]
    assert (run["lines"], run["first_bad_seq"], run["finished_at"] is not None) == (5, None, True)


async def test_a_verification_run_finds_a_changed_line(console: httpx.AsyncClient, desk: AuditDesk) -> None:
    def change(uow: UnitOfWork) -> None:
        lines = uow.store(AuditLog).lines  # type: ignore[attr-defined]
        lines[2] = replace(lines[2], record=lines[2].record.replace(b"user:1", b"user:2"))

    await console.post("/api/audit/verification")
    await desk._transactions.write(change)
    await desk.tick()
    run = (await console.get("/api/audit/state")).json()["verification"]
    assert (run["first_bad_seq"], "leaf" in run["detail"]) == (3, True)


async def test_an_export_is_checked_by_the_auditor_s_tool(
    console: httpx.AsyncClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await console.get("/api/audit/export", params={"object": "incident:2"})
    export = tmp_path / "export.jsonl"
    export.write_text(answer.text)
    asked = ["--proofs", str(export), "--public-key", str(tmp_path / "public-key"), "--json"]
    assert (main(asked), json.loads(capsys.readouterr().out)["lines"]) == (0, 1)

    for broken in (answer.text.replace("user:1", "user:2"), answer.text.replace('"seq": 2', '"seq": 3')):
        export.write_text(broken)
        assert main(asked) == 1
    export.write_text(answer.text.rsplit("\n", 2)[0])
    assert main(asked) == 1
    export.write_text("{}")
    assert main(asked) == 2
    newest = (await console.get("/api/audit")).json()["items"][0]
    assert (newest["action"], newest["actor"], newest["details"]["of_object"]) == (
        "audit.export",
        "user:zhao",
        "incident:2",
    )


async def test_acts_without_an_outcome_are_listed(console: httpx.AsyncClient, desk: AuditDesk) -> None:
    begun = AuditEntry(actor="user:1", action="live.watch", object="point:9", outcome=Outcome.INTENT, act="act-9")
    await desk._transactions.write(lambda uow: uow.store(AuditLog).append(begun))
    assert (await console.get("/api/audit/missing-results")).json()["items"] == []
    desk._transactions._clock.advance(601)  # type: ignore[attr-defined]
    late = (await console.get("/api/audit/missing-results")).json()["items"]
    assert [(one["action"], one["object"]) for one in late] == [("live.watch", "point:9")]
    assert (await console.get("/api/audit/state")).json()["missing_results"] == 1

"""Routes of the audit log: for whoever may see it (the auditor)."""

import base64
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.audit.model import AuditLine, AuditQuery, Checkpoint
from fengtai.domain.audit.rules import moment
from fengtai.domain.audit.service import LONGEST_PAGE, AuditDesk


class AuditLineView(BaseModel):
    """A line; the texts are empty once it was redacted."""

    seq: int
    at: str
    actor: str
    action: str
    object: str
    outcome: str
    act: str
    role: str
    purpose: str
    post: str
    session: str
    source_ip: str
    details: dict[str, Any]
    redacted: bool


class AuditPage(BaseModel):
    items: list[AuditLineView]
    next: int | None


class CheckpointView(BaseModel):
    """`root` in base64, `note` is the signed note (C2SP)."""

    size: int
    root: str
    at: str
    note: str


class ProofView(BaseModel):
    """Hashes in hexadecimal, as RFC 6962 2.1.1 orders them; `record` and `salt` are null once redacted."""

    seq: int
    leaf: str
    record: str | None
    salt: str | None
    path: list[str]
    checkpoint: CheckpointView


class ConsistencyView(BaseModel):
    old_size: int
    new_size: int
    path: list[str]


def router(desk: AuditDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["audit"])
    marker = needs(Permission.AUDIT_SEE)

    @routes.get("/api/audit", openapi_extra=marker)
    async def page(
        before: int | None = None,
        limit: int = Query(100, ge=1, le=LONGEST_PAGE),
        actor: str = "",
        action: str = "",
        object: str = "",
    ) -> AuditPage:
        query = AuditQuery(before=before, limit=limit, actor=actor, action=action, object=object)
        lines = await desk.page(query)
        return AuditPage(items=[_line(line) for line in lines], next=lines[-1].seq if len(lines) == limit else None)

    @routes.get("/api/audit/checkpoint", openapi_extra=marker)
    async def checkpoint() -> CheckpointView:
        return _checkpoint(await desk.checkpoint())

    @routes.get("/api/audit/consistency", openapi_extra=marker)
    async def consistency(old_size: int, new_size: int) -> ConsistencyView:
        path = await desk.consistency(old_size, new_size)
        return ConsistencyView(old_size=old_size, new_size=new_size, path=[step.hex() for step in path])

    @routes.get("/api/audit/{seq}/proof", openapi_extra=marker)
    async def proof(seq: int) -> ProofView:
        proven = await desk.proof(seq)
        line = proven.line
        return ProofView(
            seq=line.seq,
            leaf=line.leaf.hex(),
            record=None if line.record is None else line.record.decode(),
            salt=None if line.salt is None else line.salt.hex(),
            path=[step.hex() for step in proven.path],
            checkpoint=_checkpoint(proven.checkpoint),
        )

    return routes


def _line(line: AuditLine) -> AuditLineView:
    entry = line.entry
    if entry is None:
        return AuditLineView(
            seq=line.seq, at=moment(line.at), actor="", action="", object="", outcome="", act="", role="", purpose="",
            post="", session="", source_ip="", details={}, redacted=True,
        )  # fmt: skip
    return AuditLineView(
        seq=line.seq,
        at=moment(line.at),
        actor=entry.actor,
        action=entry.action,
        object=entry.object,
        outcome=entry.outcome.value,
        act=entry.act,
        role=entry.role,
        purpose=entry.purpose,
        post=entry.post,
        session=entry.session,
        source_ip=entry.source_ip,
        details=dict(entry.details),
        redacted=False,
    )


def _checkpoint(checkpoint: Checkpoint) -> CheckpointView:
    return CheckpointView(
        size=checkpoint.size,
        root=base64.b64encode(checkpoint.root).decode(),
        at=moment(checkpoint.at),
        note=checkpoint.note,
    )

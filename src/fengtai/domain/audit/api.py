"""Routes of the audit log: for whoever may see it (the auditor)."""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.audit.model import AuditLine, AuditQuery, AuditState, Checkpoint, VerificationRun
from fengtai.domain.audit.rules import moment
from fengtai.domain.audit.service import LONGEST_PAGE, AuditDesk
from fengtai.vocabulary.errors import Invalid

LARGEST_SEQ = 2**63 - 1


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


class OpenActView(BaseModel):
    """A sensitive act that began more than ten minutes ago and has no outcome; empty texts: its line was redacted."""

    act: str
    seq: int
    at: str
    actor: str
    action: str
    object: str


class OpenActPage(BaseModel):
    items: list[OpenActView]
    next: None = None


class VerificationView(BaseModel):
    """The platform's own look; the proof is fengtai-audit-verify."""

    upto: int
    lines: int
    redacted: int
    by: str
    started_at: str
    finished_at: str | None
    first_bad_seq: int | None
    detail: str


class AuditStateView(BaseModel):
    size: int
    checkpoint: CheckpointView | None
    tampered: bool
    missing_results: int
    stamps_configured: bool
    stamped_size: int | None
    stamped_at: str | None
    stamp_fault: str
    verification: VerificationView | None


def router(desk: AuditDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["audit"])
    marker = needs(Permission.AUDIT_SEE)

    def asked(
        before: int | None = Query(None, ge=1, le=LARGEST_SEQ),
        actor: str = Query("", max_length=200),
        action: str = Query("", max_length=200, description="what it begins with"),
        object: str = Query("", max_length=500),
        purpose: str = Query("", max_length=200, description="what it begins with"),
        looked_at: str = Query("", max_length=64, description="point id: who looked at this camera"),
        since: datetime | None = Query(None, alias="from", description="ISO 8601 with its zone"),
        until: datetime | None = Query(None),
    ) -> AuditQuery:
        return AuditQuery(
            before=before,
            actor=actor,
            action=action,
            object=object,
            purpose=purpose,
            looked_at=looked_at,
            since=_zoned(since, "from"),
            until=_zoned(until, "until"),
        )

    @routes.get("/api/audit", openapi_extra=marker)
    async def page(
        query: Annotated[AuditQuery, Depends(asked)], limit: int = Query(100, ge=1, le=LONGEST_PAGE)
    ) -> AuditPage:
        lines = await desk.page(replace(query, limit=limit))
        return AuditPage(items=[_line(line) for line in lines], next=lines[-1].seq if len(lines) == limit else None)

    @routes.get(
        "/api/audit/export",
        openapi_extra=marker,
        response_class=Response,
        responses={200: {"content": {"application/x-ndjson": {}}}},
    )
    async def export(query: Annotated[AuditQuery, Depends(asked)], by: Actor = Depends(who)) -> Response:
        """Chosen lines, each with its proof, the checkpoint and the time stamps: for fengtai-audit-verify --proofs."""
        lines = await desk.export(query, by)
        headers = {"content-disposition": 'attachment; filename="audit-export.jsonl"', "cache-control": "no-store"}
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)

    @routes.get("/api/audit/state", openapi_extra=marker)
    async def state() -> AuditStateView:
        return _state(await desk.state())

    @routes.get("/api/audit/missing-results", openapi_extra=marker)
    async def missing_results() -> OpenActPage:
        """At most the hundred oldest."""
        late = await desk.missing_results()
        return OpenActPage(
            items=[
                OpenActView(
                    act=one.act, seq=one.seq, at=moment(one.at), actor=one.actor, action=one.action, object=one.object
                )
                for one in late
            ]
        )

    @routes.post("/api/audit/verification", status_code=202, openapi_extra=marker)
    async def verify(by: Actor = Depends(who)) -> VerificationView:
        """Begin a look at every line; /api/audit/state tells how far it is."""
        return _verification(await desk.verify(by))

    @routes.get("/api/audit/checkpoint", openapi_extra=marker)
    async def checkpoint() -> CheckpointView:
        return _checkpoint(await desk.checkpoint())

    @routes.get("/api/audit/consistency", openapi_extra=marker)
    async def consistency(
        old_size: int = Query(ge=1, le=LARGEST_SEQ), new_size: int = Query(ge=1, le=LARGEST_SEQ)
    ) -> ConsistencyView:
        path = await desk.consistency(old_size, new_size)
        return ConsistencyView(old_size=old_size, new_size=new_size, path=[step.hex() for step in path])

    @routes.get("/api/audit/{seq}/proof", openapi_extra=marker)
    async def proof(seq: Annotated[int, Path(ge=1, le=LARGEST_SEQ)]) -> ProofView:
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


def _zoned(at: datetime | None, field: str) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise Invalid("a moment needs its zone, such as 2026-11-21T08:00:00Z", field=field)
    return at


def _state(state: AuditState) -> AuditStateView:
    stamp, run = state.newest_stamp, state.verification
    return AuditStateView(
        size=state.size,
        checkpoint=None if state.checkpoint is None else _checkpoint(state.checkpoint),
        tampered=state.is_tampered,
        missing_results=state.missing_results,
        stamps_configured=state.stamps_configured,
        stamped_size=None if stamp is None else stamp.size,
        stamped_at=None if stamp is None else moment(stamp.at),
        stamp_fault=state.stamp_fault,
        verification=None if run is None else _verification(run),
    )


def _verification(run: VerificationRun) -> VerificationView:
    return VerificationView(
        upto=run.upto,
        lines=run.lines,
        redacted=run.redacted,
        by=run.by,
        started_at=moment(run.started_at),
        finished_at=None if run.finished_at is None else moment(run.finished_at),
        first_bad_seq=run.first_bad_seq,
        detail=run.detail,
    )


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

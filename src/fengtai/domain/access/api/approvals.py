"""Routes of four eyes: what was asked for, and the answer of a second person."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Cursor, Id, Limit, iso
from fengtai.domain.access.model import Actor, Approval, ApprovalState, ApprovedAct, Permission, needs, signed_in
from fengtai.domain.access.service import ApprovalDesk


class ApprovalView(BaseModel):
    """A request for a second person. It is good for exactly what was asked, for who asked, once, until `expires_at`."""

    id: str
    act: ApprovedAct
    object: str
    title: str
    organisation_id: str
    reason: str
    asked_by: str
    asked_by_name: str
    asked_at: str
    expires_at: str
    state: ApprovalState
    decided_by_name: str
    decided_at: str | None
    note: str
    is_mine: bool

    @classmethod
    def of(cls, approval: Approval, by: Actor) -> "ApprovalView":
        return cls(
            id=approval.id,
            act=approval.act,
            object=approval.object,
            title=approval.title,
            organisation_id=approval.place.organisation_id,
            reason=approval.reason,
            asked_by=approval.asked_by,
            asked_by_name=approval.asked_by_name,
            asked_at=iso(approval.asked_at),
            expires_at=iso(approval.expires_at),
            state=approval.state,
            decided_by_name=approval.decided_by_name,
            decided_at=iso(approval.decided_at) if approval.decided_at else None,
            note=approval.note,
            is_mine=approval.asked_by == by.user_id,
        )


class ApprovalsView(BaseModel):
    items: list[ApprovalView]
    next: str | None = Field(description="give it as after")


class DecisionAsked(Asked):
    agrees: bool
    note: Annotated[str, Field(max_length=500)] = ""


def add_approvals(routes: APIRouter, desk: ApprovalDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/approvals", openapi_extra=signed_in())
    async def approvals(
        mine: bool = False, waiting: bool = False, after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)
    ) -> ApprovalsView:
        """Newest first: what one asked for oneself (`mine`), else what others ask where one may decide."""
        found = await desk.page(by=by, mine=mine, only_waiting=waiting, after=after, limit=limit)
        items = [ApprovalView.of(one, by) for one in found]
        return ApprovalsView(items=items, next=found[-1].id if len(found) == limit else None)

    @routes.get("/api/approvals/{approval_id}", openapi_extra=signed_in())
    async def approval(approval_id: Id, by: Actor = Depends(who)) -> ApprovalView:
        return ApprovalView.of(await desk.get(approval_id, by=by), by)

    @routes.post("/api/approvals/{approval_id}/decision", openapi_extra=needs(Permission.APPROVALS_DECIDE))
    async def decide(approval_id: Id, asked: DecisionAsked, by: Actor = Depends(who)) -> ApprovalView:
        """Agree or refuse. Never one's own; the state of the answer says whether it was done."""
        return ApprovalView.of(await desk.decide(approval_id, agrees=asked.agrees, note=asked.note, by=by), by)

    @routes.post("/api/approvals/{approval_id}/withdraw", openapi_extra=signed_in())
    async def withdraw(approval_id: Id, by: Actor = Depends(who)) -> ApprovalView:
        return ApprovalView.of(await desk.withdraw(approval_id, by=by), by)

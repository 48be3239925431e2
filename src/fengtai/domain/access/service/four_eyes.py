"""Requests for a second person inside one unit of work: asked, found again, used up. For whoever owns such an act.

Must not know: who may decide (`rules.approvals`), what the acts do.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fengtai.domain.access.model import Actor, Approval, ApprovalChanged, ApprovalState, ApprovedAct, Place
from fengtai.domain.access.ports import ApprovalStore
from fengtai.domain.access.rules import APPROVAL_HOURS, MOST_WAITING, checked_reason
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.errors import Conflict, TooMany
from fengtai.vocabulary.transactions import UnitOfWork


def asked_or_approved(
    uow: UnitOfWork,
    act: ApprovedAct,
    object: str,
    terms: Mapping[str, Any],
    *,
    title: str,
    place: Place,
    reason: str,
    by: Actor,
) -> Approval:
    """The approval by which this person may do exactly this now (APPROVED: give it to `use_up`), or the request that
    waits for it, made now when there is none. Raise Invalid without a reason, TooMany when many wait already."""
    store, now = uow.store(ApprovalStore), uow.now.utc
    open_ones = [one for one in store.open_of(by.user_id) if one.expires_at > now]
    for one in open_ones:
        if (one.act, one.object, dict(one.terms)) == (act, object, dict(terms)):
            return one
    if len(open_ones) >= MOST_WAITING:
        raise TooMany(f"{MOST_WAITING} of your requests are open already; withdraw one first")
    approval = Approval(
        id=uow.new_id(),
        act=act,
        object=object,
        terms=dict(terms),
        title=title,
        place=place,
        reason=checked_reason(reason),
        asked_by=by.user_id,
        asked_by_name=by.name,
        asked_at=now,
        expires_at=now + timedelta(hours=APPROVAL_HOURS),
    )
    store.add(approval)
    line = by.entry("approval.ask", object, asked_for=act.value, approval=approval.id, reason=reason, terms=dict(terms))
    uow.store(AuditLog).append(line)
    tell(uow, approval)
    return approval


def use_up(uow: UnitOfWork, approval: Approval) -> Approval:
    """The act is done now; the approval is good for no second one. Raise Conflict when somebody else was quicker."""
    return moved(uow, approval, replace(approval, state=ApprovalState.DONE))


def moved(uow: UnitOfWork, before: Approval, after: Approval) -> Approval:
    """Raise Conflict unless it still stands as it was seen: of two that decide at once, one does."""
    if not uow.store(ApprovalStore).move(after, seen=before.state):
        raise Conflict("this request was decided meanwhile")
    tell(uow, after)
    return after


def tell(uow: UnitOfWork, approval: Approval) -> None:
    place = approval.place
    uow.publish(
        ApprovalChanged(
            approval_id=approval.id,
            act=approval.act.value,
            state=approval.state.value,
            asked_by=approval.asked_by,
            organisation_id=place.organisation_id,
            area_code=place.area_code,
            point_class=place.point_class,
        )
    )


def names(approval: Approval) -> dict[str, str]:
    """What the audit line of the act itself says of the two."""
    return {
        "approval": approval.id,
        "asked_by": f"{approval.asked_by_name} ({approval.asked_by})",
        "approved_by": f"{approval.decided_by_name} ({approval.decided_by})",
    }

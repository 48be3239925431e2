"""Four eyes: one person asks, another one agrees or refuses, and only then the act is done.

Giving a guarding role is done in the unit of the agreement itself, in the name of whoever asked, whose right is looked up
again then. Other acts are done afterwards by whoever asked (`four_eyes.use_up`). Must not know: clips, files, routes.
"""

from collections.abc import Sequence
from dataclasses import replace

from fengtai.domain.access.model import Actor, Approval, ApprovalState, ApprovedAct, Permission
from fengtai.domain.access.ports import ApprovalStore, KeptPasswordStore, PersonStore
from fengtai.domain.access.rules import check_decider, check_open
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.four_eyes import moved, use_up
from fengtai.domain.access.service.giving import check_giving, give_approved, terms_of
from fengtai.domain.access.service.granting import acting_as
from fengtai.domain.access.service.proofs import check_at_the_desk
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, FengtaiError, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

SWEEP_SECONDS = 10.0
SYSTEM = "system:access"
KEPT_LOOKED_AT = 5
"""passwords of the deciding account that are looked at"""
MOST_NOTE_CHARACTERS = 500


class ApprovalDesk:
    def __init__(self, *, transactions: Transactions, clock: Clock, access: AccessDesk) -> None:
        self._transactions, self._clock, self._access = transactions, clock, access
        self._next_sweep = 0.0

    async def page(
        self, *, by: Actor, mine: bool, only_waiting: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[Approval]:
        """Newest first: one's own, or those of places where one may decide."""
        reach = None if mine else by.reach(Permission.APPROVALS_DECIDE)
        asked_by = by.user_id if mine else ""
        return await self._transactions.read(
            lambda uow: uow.store(ApprovalStore).page(
                reach, asked_by=asked_by, only_waiting=only_waiting, after=after, limit=limit
            )
        )

    async def get(self, approval_id: str, *, by: Actor) -> Approval:
        """Raise NotFound for one that is neither one's own nor one's to decide."""
        return await self._transactions.read(lambda uow: _seen(uow, approval_id, by))

    async def decide(self, approval_id: str, *, agrees: bool, note: str, by: Actor) -> Approval:
        """Raise Forbidden for one's own or for who may not, Conflict when it was decided or is over. When whoever asked
        may not do it any more, the answer is a refusal with the cause."""
        check_at_the_desk(by)
        note = note.strip()[:MOST_NOTE_CHARACTERS]
        decided = await self._transactions.write(lambda uow: _decide(uow, approval_id, agrees, note, by))
        if decided.act is ApprovedAct.GIVE_GUARDIAN:
            self._access.forget_person(decided.object.removeprefix("person:"))
        return decided

    async def withdraw(self, approval_id: str, *, by: Actor) -> Approval:
        """One's own that has not been done. Raise NotFound for others'."""
        return await self._transactions.write(lambda uow: _withdraw(uow, approval_id, by))

    async def tick(self) -> None:
        """End the requests whose time is over."""
        moment = self._clock.now().monotonic
        if moment < self._next_sweep:
            return
        self._next_sweep = moment + SWEEP_SECONDS
        if await self._transactions.read(lambda uow: uow.store(ApprovalStore).over(uow.now.utc)):
            await self._transactions.write(_sweep)


def _seen(uow: UnitOfWork, approval_id: str, by: Actor) -> Approval:
    approval = uow.store(ApprovalStore).get(approval_id)
    if approval.asked_by != by.user_id:
        by.must_see(Permission.APPROVALS_DECIDE, approval.place, NotFound("there is no such request"))
    return approval


def _decide(uow: UnitOfWork, approval_id: str, agrees: bool, note: str, by: Actor) -> Approval:
    seen, now = _seen(uow, approval_id, by), uow.now.utc
    check_open(seen, now)
    check_decider(seen, by, uow.store(KeptPasswordStore).of_person(by.user_id, KEPT_LOOKED_AT), now)
    cause = _why_not_any_more(uow, seen) if agrees else ""
    decided = replace(
        seen,
        state=ApprovalState.APPROVED if agrees and not cause else ApprovalState.REFUSED,
        decided_by=by.user_id,
        decided_by_name=by.name,
        decided_at=now,
        note=cause or note,
    )
    verb = "approval.approve" if agrees else "approval.refuse"
    outcome = Outcome.FAILED if cause else Outcome.DONE
    uow.store(AuditLog).append(
        by.entry(
            verb,
            seen.object,
            outcome,
            approval=seen.id,
            asked_for=seen.act.value,
            asked_by=f"{seen.asked_by_name} ({seen.asked_by})",
            note=decided.note,
        )
    )
    decided = moved(uow, seen, decided)
    if decided.state is ApprovalState.APPROVED and decided.act is ApprovedAct.GIVE_GUARDIAN:
        give_approved(uow, decided, by=_asker(uow, decided))
        return use_up(uow, decided)
    return decided


def _why_not_any_more(uow: UnitOfWork, approval: Approval) -> str:
    """Whoever asked must still be allowed to do it; empty when they are. What is done later is looked at then."""
    person = uow.store(PersonStore).get(approval.asked_by)
    if person.disabled:
        return f"{person.display_name} is disabled"
    if approval.act is ApprovedAct.GIVE_GUARDIAN:
        user_id = approval.object.removeprefix("person:")
        try:
            check_giving(uow, user_id, terms_of(approval.terms), _asker(uow, approval))
        except FengtaiError as error:
            return f"{person.display_name} may not do this any more: {error}"
    return ""


def _asker(uow: UnitOfWork, approval: Approval) -> Actor:
    """With the rights of this moment, not of the one at which they asked."""
    return acting_as(uow, uow.store(PersonStore).get(approval.asked_by))


def _withdraw(uow: UnitOfWork, approval_id: str, by: Actor) -> Approval:
    seen = uow.store(ApprovalStore).get(approval_id)
    if seen.asked_by != by.user_id:
        raise NotFound("there is no such request")
    if seen.state not in (ApprovalState.WAITING, ApprovalState.APPROVED):
        raise Conflict(f"this request is {seen.state.value} already")
    uow.store(AuditLog).append(by.entry("approval.withdraw", seen.object, approval=seen.id, asked_for=seen.act.value))
    return moved(uow, seen, replace(seen, state=ApprovalState.WITHDRAWN))


def _sweep(uow: UnitOfWork) -> None:
    for seen in uow.store(ApprovalStore).over(uow.now.utc):
        moved(uow, seen, replace(seen, state=ApprovalState.EXPIRED))
        details = {"approval": seen.id, "asked_for": seen.act.value, "asked_by": seen.asked_by}
        line = AuditEntry(actor=SYSTEM, action="approval.expire", object=seen.object, details=details)
        uow.store(AuditLog).append(line)

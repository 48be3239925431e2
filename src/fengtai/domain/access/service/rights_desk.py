"""The desk where rights are given and taken back, and where it is told why somebody may see something.

Owns every act on grants. Must not know: sessions, passwords, routes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Approval,
    Decision,
    Effect,
    Grant,
    GrantTerms,
    OrganisationTree,
    Permission,
    Person,
    Place,
)
from fengtai.domain.access.ports import GrantStore, PersonStore, PointPlaces
from fengtai.domain.access.rules import check_giver, check_subject, checked_reason, compiled, ground_of
from fengtai.domain.access.service import granting
from fengtai.domain.access.service.desk import AccessDesk
from fengtai.domain.access.service.giving import give_or_ask, told
from fengtai.domain.access.service.granting import keep_guarded, standing_guardians, tree_of
from fengtai.domain.access.service.places import place_of_person, seen_person
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

SWEEP_SECONDS = 1.0
SYSTEM = "system:access"


@dataclass(frozen=True, slots=True)
class Why:
    """A decision about a person, with the grants that made it."""

    person: Person
    decision: Decision
    grants: tuple[Grant, ...]

    @property
    def words(self) -> str:
        """For people: the decision, then each of its grants."""
        told = [in_words(grant, self.decision.tree) for grant in self.grants]
        return "; ".join([f"{self.person.display_name}: {self.decision.words}", *told])


class RightsDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        access: AccessDesk,
        places: PointPlaces,
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions, self._clock, self._access, self._places = transactions, clock, access, places
        self._policy = policy
        self._next_sweep = 0.0

    async def grants(
        self, *, by: Actor, user_id: str = "", with_ended: bool = False, after: str = "", limit: int = 100
    ) -> Sequence[Grant]:
        """Newest first; those of places that the reader's right to see grants covers."""
        reach = by.reach(Permission.GRANTS_SEE)
        return await self._transactions.read(
            lambda uow: uow.store(GrantStore).page(
                reach, user_id=user_id, with_ended=with_ended, after=after, limit=limit
            )
        )

    async def give(self, user_id: str, terms: GrantTerms, reason: str, *, by: Actor) -> Grant | Approval:
        """The grant, or the request that waits for a second person. Raise Invalid for terms that say nothing, Forbidden
        for what this person may not give."""
        given = await self._transactions.write(
            lambda uow: give_or_ask(uow, user_id, terms, checked_reason(reason), by=by, policy=self._policy)
        )
        self._access.forget_person(user_id)
        return given

    async def take_back(self, grant_id: str, reason: str, *, by: Actor) -> Grant:
        """Raise Conflict when it has ended already, or when the last administrator or auditor would go."""
        grant = await self._transactions.write(lambda uow: _take_back(uow, grant_id, checked_reason(reason), by))
        self._access.forget_person(grant.user_id)
        return grant

    async def why(
        self, user_id: str, permission: Permission, place: Place | None, *, point_id: str = "", by: Actor
    ) -> Why:
        """May this person do that there, and by which grants? Raise NotFound for what is not there, or out of reach."""
        at_point = await self._seen_place(point_id, by) if point_id else None

        def unit(uow: UnitOfWork) -> Why:
            person = seen_person(uow, user_id, by)
            if at_point is None:
                by.require(Permission.GRANTS_SEE, place or place_of_person(uow, person))
            return why(uow, user_id, permission, at_point or place)

        return await self._transactions.read(unit)

    async def who(self, permission: Permission, point_id: str, *, by: Actor) -> Sequence[Why]:
        """Everybody who may do that at this point."""
        place = await self._seen_place(point_id, by)
        return await self._transactions.read(lambda uow: who_may(uow, permission, place))

    async def _seen_place(self, point_id: str, by: Actor) -> Place:
        place = await self._places.place_of(point_id)
        by.must_see(Permission.GRANTS_SEE, place, NotFound(f"there is no point {point_id}"))
        return place

    async def tick(self) -> None:
        """End the grants whose time is over, so that everybody who serves their person is told."""
        moment = self._clock.now().monotonic
        if moment < self._next_sweep:
            return
        self._next_sweep = moment + SWEEP_SECONDS
        if await self._transactions.read(lambda uow: uow.store(GrantStore).over(uow.now.utc)):
            for user_id in await self._transactions.write(_sweep):
                self._access.forget_person(user_id)


def in_words(grant: Grant, tree: OrganisationTree) -> str:
    """One grant as people say it."""
    terms = grant.terms
    said = "gives" if terms.effect is Effect.ALLOW else "forbids"
    what = ", ".join(sorted(one.value for one in terms.permissions)) or "everything"
    where = [f"in {tree.name_of(terms.organisation_id)} and below"] if terms.organisation_id else []
    where += [f"in area {terms.area_code}"] if terms.area_code else []
    where += [f"at points of class {', '.join(map(str, sorted(terms.point_classes)))}"] if terms.point_classes else []
    until = f" until {terms.valid_until.isoformat(timespec='minutes')}" if terms.valid_until else ""
    return (
        f"grant {grant.id} {said} {what} of the role {terms.role.value} {' '.join(where) or 'everywhere'}{until}, "
        f"by {grant.granted_by} on {grant.granted_at.date().isoformat()}: {grant.reason}"
    )


def why(uow: UnitOfWork, user_id: str, permission: Permission, place: Place | None) -> Why:
    person = uow.store(PersonStore).get(user_id)
    grants = uow.store(GrantStore).of_person(user_id)
    rights = compiled(() if person.disabled else grants, uow.now.utc, tree_of(uow))
    decision = rights.decide(permission, place)
    return Why(person, decision, tuple(grant for grant in grants if grant.id in decision.grants))


def who_may(uow: UnitOfWork, permission: Permission, place: Place) -> list[Why]:
    """Everybody who may do that there, by name."""
    now, tree = uow.now.utc, tree_of(uow)
    grants: dict[str, list[Grant]] = {}
    for grant in uow.store(GrantStore).all_in_force():
        grants.setdefault(grant.user_id, []).append(grant)
    found = []
    for person in uow.store(PersonStore).all():
        held = () if person.disabled else grants.get(person.id, ())
        decision = compiled(held, now, tree).decide(permission, place)
        if decision.allowed:
            found.append(Why(person, decision, tuple(grant for grant in held if grant.id in decision.grants)))
    return found


def _take_back(uow: UnitOfWork, grant_id: str, reason: str, by: Actor) -> Grant:
    grant = uow.store(GrantStore).get(grant_id)
    person, unknown = uow.store(PersonStore).get(grant.user_id), NotFound("there is no such grant")
    if not by.reach(Permission.GRANTS_SEE).contains(ground_of(grant, tree_of(uow))):
        raise unknown
    by.must_do(Permission.GRANTS_EDIT, place_of_person(uow, person), see=Permission.GRANTS_SEE, unknown=unknown)
    if grant.ended_at is not None:
        raise Conflict("this grant has ended already")
    check_subject(by, person)
    guarded = standing_guardians(uow)
    check_giver(by, grant, tree_of(uow))
    ended = granting.end(uow, grant, ended_by=by.user_id, reason=reason)
    keep_guarded(uow, guarded)
    uow.store(AuditLog).append(
        by.entry("grant.take_back", f"person:{grant.user_id}", grant=grant.id, reason=reason, **told(grant.terms))
    )
    return ended


def _sweep(uow: UnitOfWork) -> set[str]:
    over = uow.store(GrantStore).over(uow.now.utc)
    for grant in over:
        granting.end(uow, grant, ended_by=SYSTEM, reason="its time was over", step="expired")
        uow.store(AuditLog).append(
            AuditEntry(
                actor=SYSTEM,
                action="grant.expire",
                object=f"person:{grant.user_id}",
                details={"grant": grant.id, **told(grant.terms)},
            )
        )
    return {grant.user_id for grant in over}

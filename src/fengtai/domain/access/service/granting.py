"""Grants inside one unit of work: read, compiled, given, ended. Audited by the caller."""

from collections.abc import Callable
from dataclasses import replace

from fengtai.domain.access.model import (
    NO_RIGHTS,
    Actor,
    Grant,
    GrantTerms,
    OrganisationTree,
    Person,
    Rights,
    RightsChanged,
    Role,
    Session,
)
from fengtai.domain.access.ports import GrantStore, PersonStore
from fengtai.domain.access.rules import (
    check_guarded,
    checked_roles,
    compiled,
    guardians,
    name_key,
    roles_in,
)
from fengtai.domain.access.service.places import tell_of_person
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.transactions import UnitOfWork

TREE_SECONDS = 1.0
"""How long the tree of organisations is remembered: every session asks for it every two seconds."""

TreeOf = Callable[[UnitOfWork], OrganisationTree]


def tree_of(uow: UnitOfWork) -> OrganisationTree:
    return OrganisationTree(uow.store(OrganisationStore).all())


class RememberedTree:
    """The tree as it stood within the last second."""

    def __init__(self) -> None:
        self._tree: tuple[OrganisationTree, float] | None = None

    def __call__(self, uow: UnitOfWork) -> OrganisationTree:
        kept, moment = self._tree, uow.now.monotonic
        if kept is None or not kept[1] <= moment < kept[1] + TREE_SECONDS:
            kept = self._tree = (tree_of(uow), moment)
        return kept[0]


def rights_of(uow: UnitOfWork, user_id: str, tree: TreeOf = tree_of) -> Rights:
    """What this person may do now; nothing for somebody unknown."""
    grants = uow.store(GrantStore).of_person(user_id)
    has_place = any(grant.terms.organisation_id or grant.terms.area_code for grant in grants)
    return compiled(grants, uow.now.utc, tree(uow)) if has_place else compiled(grants, uow.now.utc)


def acting_as(uow: UnitOfWork, person: Person, tree: TreeOf = tree_of) -> Actor:
    """The person as they may act now, without a session; nothing for somebody who is disabled."""
    rights = NO_RIGHTS if person.disabled else rights_of(uow, person.id, tree)
    return Actor(
        user_id=person.id,
        name=person.display_name or person.name,
        roles=person.roles,
        permissions=rights.permissions,
        rights=rights,
    )


def actor_of(uow: UnitOfWork, person: Person, session: Session, tree: TreeOf = tree_of) -> Actor:
    actor = acting_as(uow, person, tree)
    return replace(actor, session_id=session.id, source_ip=session.source_ip, post=session.post)


def give(uow: UnitOfWork, user_id: str, terms: GrantTerms, *, granted_by: str, reason: str) -> Grant:
    grant = Grant(
        id=uow.new_id(),
        user_id=user_id,
        terms=terms,
        granted_by=granted_by,
        granted_at=uow.now.utc,
        reason=reason,
    )
    uow.store(GrantStore).save(grant)
    _changed(uow, grant, "given")
    return grant


def end(uow: UnitOfWork, grant: Grant, *, ended_by: str, reason: str, step: str = "taken back") -> Grant:
    ended = replace(grant, ended_at=uow.now.utc, ended_by=ended_by, end_reason=reason)
    uow.store(GrantStore).save(ended)
    _changed(uow, ended, step)
    return ended


def standing_guardians(uow: UnitOfWork) -> frozenset[Role]:
    return guardians(uow.store(PersonStore).all(), uow.store(GrantStore).all_in_force(), uow.now.utc)


def keep_guarded(uow: UnitOfWork, before: frozenset[Role]) -> None:
    """Raise Conflict, which undoes the unit, when it has taken the last administrator or auditor away."""
    check_guarded(before, standing_guardians(uow))


def _changed(uow: UnitOfWork, grant: Grant, step: str) -> None:
    """The roles by which a person is called follow their grants in the same unit; the auditor's stands alone."""
    people = uow.store(PersonStore)
    person = people.get(grant.user_id)
    roles = roles_in(uow.store(GrantStore).of_person(person.id), uow.now.utc)
    if roles != person.roles:
        people.save(replace(person, roles=roles), name_key=name_key(person.name))
    if step == "given" and roles:
        checked_roles(roles)
    tell_of_person(uow, RightsChanged(user_id=grant.user_id, grant_id=grant.id, step=step))

"""Giving a grant inside one unit of work: checked, given and audited, or put before a second person."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Approval,
    ApprovedAct,
    Effect,
    Grant,
    GrantTerms,
    Permission,
    Person,
    Role,
)
from fengtai.domain.access.ports import PersonStore
from fengtai.domain.access.rules import GUARDING_ROLES, check_giver, check_subject, checked_terms
from fengtai.domain.access.service import granting
from fengtai.domain.access.service.four_eyes import asked_or_approved, names
from fengtai.domain.access.service.granting import keep_guarded, rights_of, standing_guardians, tree_of
from fengtai.domain.access.service.places import city_place, seen_person
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.transactions import UnitOfWork


def give_or_ask(
    uow: UnitOfWork, user_id: str, terms: GrantTerms, reason: str, *, by: Actor, policy: AccessPolicy
) -> Grant | Approval:
    """Raise NotFound for somebody out of reach, Invalid for terms that say nothing, Forbidden for what may not be given."""
    person = check_giving(uow, user_id, terms, by)
    if not _needs_second(uow, terms, by, policy):
        return _given(uow, person, terms, reason, by, {})
    return asked_or_approved(
        uow,
        ApprovedAct.GIVE_GUARDIAN,
        f"person:{user_id}",
        told(terms),
        title=f"{terms.role.value}: {person.display_name}",
        place=city_place(uow),
        reason=reason,
        by=by,
    )


def give_approved(uow: UnitOfWork, approval: Approval, *, by: Actor) -> Grant:
    """What was asked for, in the name of whoever asked: raises as `give_or_ask` when they may not give it any more."""
    user_id, terms = approval.object.removeprefix("person:"), terms_of(approval.terms)
    person = check_giving(uow, user_id, terms, by)
    return _given(uow, person, terms, approval.reason, by, names(approval))


def check_giving(uow: UnitOfWork, user_id: str, terms: GrantTerms, by: Actor) -> Person:
    person = seen_person(uow, user_id, by, Permission.GRANTS_EDIT)
    checked_terms(terms, uow.now.utc)
    if terms.organisation_id:
        uow.store(OrganisationStore).get(terms.organisation_id)
    check_subject(by, person)
    draft = Grant(id="", user_id=user_id, terms=terms, granted_by=by.user_id, granted_at=uow.now.utc)
    check_giver(by, draft, tree_of(uow))
    return person


def give_roles(
    uow: UnitOfWork, person: Person, roles: Iterable[Role], reason: str, *, by: Actor, policy: AccessPolicy
) -> None:
    """Each holds where the person belongs, with all that stands below: for somebody of the city, everywhere."""
    root = uow.store(OrganisationStore).root()
    home = "" if root is None or person.organisation_id == root.id else person.organisation_id
    for role in sorted(roles, key=lambda role: role.value):
        give_or_ask(uow, person.id, GrantTerms(role=role, organisation_id=home), reason, by=by, policy=policy)


def _given(uow: UnitOfWork, person: Person, terms: GrantTerms, reason: str, by: Actor, two: Mapping[str, Any]) -> Grant:
    guarded = standing_guardians(uow)
    grant = granting.give(uow, person.id, terms, granted_by=by.user_id, reason=reason)
    keep_guarded(uow, guarded)
    line = by.entry("grant.give", f"person:{person.id}", grant=grant.id, reason=reason, **told(terms), **two)
    uow.store(AuditLog).append(line)
    return grant


def _needs_second(uow: UnitOfWork, terms: GrantTerms, by: Actor, policy: AccessPolicy) -> bool:
    """Where there is nobody else who could agree, an administrator must be able to name one."""
    if not policy.approve_guardians or terms.role not in GUARDING_ROLES or terms.has_place:
        return False
    return terms.effect is Effect.ALLOW and any(
        rights_of(uow, one.id).reach(Permission.PEOPLE_EDIT).is_everywhere
        for one in uow.store(PersonStore).all()
        if Role.ADMINISTRATOR in one.roles and not one.disabled and one.id != by.user_id
    )


def told(terms: GrantTerms) -> dict[str, Any]:
    """Terms as audit lines and requests hold them."""
    return {
        "role": terms.role.value,
        "effect": terms.effect.value,
        "permissions": sorted(permission.value for permission in terms.permissions),
        "organisation_id": terms.organisation_id,
        "area_code": terms.area_code,
        "point_classes": sorted(terms.point_classes),
        "valid_until": terms.valid_until.isoformat() if terms.valid_until else "",
    }


def terms_of(told: Any) -> GrantTerms:
    return GrantTerms(
        role=Role(told["role"]),
        effect=Effect(told["effect"]),
        permissions=frozenset(Permission(one) for one in told["permissions"]),
        organisation_id=told["organisation_id"],
        area_code=told["area_code"],
        point_classes=frozenset(told["point_classes"]),
        valid_until=datetime.fromisoformat(told["valid_until"]) if told["valid_until"] else None,
    )

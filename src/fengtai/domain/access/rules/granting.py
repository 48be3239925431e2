"""Who may give and take back which grants, and what a grant may say.

Separation of duties (GB/T 22239-2019, 8.1.4.2 and 8.1.5): administrators give what they do not hold themselves, but never
to themselves, and inside their own place only; everybody else gives only what they hold; the auditor stands alone.
"""

from collections.abc import Iterable
from datetime import datetime

from fengtai.domain.access.model import (
    WITHOUT_PLACE,
    Actor,
    Effect,
    Grant,
    GrantTerms,
    OrganisationTree,
    Permission,
    Person,
    Role,
)
from fengtai.domain.access.rules.decisions import compiled, ground_of, permissions_in
from fengtai.domain.access.rules.roles import PERMISSIONS_OF_ROLE
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid

POINT_CLASSES = frozenset({1, 2, 3, 9})
MOST_AREA_DIGITS = 12
MOST_REASON_CHARACTERS = 500
_GUARDING = {
    Role.ADMINISTRATOR: (Permission.PEOPLE_EDIT, Permission.GRANTS_EDIT),
    Role.AUDITOR: (Permission.AUDIT_SEE,),
}
GUARDING_ROLES = frozenset(_GUARDING)


def checked_terms(terms: GrantTerms, now: datetime) -> GrantTerms:
    """Raise Invalid for a grant that would say nothing, or something else than it seems to."""
    foreign = terms.permissions - PERMISSIONS_OF_ROLE[terms.role]
    if foreign:
        raise Invalid(f"{_told(foreign)}: the role {terms.role.value} does not hold that", field="permissions")
    if terms.has_place and terms.permissions & WITHOUT_PLACE:
        placeless = _told(terms.permissions & WITHOUT_PLACE)
        raise Invalid(f"{placeless}: belongs to no place; give it in a grant without one", field="permissions")
    if terms.has_place and terms.role is Role.AUDITOR:
        raise Invalid("the audit is one for the whole city: an auditor's grant has no place", field="organisation_id")
    if terms.has_place and not (terms.permissions or PERMISSIONS_OF_ROLE[terms.role]) - WITHOUT_PLACE:
        raise Invalid(f"nothing of the role {terms.role.value} has a place", field="role")
    area = terms.area_code
    if area and not (area.isascii() and area.isdigit() and 2 <= len(area) <= MOST_AREA_DIGITS):
        raise Invalid("an area code has 2 to 12 digits (GB/T 2260)", field="area_code")
    if not terms.point_classes <= POINT_CLASSES:
        raise Invalid("point classes are 1, 2, 3 and 9", field="point_classes")
    if terms.valid_until is not None and terms.valid_until <= now:
        raise Invalid("the end lies in the past", field="valid_until")
    return terms


def check_giver(by: Actor, grant: Grant, tree: OrganisationTree) -> None:
    """Raise Forbidden unless this person may give, or take back, this grant."""
    if by.user_id == grant.user_id:
        raise Forbidden("nobody may change their own rights; ask somebody else who may")
    ground = ground_of(grant, tree)
    if not by.reach(Permission.GRANTS_EDIT).contains(ground):
        raise Forbidden("this grant reaches further than your own right to edit grants (grants.edit)")
    if grant.terms.role in GUARDING_ROLES and not rules_the_city(by):
        raise Forbidden(
            f"only an administrator of the whole city may give or take back the role {grant.terms.role.value}"
        )
    if by.reach(Permission.PEOPLE_EDIT).contains(ground):
        return  # an administrator: gives by office, not out of what they hold
    missing = {one for one in permissions_in(grant) if not by.reach(one).contains(ground)}
    if missing:
        raise Forbidden(f"you do not hold {_told(missing)} in all of that place, so you cannot give or take it back")


def rules_the_city(by: Actor) -> bool:
    """Whether this is an administrator of the whole city, not of a part of it."""
    return by.may(Permission.PEOPLE_EDIT) and by.reach(Permission.PEOPLE_EDIT).is_everywhere


def check_subject(by: Actor, person: Person) -> None:
    """Raise Forbidden when somebody who is no administrator of the city would change those who guard."""
    if person.roles & GUARDING_ROLES and not rules_the_city(by):
        raise Forbidden("only an administrator of the whole city may change administrators and auditors")


def check_below(by: Actor, person: Person, held: Iterable[Grant], tree: OrganisationTree, now: datetime) -> None:
    """Raise Forbidden when the person may do something where this administrator rules nothing: a new password, or a
    second factor taken away, would open all of it to whoever set it."""
    check_subject(by, person)
    reach = by.reach(Permission.PEOPLE_EDIT)
    allowing = (one for one in held if one.terms.effect is Effect.ALLOW and one.counts_at(now))
    if not rules_the_city(by) and not all(reach.contains(ground_of(one, tree)) for one in allowing):
        raise Forbidden(
            f"{person.display_name} also holds rights outside of your place; ask an administrator of the city"
        )


def roles_in(grants: Iterable[Grant], now: datetime) -> frozenset[Role]:
    """The roles that the allowing grants name which count now: what people are called by."""
    return frozenset(
        grant.terms.role for grant in grants if grant.terms.effect is Effect.ALLOW and grant.counts_at(now)
    )


def guardians(people: Iterable[Person], grants: Iterable[Grant], now: datetime) -> frozenset[Role]:
    """Of administrator and auditor, those for which somebody stands who is not disabled, for good and everywhere."""
    lasting: dict[str, list[Grant]] = {}
    for grant in grants:
        is_prohibition = grant.terms.effect is Effect.FORBID
        if grant.counts_at(now) and (is_prohibition or grant.terms.valid_until is None):
            lasting.setdefault(grant.user_id, []).append(grant)
    standing = [compiled(lasting.get(person.id, ()), now) for person in people if not person.disabled]
    return frozenset(
        role
        for role, permissions in _GUARDING.items()
        if any(all(rights.reach(one).is_everywhere for one in permissions) for rights in standing)
    )


def check_guarded(before: frozenset[Role], after: frozenset[Role]) -> None:
    """Raise Conflict when the last administrator or auditor would go."""
    for role in sorted(before - after, key=lambda role: role.value):
        raise Conflict(f"this is the last {role.value}; name another one first")


def checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON_CHARACTERS:
        raise Invalid(f"say why, in at most {MOST_REASON_CHARACTERS} characters", field="reason")
    return reason


def _told(permissions: Iterable[Permission]) -> str:
    return ", ".join(sorted(permission.value for permission in permissions))

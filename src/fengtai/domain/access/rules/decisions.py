"""Grants become rights, and a route is opened or not. What rights say is decided in `model.rights`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fengtai.domain.access.model import (
    NO_TREE,
    WITHOUT_PLACE,
    Actor,
    Decision,
    Effect,
    Grant,
    Ground,
    OrganisationTree,
    Permission,
    Rights,
    area_prefix,
)
from fengtai.domain.access.rules.roles import PERMISSIONS_OF_ROLE


@dataclass(frozen=True, slots=True)
class Admission:
    allowed: bool
    reason: str
    decision: Decision | None = None
    """when it was asked of somebody's rights"""


def admitted(actor: Actor | None, access: object) -> Admission:
    """May this person (or nobody) call a route with this `x-access` marker? Unknown markers are refused."""
    if access == "public":
        return Admission(True, "open to everybody")
    if actor is None:
        return Admission(False, "nobody is signed in")
    if access == "signed-in":
        return Admission(True, "open to everybody who is signed in")
    wanted = next((permission for permission in Permission if permission.value == access), None)
    if wanted is None:
        return Admission(False, "the route does not say who may call it")
    decision = actor.decide(wanted)
    return Admission(decision.allowed, decision.words, decision)


def ground_of(grant: Grant, tree: OrganisationTree) -> Ground:
    """Where a grant speaks. The root of the tree is the whole city, with what nobody has given to anybody yet."""
    terms = grant.terms
    is_everything = terms.organisation_id in ("", tree.root_id)
    organisations = None if is_everything else tree.below(terms.organisation_id)
    return Ground(grant.id, organisations, area_prefix(terms.area_code), terms.point_classes)


def permissions_in(grant: Grant) -> frozenset[Permission]:
    """What a grant speaks of: never more than its role, and only of what has a place when it has one itself."""
    terms = grant.terms
    of_role = PERMISSIONS_OF_ROLE[terms.role]
    spoken = terms.permissions & of_role if terms.permissions else of_role
    return spoken - WITHOUT_PLACE if terms.has_place else spoken


def compiled(grants: Iterable[Grant], now: datetime, tree: OrganisationTree = NO_TREE) -> Rights:
    """The rights of a person, from those of the grants that count at this moment. `tree` is needed for grants with a
    place."""
    allows: dict[Permission, list[Ground]] = {}
    forbids: dict[Permission, list[Ground]] = {}
    for grant in grants:
        if grant.counts_at(now):
            ground, said = ground_of(grant, tree), allows if grant.terms.effect is Effect.ALLOW else forbids
            for permission in permissions_in(grant):
                said.setdefault(permission, []).append(ground)
    return Rights(
        {permission: (tuple(grounds), tuple(forbids.get(permission, ()))) for permission, grounds in allows.items()},
        tree,
    )

"""What one person may do where, compiled from their grants: the only place that decides.

`Rights.decide` answers for one thing, `Rights.reach` for lists. Both read the same grounds, so that a list shows exactly
the things that may be opened one by one (docs/design/access-decisions.md). Default deny; a prohibition wins.
Must not know: how grants are stored, who gives them, what a point is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, NamedTuple

from fengtai.domain.access.model.permissions import Permission
from fengtai.domain.access.model.places import NO_TREE, OrganisationTree, Place, wider_areas
from fengtai.vocabulary.errors import Forbidden

WHO_CAN_GIVE = "An administrator, or whoever may edit grants for that place, can give it."


class Ground(NamedTuple):
    """One grant as far as it speaks of one permission. None, "" and the empty set are no limit."""

    grant_id: str
    organisations: frozenset[str] | None = None
    area: str = ""
    """a prefix, after `places.area_prefix`"""
    classes: frozenset[int] = frozenset()
    """limits points only: what has no class is not touched by it"""

    @property
    def is_open(self) -> bool:
        return self.organisations is None and not self.area and not self.classes

    def covers(self, place: Place) -> bool:
        """As an allowance: every limit is met by a fact that is known."""
        _, organisations, area, classes = self
        return (
            (organisations is None or place.organisation_id in organisations)
            and (not area or place.area_code.startswith(area))
            and (not classes or not place.point_class or place.point_class in classes)
        )

    def touches(self, place: Place) -> bool:
        """As a prohibition: the thing lies inside, or is not placed exactly enough to say that it does not."""
        _, organisations, area, classes = self
        return (
            (organisations is None or not place.organisation_id or place.organisation_id in organisations)
            and (not area or place.area_code.startswith(area) or place.area_code in wider_areas(area))
            and (not classes or place.point_class in classes)
        )

    def contains(self, other: "Ground") -> bool:
        """Whether no place of the other's lies outside."""
        return (
            (
                self.organisations is None
                or (other.organisations is not None and other.organisations <= self.organisations)
            )
            and (not self.area or other.area.startswith(self.area))
            and (not self.classes or (bool(other.classes) and other.classes <= self.classes))
        )

    def may_meet(self, other: "Ground") -> bool:
        """Whether some place may lie in both."""
        meets_area = self.area.startswith(other.area) or other.area.startswith(self.area)
        meets_class = not self.classes or not other.classes or bool(self.classes & other.classes)
        if self.organisations is None or other.organisations is None:
            return meets_area and meets_class
        return meets_area and meets_class and not self.organisations.isdisjoint(other.organisations)


class Decision(NamedTuple):
    """Yes or no, and why: which grants decided, and what would be needed."""

    allowed: bool
    permission: Permission
    place: Place | None
    grants: tuple[str, ...]
    """ids: of those that allow, or of those that forbid; none when nothing speaks of it"""
    is_held_elsewhere: bool
    tree: OrganisationTree

    @property
    def words(self) -> str:
        """One sentence for people."""
        named = f"{self.permission.value}{self.where}"
        if self.allowed:
            return f"{named} is allowed by {_listed(self.grants)}"
        if self.grants:
            return f"{named} is forbidden by {_listed(self.grants)}, and a prohibition wins"
        elsewhere = " there, only elsewhere" if self.is_held_elsewhere else ""
        return f"{named} is missing: no grant gives it{elsewhere}"

    @property
    def where(self) -> str:
        if self.place is None:
            return ""
        organisation_id, area_code, point_class = self.place
        organisation = f", organisation {self.tree.name_of(organisation_id)}" if organisation_id else ""
        area = f", area {area_code}" if area_code else ""
        points = f", points of class {point_class}" if point_class else ""
        named = organisation + area + points
        return f" for {named[2:]}" if named else " for things of no known place"

    @property
    def explanation(self) -> dict[str, Any]:
        """The same for programs: what a problem answer carries beside its sentence."""
        place = self.place or Place()
        return {
            "permission": self.permission.value,
            "organisation_id": place.organisation_id,
            "area_code": place.area_code,
            "point_class": place.point_class,
            "grants": list(self.grants),
            "words": self.words,
        }


class NotAllowed(Forbidden):
    """A refusal for want of a right: says which, where, and who can give it."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(f"You may not do this: {decision.words}. {WHO_CAN_GIVE}")
        self.explanation = decision.explanation


@dataclass(frozen=True, slots=True)
class Reach:
    """Where one permission holds."""

    allows: tuple[Ground, ...] = ()
    forbids: tuple[Ground, ...] = ()
    tree: OrganisationTree = NO_TREE

    @property
    def is_everywhere(self) -> bool:
        return not self.forbids and any(ground.is_open for ground in self.allows)

    @property
    def is_nowhere(self) -> bool:
        return all(
            any(forbid.contains(allow) and not forbid.classes for forbid in self.forbids) for allow in self.allows
        )

    def covers(self, place: Place) -> bool:
        return not any(ground.touches(place) for ground in self.forbids) and any(
            ground.covers(place) for ground in self.allows
        )

    def covers_organisation(self, organisation_id: str) -> bool:
        """Of things that know only their organisation: they lie where it lies."""
        return self.covers(Place(organisation_id, self.tree.areas.get(organisation_id, "")))

    def contains(self, ground: Ground) -> bool:
        """Whether it holds in all of that ground."""
        return not any(forbid.may_meet(ground) for forbid in self.forbids) and any(
            allow.contains(ground) for allow in self.allows
        )

    def condition(self, organisation_id: Any, area_code: Any = None, point_class: Any = None) -> Any:
        """The same as `covers`, as a condition on columns of SQL; None where there is nothing to limit.

        Columns come from a store: they know `in_`, `startswith`, `&`, `|` and `~`. Things without an area column lie
        where their organisation lies; things without a class column are no points.
        """
        if self.is_everywhere:
            return None
        if self.is_nowhere:
            return organisation_id.in_(())
        columns = (organisation_id, area_code, point_class)
        allowed = _any_of([self._limits(ground, columns, is_forbid=False) for ground in self.allows])
        forbidden = [
            all_of for ground in self.forbids if (all_of := self._limits(ground, columns, is_forbid=True)) is not None
        ]
        if not forbidden:
            return allowed
        none_of = ~_any_of(forbidden)
        return none_of if allowed is None else allowed & none_of

    def _limits(self, ground: Ground, columns: tuple[Any, Any, Any], *, is_forbid: bool) -> Any:
        organisation_id, area_code, point_class = columns
        limits: list[Any] = []
        organisations = ground.organisations
        if ground.area and area_code is None:
            test = ground.touches if is_forbid else ground.covers
            known = {
                one for one, area in self.tree.areas.items() if test(Place(one, area, min(ground.classes, default=0)))
            }
            organisations = frozenset(known) if organisations is None else organisations & known
        elif ground.area:
            inside = area_code.startswith(ground.area)
            limits.append(inside | area_code.in_(wider_areas(ground.area)) if is_forbid else inside)
        if organisations is not None:
            known_ids = [*sorted(organisations), ""] if is_forbid else sorted(organisations)
            limits.append(organisation_id.in_(known_ids))
        if ground.classes and point_class is not None:
            limits.append(point_class.in_(sorted(ground.classes if is_forbid else ground.classes | {0})))
        elif ground.classes and is_forbid:
            limits.append(organisation_id.in_(()))  # what is no point is not touched
        return reduce(and_, limits) if limits else None


@dataclass(frozen=True, slots=True)
class Rights:
    """Compiled for a person at a moment; kept with the actor for as long as an answer of `authenticate` is."""

    by_permission: Mapping[Permission, tuple[tuple[Ground, ...], tuple[Ground, ...]]]
    """allowances and prohibitions"""
    tree: OrganisationTree = NO_TREE

    def decide(self, permission: Permission, place: Place | None = None) -> Decision:
        """Without a place: is it held anywhere? That opens a route; what lies behind is asked with its place."""
        allows, forbids = self.by_permission.get(permission, _NO_GROUNDS)
        if place is None:
            is_lost = bool(forbids) and Reach(allows, forbids).is_nowhere
            against = tuple([ground.grant_id for ground in forbids]) if is_lost else ()
            grants = tuple([ground.grant_id for ground in allows])
        else:
            against = tuple([ground.grant_id for ground in forbids if ground.touches(place)]) if forbids else ()
            organisation_id, area_code, point_class = place
            grants = tuple(
                [  # `Ground.covers`, written out: this line runs for every point of every wall and every event
                    grant_id
                    for grant_id, organisations, area, classes in allows
                    if (organisations is None or organisation_id in organisations)
                    and (not area or area_code.startswith(area))
                    and (not classes or not point_class or point_class in classes)
                ]
            )
        if against:
            return Decision(False, permission, place, against, bool(allows), self.tree)
        return Decision(bool(grants), permission, place, grants, bool(allows), self.tree)

    def reach(self, permission: Permission) -> Reach:
        allows, forbids = self.by_permission.get(permission, _NO_GROUNDS)
        return Reach(allows, forbids, self.tree)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What is held anywhere."""
        return frozenset(permission for permission in self.by_permission if not self.reach(permission).is_nowhere)


_NO_GROUNDS: tuple[tuple[Ground, ...], tuple[Ground, ...]] = ((), ())
NO_RIGHTS = Rights({})


def unlimited(permissions: frozenset[Permission] | set[Permission], grant_id: str = "unlimited") -> Rights:
    """These permissions everywhere: for people whose grants have no place, and for tests."""
    return Rights({permission: ((Ground(grant_id),), ()) for permission in permissions})


def _listed(grants: tuple[str, ...]) -> str:
    return f"grant{'s' if len(grants) > 1 else ''} {', '.join(grants)}"


def _any_of(conditions: list[Any]) -> Any:
    """None when one of them is no limit."""
    return None if any(condition is None for condition in conditions) else reduce(or_, conditions)

"""Where a thing belongs, as far as rights go by it: its organisation, its area, the class of its point.

Must not know: what a point or an alarm is. Whoever owns the thing gives the facts.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from fengtai.domain.organisations.model import Organisation


class Place(NamedTuple):
    """The facts by which a right is looked up. An empty fact is unknown, and unknown is no ground for allowing: it
    satisfies no grant that is limited by it, and satisfies every prohibition that is."""

    organisation_id: str = ""
    area_code: str = ""
    """administrative area after GB/T 2260"""
    point_class: int = 0
    """1, 2, 3 or 9 of the point that is watched (GB/T 28181 PointType); 0: the thing is no point"""

    @classmethod
    def told_by(cls, payload: Mapping[str, Any]) -> "Place":
        """Of what an event tells; events without these fields are of an unknown place."""
        return cls(
            str(payload.get("organisation_id", "")),
            str(payload.get("area_code", "")),
            int(payload.get("point_class", 0)),
        )


def area_prefix(area_code: str) -> str:
    """The digits that all places in the area begin with: 310000 is the whole of 31 (GB/T 2260 fills up with zeros)."""
    while len(area_code) > 2 and area_code.endswith("00") and len(area_code) <= 6:
        area_code = area_code[:-2]
    return area_code


def wider_areas(area_code: str) -> tuple[str, ...]:
    """Codes of which this area is a proper part, in both manners of writing, the unknown one first: a thing that is
    placed no more exactly than that may lie inside."""
    prefixes = [area_code[:digits] for digits in (2, 4, 6) if digits < len(area_code)]
    return "", *prefixes, *(prefix.ljust(6, "0") for prefix in prefixes if len(prefix) < 6)


class OrganisationTree:
    """All organisations at one moment: who stands below whom, and the area that holds for each."""

    def __init__(self, organisations: Iterable[Organisation] = ()) -> None:
        self._by_id = {organisation.id: organisation for organisation in organisations}
        self._children: dict[str, list[str]] = {}
        for organisation in self._by_id.values():
            self._children.setdefault(organisation.parent_id, []).append(organisation.id)
        self._subtrees: dict[str, frozenset[str]] = {}
        self._areas: dict[str, str] | None = None

    @property
    def root_id(self) -> str:
        """Of the one that stands under none; empty when there is none, or more than one."""
        roots = self._children.get("", ())
        return roots[0] if len(roots) == 1 else ""

    def name_of(self, organisation_id: str) -> str:
        """What people call it; its id when there is no such organisation."""
        known = self._by_id.get(organisation_id)
        return known.name if known else organisation_id

    def below(self, organisation_id: str) -> frozenset[str]:
        """The organisation and all that stand under it. One that is not there any more stands for itself alone."""
        found = self._subtrees.get(organisation_id)
        if found is None:
            ids, left = set[str](), [organisation_id]
            while left:
                if (one := left.pop()) not in ids:
                    ids.add(one)
                    left += self._children.get(one, ())
            found = self._subtrees[organisation_id] = frozenset(ids)
        return found

    @property
    def areas(self) -> Mapping[str, str]:
        """The area that holds for each organisation: its own, else that of the nearest above."""
        if self._areas is None:
            self._areas = {organisation_id: self._area_of(organisation_id) for organisation_id in self._by_id}
        return self._areas

    def _area_of(self, organisation_id: str) -> str:
        for _ in range(len(self._by_id)):  # as often as a chain can be long: a ring of parents ends too
            organisation = self._by_id.get(organisation_id)
            if organisation is None:
                return ""
            if organisation.area_code:
                return organisation.area_code
            organisation_id = organisation.parent_id
        return ""


NO_TREE = OrganisationTree()

"""Organisations kept in a dict: the complete twin of `domain.organisations.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.organisations.model import Organisation, OrganisationRevision
from fengtai.domain.organisations.ports import OrganisationHistory, OrganisationStore
from fengtai.vocabulary.errors import NotFound


class MemoryOrganisations:
    def __init__(self) -> None:
        self.by_id: dict[str, Organisation] = {}

    def get(self, organisation_id: str) -> Organisation:
        try:
            return self.by_id[organisation_id]
        except KeyError:
            raise NotFound(f"there is no organisation {organisation_id}") from None

    def root(self) -> Organisation | None:
        return next((organisation for organisation in self.by_id.values() if not organisation.parent_id), None)

    def all(self) -> Sequence[Organisation]:
        return sorted(self.by_id.values(), key=lambda organisation: (organisation.parent_id != "", organisation.name))

    def subtree_ids(self, organisation_id: str) -> frozenset[str]:
        found = {organisation_id} & set(self.by_id)
        while more := {one.id for one in self.by_id.values() if one.parent_id in found} - found:
            found |= more
        return frozenset(found)

    def save(self, organisation: Organisation) -> None:
        self.by_id[organisation.id] = organisation


class MemoryOrganisationHistory:
    def __init__(self) -> None:
        self.revisions: list[OrganisationRevision] = []

    def add(self, revision: OrganisationRevision) -> None:
        self.revisions.append(revision)

    def of(self, organisation_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[OrganisationRevision]:
        found = [
            revision
            for revision in self.revisions
            if revision.organisation_id == organisation_id and (not before_version or revision.version < before_version)
        ]
        return sorted(found, key=lambda revision: -revision.version)[:limit]


STORES: Mapping[type[Any], type[Any]] = {
    OrganisationStore: MemoryOrganisations,
    OrganisationHistory: MemoryOrganisationHistory,
}

"""Organisations kept in a dict: the complete twin of `domain.organisations.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.organisations.model import Organisation
from fengtai.domain.organisations.ports import OrganisationStore
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

    def save(self, organisation: Organisation) -> None:
        self.by_id[organisation.id] = organisation


STORES: Mapping[type[Any], type[Any]] = {OrganisationStore: MemoryOrganisations}

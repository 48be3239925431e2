"""What the register of organisations needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from fengtai.domain.audit.model import Author
from fengtai.domain.organisations.model import Organisation, OrganisationRevision


class Visitor(Author, Protocol):
    """An author whose rights have places; `access.model.Actor` is one. For this folder, which lies below access: a
    permission is named by its word."""

    def may_in(self, permission: str, organisation_id: str, area_code: str) -> bool: ...

    def require_in(self, permission: str, organisation_id: str, area_code: str) -> None:
        """Raise Forbidden, saying what is missing."""


class OrganisationStore(Protocol):
    def get(self, organisation_id: str) -> Organisation:
        """Raise NotFound if there is none."""

    def root(self) -> Organisation | None:
        """The one without a parent; None before set-up."""

    def all(self) -> Sequence[Organisation]:
        """Root first, then by name: a city has hundreds, so there is no paging."""

    def subtree_ids(self, organisation_id: str) -> frozenset[str]:
        """The organisation and all below it; empty when there is none of this id."""

    def save(self, organisation: Organisation) -> None: ...


class OrganisationHistory(Protocol):
    def add(self, revision: OrganisationRevision) -> None: ...

    def of(self, organisation_id: str, *, before_version: int = 0, limit: int = 100) -> Sequence[OrganisationRevision]:
        """Newest first; below `before_version` when it is given."""

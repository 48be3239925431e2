"""What the register of organisations needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from fengtai.domain.organisations.model import Organisation


class OrganisationStore(Protocol):
    def get(self, organisation_id: str) -> Organisation:
        """Raise NotFound if there is none."""

    def root(self) -> Organisation | None:
        """The one without a parent; None before set-up."""

    def all(self) -> Sequence[Organisation]:
        """Root first, then by name: a city has hundreds, so there is no paging."""

    def save(self, organisation: Organisation) -> None: ...

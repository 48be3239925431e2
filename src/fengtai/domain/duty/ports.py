"""What the board of units needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from fengtai.domain.access.model import Reach
from fengtai.domain.duty.model import Unit


class UnitStore(Protocol):
    def get(self, unit_id: str) -> Unit:
        """Raise NotFound if there is none."""

    def all(self, within: Reach | None = None) -> Sequence[Unit]:
        """By call sign: a centre has hundreds, so there is no paging. `within`: whose organisation is in reach."""

    def save(self, unit: Unit) -> None: ...

"""Units kept in a dict: the complete twin of `domain.duty.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.duty.model import Unit
from fengtai.domain.duty.ports import UnitStore
from fengtai.vocabulary.errors import NotFound


class MemoryUnits:
    def __init__(self) -> None:
        self.by_id: dict[str, Unit] = {}

    def get(self, unit_id: str) -> Unit:
        try:
            return self.by_id[unit_id]
        except KeyError:
            raise NotFound(f"there is no unit {unit_id}") from None

    def all(self, within: Reach | None = None) -> Sequence[Unit]:
        found = [
            unit for unit in self.by_id.values() if within is None or within.covers_organisation(unit.organisation_id)
        ]
        return sorted(found, key=lambda unit: (unit.call_sign, unit.id))

    def save(self, unit: Unit) -> None:
        self.by_id[unit.id] = unit


STORES: Mapping[type[Any], type[Any]] = {UnitStore: MemoryUnits}

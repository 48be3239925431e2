"""Collecting a catalogue that comes in many parts (GB/T 28181-2022 section 9.5, annex A.2.6).

The parts share the query's SN. Complete is when as many different items came as SumNum says. The first part may take two
minutes, the next five seconds each; then what came is told as partial, after two more tries.
"""

from dataclasses import dataclass, field

from fengtai.protocols.gb28181.messages import CatalogItem, CatalogPage

FIRST_PART_SECONDS = 120.0
NEXT_PART_SECONDS = 5.0
TRIES = 3
MOST_ITEMS = 100_000


@dataclass(slots=True)
class Collection:
    device_id: str
    sn: int
    deadline: float
    tries_left: int = TRIES - 1
    total: int = -1
    items: dict[str, CatalogItem] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return 0 <= self.total <= len(self.items)


class Collections:
    """The collections under way, one per device: a new query takes the place of an older one."""

    def __init__(self) -> None:
        self._by_device: dict[str, Collection] = {}

    def start(self, device_id: str, sn: int, now: float, *, again: Collection | None = None) -> None:
        """`again`: what an earlier try brought is kept, and one try fewer is left."""
        fresh = Collection(device_id, sn, now + FIRST_PART_SECONDS)
        if again is not None:
            fresh.items, fresh.tries_left, fresh.deadline = again.items, again.tries_left - 1, now + 10.0
        self._by_device[device_id] = fresh

    def drop(self, device_id: str) -> None:
        self._by_device.pop(device_id, None)

    def add(self, device_id: str, page: CatalogPage, now: float) -> Collection | None:
        """The collection when this part completed it."""
        found = self._by_device.get(device_id)
        if found is None or found.sn != page.sn:
            return None
        found.total = page.total
        for item in page.items:
            if len(found.items) < MOST_ITEMS:
                found.items[item.id] = item
        found.deadline = now + NEXT_PART_SECONDS
        if not found.complete:
            return None
        del self._by_device[device_id]
        return found

    def next_deadline(self) -> float | None:
        return min((one.deadline for one in self._by_device.values()), default=None)

    def overdue(self, now: float) -> list[Collection]:
        late = [one for one in self._by_device.values() if one.deadline <= now]
        for one in late:
            del self._by_device[one.device_id]
        return late

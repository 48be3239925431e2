"""Collecting a catalogue that comes in many parts (GB/T 28181-2022 section 9.5, annex A.2.6).

The parts share the query's SN. Complete is when as many different items came as SumNum says. The first part may take two
minutes, the next a few seconds each; then the device is asked again, twice, and what came is told as partial. A SumNum
that is too high every time may be a lie, or one part is lost every time (a datagram too long for the way): both are told
as partial, with that in words. One that is too low is found out by parts that still come. A catalogue that never ends is
cut, by its size and by its time, and that is told.
"""

from collections import deque
from dataclasses import dataclass, field

from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.items import CatalogItem
from fengtai.protocols.gb28181.messages import CatalogPage


@dataclass(slots=True)
class Collection:
    device_id: str
    sn: int
    deadline: float
    started_at: float
    gap_seconds: float
    tries_left: int
    total: int = -1
    items: dict[str, CatalogItem] = field(default_factory=dict)
    this_try: set[str] = field(default_factory=set)
    last_try: frozenset[str] | None = None
    told: bool = False
    """complete and told; kept a moment for parts that SumNum did not announce"""
    raw: deque[bytes] = field(default_factory=deque)
    """its newest messages as they came"""
    raw_bytes: int = 0
    endless: str = ""
    """why it was cut; empty: it was not"""

    @property
    def is_steady(self) -> bool:
        """Two tries brought the same items."""
        return self.last_try is not None and self.last_try == frozenset(self.this_try)

    @property
    def complete(self) -> bool:
        return not self.endless and 0 <= self.total <= len(self.items)

    @property
    def note(self) -> str:
        """What is odd about it, as a sentence; empty: nothing."""
        if self.endless:
            return self.endless
        if self.total > len(self.items):
            again = ", the same ones every time: it miscounts, or one part is lost on its way" if self.is_steady else ""
            return f"the device announced {self.total} items and sent {len(self.items)}{again}"
        if self.total < len(self.items):
            return f"the device announced {self.total} items and sent {len(self.items)}"
        return ""


class Collections:
    """The collections under way, one per device: a new query takes the place of an older one."""

    def __init__(self, most_items: int, bounds: Bounds = Bounds()) -> None:
        """`most_items`: a catalogue that goes on after so many is cut."""
        self._most_items, self._bounds = most_items, bounds
        self._by_device: dict[str, Collection] = {}
        self._earliest = float("inf")
        """no collection is overdue before; found anew when it is reached"""

    def __len__(self) -> int:
        return len(self._by_device)

    def __contains__(self, device_id: str) -> bool:
        return device_id in self._by_device

    def start(
        self,
        device_id: str,
        sn: int,
        now: float,
        *,
        again: Collection | None = None,
        gap_seconds: float = 0.0,
    ) -> None:
        """`again`: what an earlier try brought is kept, and one try fewer is left. `gap_seconds`: how long the next part
        may take; 0: as usual."""
        bounds = self._bounds
        gap_seconds = gap_seconds or bounds.next_part_seconds
        deadline = now + bounds.first_part_seconds
        fresh = Collection(device_id, sn, deadline, now, gap_seconds, bounds.catalogue_tries - 1)
        if again is not None:
            fresh.items, fresh.tries_left, fresh.started_at = again.items, again.tries_left - 1, again.started_at
            fresh.total, fresh.last_try, fresh.gap_seconds = again.total, frozenset(again.this_try), again.gap_seconds
            fresh.deadline, fresh.raw = now + max(bounds.again_seconds, again.gap_seconds), again.raw
            fresh.raw_bytes = again.raw_bytes
        self._by_device[device_id] = fresh
        self._earliest = min(self._earliest, fresh.deadline)

    def drop(self, device_id: str) -> None:
        self._by_device.pop(device_id, None)

    def add(self, device_id: str, page: CatalogPage, now: float, *, raw: bytes = b"") -> Collection | None:
        """The collection when this part completed it, or when it is cut."""
        found = self._by_device.get(device_id)
        if found is None or found.sn != page.sn:
            return None
        found.total = max(found.total, page.total)
        self._keep_raw(found, raw)
        for item in page.items:
            if item.id in found.items or len(found.items) < self._most_items:
                found.items[item.id] = item
                found.this_try.add(item.id)
            else:
                found.endless = f"the device's catalogue goes on after {self._most_items} items: the rest is not taken"
        longest = self._bounds.longest_catalogue_seconds
        if now - found.started_at > longest:
            found.endless = f"the device's catalogue does not end within {longest:.0f} s: the rest is not taken"
        if found.endless:
            del self._by_device[device_id]
            return found
        found.deadline = now + found.gap_seconds
        self._earliest = min(self._earliest, found.deadline)
        if found.told or not found.complete:
            return None
        found.told = True
        return found

    def _keep_raw(self, found: Collection, raw: bytes) -> None:
        found.raw.append(raw)
        found.raw_bytes += len(raw)
        while found.raw_bytes > self._bounds.raw_catalogue_bytes and found.raw:
            found.raw_bytes -= len(found.raw.popleft())

    def overdue(self, now: float) -> list[Collection]:
        """Those to which nothing more comes: to be asked for again, or told as they are."""
        if now < self._earliest:
            return []
        late = [one for one in self._by_device.values() if one.deadline <= now]
        for one in late:
            del self._by_device[one.device_id]
        self._earliest = min((one.deadline for one in self._by_device.values()), default=float("inf"))
        return [one for one in late if not one.told or one.total < len(one.items)]

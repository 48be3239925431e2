"""Learnt transports and layouts kept in dicts: the complete twins of `domain.live.store`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.live.model import TransportLesson, WallLayout
from fengtai.domain.live.ports import TransportStore, WallLayouts


class MemoryTransports:
    def __init__(self) -> None:
        self.by_device: dict[str, TransportLesson] = {}

    def get(self, device_id: str) -> TransportLesson | None:
        return self.by_device.get(device_id)

    def save(self, lesson: TransportLesson) -> None:
        self.by_device[lesson.device_id] = lesson

    def delete(self, device_id: str) -> None:
        self.by_device.pop(device_id, None)


class MemoryWallLayouts:
    def __init__(self) -> None:
        self.by_id: dict[str, WallLayout] = {}

    def get(self, layout_id: str) -> WallLayout | None:
        return self.by_id.get(layout_id)

    def of(self, user_id: str) -> Sequence[WallLayout]:
        theirs = [layout for layout in self.by_id.values() if layout.shared or layout.owner_id == user_id]
        return sorted(theirs, key=lambda layout: (layout.name, layout.id))

    def save(self, layout: WallLayout) -> None:
        self.by_id[layout.id] = layout

    def remove(self, layout_id: str) -> None:
        self.by_id.pop(layout_id, None)


STORES: Mapping[type[Any], type[Any]] = {TransportStore: MemoryTransports, WallLayouts: MemoryWallLayouts}

"""Learnt transports kept in a dict: the complete twin of `domain.live.store`."""

from collections.abc import Mapping
from typing import Any

from fengtai.domain.live.model import TransportLesson
from fengtai.domain.live.ports import TransportStore


class MemoryTransports:
    def __init__(self) -> None:
        self.by_device: dict[str, TransportLesson] = {}

    def get(self, device_id: str) -> TransportLesson | None:
        return self.by_device.get(device_id)

    def save(self, lesson: TransportLesson) -> None:
        self.by_device[lesson.device_id] = lesson

    def delete(self, device_id: str) -> None:
        self.by_device.pop(device_id, None)


STORES: Mapping[type[Any], type[Any]] = {TransportStore: MemoryTransports}

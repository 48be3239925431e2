"""The in-memory twin of devices and channels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fengtai.domain.devices.model import Channel, Device
from fengtai.domain.devices.ports import ChannelStore, DeviceStore


class MemoryDevices:
    """A complete DeviceStore in a dict."""

    def __init__(self) -> None:
        self.by_id: dict[str, Device] = {}

    def get(self, device_id: str) -> Device | None:
        return self.by_id.get(device_id)

    def save(self, device: Device) -> None:
        self.by_id[device.id] = device

    def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[Device]:
        wanted = text.lower()
        found = [one for one in self.by_id.values() if wanted in one.id.lower() or wanted in one.name.lower()]
        return [one for one in sorted(found, key=lambda one: one.id) if one.id > after_id][:limit]

    def bound(self) -> Sequence[Device]:
        return sorted((one for one in self.by_id.values() if one.binding is not None), key=lambda one: one.id)

    def touch(self, seen: Mapping[str, datetime]) -> None:
        for device_id, at in seen.items():
            device = self.by_id.get(device_id)
            if device is not None:
                self.by_id[device_id] = replace(device, last_seen_at=at)


class MemoryChannels:
    """A complete ChannelStore in a dict by device and channel."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], Channel] = {}

    def of_device(self, device_id: str) -> Sequence[Channel]:
        found = [one for one in self.by_key.values() if one.device_id == device_id]
        return sorted(found, key=lambda one: one.id)

    def save_all(self, channels: Iterable[Channel]) -> None:
        for channel in channels:
            self.by_key[channel.device_id, channel.id] = channel

    def counts(self, device_ids: Sequence[str]) -> Mapping[str, int]:
        wanted = set(device_ids)
        counted: dict[str, int] = {}
        for one in self.by_key.values():
            if one.device_id in wanted and not one.stale:
                counted[one.device_id] = counted.get(one.device_id, 0) + 1
        return counted


STORES: Mapping[type[Any], type[Any]] = {DeviceStore: MemoryDevices, ChannelStore: MemoryChannels}

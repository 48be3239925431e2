"""The in-memory twin of devices, channels and open calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fengtai.domain.devices.model import Binding, Channel, Device, OpenCall, Presence, Standing
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore


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

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        return {device_id: self.by_id[device_id] for device_id in device_ids if device_id in self.by_id}

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        return {
            device_id: Standing(device.enrolment, device.presence, device.sealed_password)
            for device_id, device in self.get_all(device_ids).items()
        }

    def add_all(self, devices: Sequence[Device]) -> None:
        for device in devices:
            self.save(device)

    def bind_all(self, bindings: Mapping[str, Binding], at: datetime) -> None:
        for device_id, binding in bindings.items():
            device = self.by_id.get(device_id)
            if device is not None:
                self.by_id[device_id] = replace(
                    device,
                    presence=Presence.ONLINE,
                    binding=binding,
                    last_seen_at=at,
                    registered_at=device.registered_at or at,
                )

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


class MemoryCalls:
    """A complete CallStore in a dict."""

    def __init__(self) -> None:
        self.by_id: dict[str, OpenCall] = {}

    def save(self, call: OpenCall) -> None:
        self.by_id[call.id] = call

    def remove(self, call_id: str) -> None:
        self.by_id.pop(call_id, None)

    def all(self) -> Sequence[OpenCall]:
        return sorted(self.by_id.values(), key=lambda call: (call.started_at, call.id))


STORES: Mapping[type[Any], type[Any]] = {
    DeviceStore: MemoryDevices,
    ChannelStore: MemoryChannels,
    CallStore: MemoryCalls,
}

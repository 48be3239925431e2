"""The in-memory twin of devices, channels and open calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.devices.model import (
    Binding,
    Channel,
    Device,
    Enrolment,
    Manner,
    OpenCall,
    Presence,
    ReportedPosition,
    Standing,
    Topic,
    TopicRefusal,
)
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore, PositionStore, RefusalStore


class MemoryDevices:
    """A complete DeviceStore in a dict."""

    def __init__(self) -> None:
        self.by_id: dict[str, Device] = {}

    def get(self, device_id: str) -> Device | None:
        return self.by_id.get(device_id)

    def save(self, device: Device) -> None:
        self.by_id[device.id] = device

    def page(
        self, *, after_id: str = "", limit: int = 200, text: str = "", within: Reach | None = None
    ) -> Sequence[Device]:
        wanted = text.lower()
        found = [
            one
            for one in self.by_id.values()
            if (wanted in one.id.lower() or wanted in one.name.lower())
            and (within is None or within.covers_organisation(one.organisation_id))
        ]
        return [one for one in sorted(found, key=lambda one: one.id) if one.id > after_id][:limit]

    def bound(self) -> Sequence[Device]:
        return sorted((one for one in self.by_id.values() if one.binding is not None), key=lambda one: one.id)

    def with_manner(self) -> Sequence[Device]:
        return sorted((one for one in self.by_id.values() if one.manner != Manner()), key=lambda one: one.id)

    def get_all(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        return {device_id: self.by_id[device_id] for device_id in device_ids if device_id in self.by_id}

    def standings(self, device_ids: Sequence[str]) -> Mapping[str, Standing]:
        return {
            device_id: Standing(device.enrolment, device.presence, device.sealed_password, device.organisation_id)
            for device_id, device in self.get_all(device_ids).items()
        }

    def appear_all(self, bindings: Mapping[str, Binding], enrolment: Enrolment, at: datetime) -> None:
        for device_id in bindings:
            self.save(Device(id=device_id, enrolment=enrolment))
        self.bind_all(bindings, at)

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

    def get_all(self, device_id: str, channel_ids: Sequence[str]) -> Mapping[str, Channel]:
        return {one: self.by_key[device_id, one] for one in channel_ids if (device_id, one) in self.by_key}

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


class MemoryPositions:
    """A complete PositionStore in a dict by device and channel."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], ReportedPosition] = {}

    def of_device(self, device_id: str) -> Sequence[ReportedPosition]:
        found = [one for one in self.by_key.values() if one.device_id == device_id]
        return sorted(found, key=lambda one: one.channel_id)

    def save_all(self, positions: Iterable[ReportedPosition]) -> None:
        for one in positions:
            self.by_key[one.device_id, one.channel_id] = one


class MemoryRefusals:
    """A complete RefusalStore in a dict by device and topic."""

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], TopicRefusal] = {}

    def save(self, refusal: TopicRefusal) -> None:
        self.by_key[refusal.device_id, refusal.topic.value] = replace(refusal, cause=refusal.cause[:255])

    def remove(self, device_id: str, topic: Topic) -> None:
        self.by_key.pop((device_id, topic.value), None)

    def all(self) -> Sequence[TopicRefusal]:
        return [self.by_key[key] for key in sorted(self.by_key)]


STORES: Mapping[type[Any], type[Any]] = {
    DeviceStore: MemoryDevices,
    ChannelStore: MemoryChannels,
    CallStore: MemoryCalls,
    PositionStore: MemoryPositions,
    RefusalStore: MemoryRefusals,
}

"""What devices tell of themselves, as functions of a unit: description, clock, guard, catalogue, positions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fengtai.domain.devices import rules
from fengtai.domain.devices.model import (
    CatalogueChanged,
    Channel,
    ChannelChange,
    DeviceGuardChanged,
    DeviceMoved,
    ReportedPosition,
)
from fengtai.domain.devices.ports import ChannelStore, DeviceStore, PositionStore
from fengtai.vocabulary.transactions import UnitOfWork


def described(uow: UnitOfWork, device_id: str, told: Mapping[str, str]) -> None:
    """`told`: name, manufacturer, model, firmware, user_agent. A person's name for it stays."""
    store = uow.store(DeviceStore)
    device = store.get(device_id)
    if device is None:
        return
    fresh = replace(
        device,
        name=device.name or told["name"],
        manufacturer=told["manufacturer"] or device.manufacturer,
        model=told["model"] or device.model,
        firmware=told["firmware"] or device.firmware,
        user_agent=told["user_agent"] or device.user_agent,
    )
    if fresh != device:
        store.save(fresh)


def told_time(uow: UnitOfWork, device_id: str, clock_error_ms: int) -> None:
    store = uow.store(DeviceStore)
    device = store.get(device_id)
    if device is not None and rules.clock_differs(device.clock_error_ms, clock_error_ms):
        store.save(replace(device, clock_error_ms=clock_error_ms))


def told_guard(uow: UnitOfWork, device_id: str, on_guard: bool) -> None:
    store = uow.store(DeviceStore)
    device = store.get(device_id)
    if device is not None and device.on_guard is not on_guard:
        store.save(replace(device, on_guard=on_guard))
        uow.publish(DeviceGuardChanged(device_id=device_id, on_guard=on_guard, organisation_id=device.organisation_id))


def catalogue_difference(
    uow: UnitOfWork, device_id: str, channels: Sequence[Channel], complete: bool
) -> Sequence[Channel]:
    """The channels that have to be written."""
    known = {channel.id: channel for channel in uow.store(ChannelStore).of_device(device_id)}
    return rules.merged_catalogue(known, channels, complete=complete)[0]


def catalogue_written(uow: UnitOfWork, device_id: str, complete: bool, note: str, differs: bool) -> None:
    """The last of the units of one catalogue."""
    devices = uow.store(DeviceStore)
    device = devices.get(device_id)
    if device is not None:
        devices.save(replace(device, catalogue_at=uow.now.utc, catalogue_note=note[:255]))
    if differs:
        _tell_catalogue(uow, device_id, complete)


def catalogue_changes(uow: UnitOfWork, device_id: str, changes: Sequence[ChannelChange]) -> bool:
    """Whether the device named channels that we do not know."""
    store = uow.store(ChannelStore)
    known = _with_ancestors(store, device_id, changes)
    changed, has_unknown = rules.changed_channels(known, changes)
    if changed:
        store.save_all(changed)
        _tell_catalogue(uow, device_id, True)
    return has_unknown


MOST_GENERATIONS = 20


def _with_ancestors(store: ChannelStore, device_id: str, changes: Sequence[ChannelChange]) -> Mapping[str, Channel]:
    """What is named, and what stands above it: a platform may have ten thousand channels, of which one has changed."""
    known: dict[str, Channel] = {}
    wanted = {change.channel.id for change in changes} | _parents(change.channel for change in changes)
    for _ in range(MOST_GENERATIONS):
        found = store.get_all(device_id, sorted(wanted - known.keys()))
        if not found:
            break
        known.update(found)
        wanted = _parents(found.values())
    return known


def _parents(channels: Iterable[Channel]) -> set[str]:
    return {parent for channel in channels for parent in channel.parent_id.split("/") if parent}


def _tell_catalogue(uow: UnitOfWork, device_id: str, complete: bool) -> None:
    count = uow.store(ChannelStore).counts([device_id]).get(device_id, 0)
    device = uow.store(DeviceStore).get(device_id)
    owner = device.organisation_id if device else ""
    uow.publish(CatalogueChanged(device_id=device_id, channels=count, complete=complete, organisation_id=owner))


def positions(uow: UnitOfWork, told: Sequence[ReportedPosition]) -> None:
    """Only of devices and channels that we know: a device cannot fill our tables with inventions."""
    store = uow.store(PositionStore)
    by_device: dict[str, list[ReportedPosition]] = {}
    for one in told:
        by_device.setdefault(one.device_id, []).append(one)
    for device_id, fixes in sorted(by_device.items()):
        device = uow.store(DeviceStore).get(device_id)
        if device is None:
            continue
        named = sorted({one.channel_id for one in fixes})
        known = {*uow.store(ChannelStore).get_all(device_id, named), device_id}
        last = {one.channel_id: replace(one, at=uow.now.utc) for one in fixes if one.channel_id in known}
        before = {one.channel_id: one for one in store.of_device(device_id)}
        moved = sorted(one.channel_id for one in last.values() if rules.has_moved(before.get(one.channel_id), one))
        store.save_all(last.values())
        if moved:
            uow.publish(DeviceMoved(device_id=device_id, channel_ids=moved, organisation_id=device.organisation_id))

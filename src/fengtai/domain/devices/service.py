"""Use cases of devices: what the gateway reports of them, and what an engineer decides.

One call is one transaction. A device's own doings (registering, being seen) are not audited each; its first appearance
and every act of a person are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from fengtai.domain.access.ports import Vault
from fengtai.domain.audit.model import AuditEntry, Author
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices import rules
from fengtai.domain.devices.model import (
    Binding,
    CatalogueChanged,
    Channel,
    Device,
    DeviceCameOnline,
    DeviceEnrolled,
    DeviceWentOffline,
    Enrolment,
    EnrolPolicy,
    Presence,
)
from fengtai.domain.devices.ports import ChannelStore, DeviceStore
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, Unavailable
from fengtai.vocabulary.identifiers import parse_code
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWithChannels:
    device: Device
    channels: Sequence[Channel]


class DeviceRegistry:
    def __init__(self, *, transactions: Transactions, vault: Vault) -> None:
        self._transactions, self._vault = transactions, vault

    # -- reported by gateways ------------------------------------------------------------------------------------

    async def admission(self, device_id: str, policy: EnrolPolicy) -> rules.Admission:
        """By which secret this device has to register, and whether it may at all."""
        return await self._transactions.read(lambda uow: rules.admission(uow.store(DeviceStore).get(device_id), policy))

    async def check_playable(self, device_id: str) -> None:
        """Pictures are taken only of devices that an engineer (or the policy) accepted. Raise Unavailable."""
        device = await self._transactions.read(lambda uow: uow.store(DeviceStore).get(device_id))
        if device is None:
            raise Unavailable(f"There is no device {device_id[:20]}. Bind the point to a device that has registered.")
        if device.enrolment is not Enrolment.ACCEPTED:
            raise Unavailable(
                f"The device is {device.enrolment.value}. An engineer has to accept it on the devices page."
            )

    async def registered(self, device_id: str, binding: Binding, *, policy: EnrolPolicy) -> Device:
        """The device proved its secret: keep where it is reached. One that nobody entered is enrolled by the policy.
        A refused one is given back as it is: answer 403."""
        parse_code(device_id, field="device_id")
        return await self._transactions.write(lambda uow: _registered(uow, device_id, binding, policy))

    async def unregistered(self, device_id: str) -> None:
        await self._transactions.write(lambda uow: _offline(uow, device_id, "it signed off"))

    async def went_offline(self, device_id: str, reason: str) -> None:
        await self._transactions.write(lambda uow: _offline(uow, device_id, reason))

    async def seen(self, batch: Mapping[str, datetime]) -> None:
        """Flush of last-seen times; called every few seconds, never per keepalive."""
        if batch:
            await self._transactions.write(lambda uow: uow.store(DeviceStore).touch(batch))

    async def bindings(self) -> Sequence[Device]:
        """Devices that were registered when we stopped: a restart must not make them register again at once."""
        return await self._transactions.read(lambda uow: uow.store(DeviceStore).bound())

    async def described(self, device_id: str, *, name: str, manufacturer: str, model: str, firmware: str) -> None:
        """What it says of itself. Its name is taken only when a person has given none."""

        def work(uow: UnitOfWork) -> None:
            store = uow.store(DeviceStore)
            device = store.get(device_id)
            if device is not None:
                told = replace(
                    device,
                    name=device.name or name,
                    manufacturer=manufacturer or device.manufacturer,
                    model=model or device.model,
                    firmware=firmware or device.firmware,
                )
                if told != device:
                    store.save(told)

        await self._transactions.write(work)

    async def catalogue_arrived(self, device_id: str, channels: Sequence[Channel], *, complete: bool) -> None:
        """Commit a catalogue by difference; see `rules.merged_catalogue`."""
        await self._transactions.write(lambda uow: _catalogue(uow, device_id, channels, complete))

    # -- decided by people ---------------------------------------------------------------------------------------

    async def enter(self, device_id: str, *, name: str, password: str, by: Author) -> Device:
        """A device entered by hand, accepted, with its own password (empty: the shared one)."""
        parse_code(device_id, field="id")
        if password and not 6 <= len(password) <= 128:
            raise Invalid("password: between 6 and 128 characters", field="password")
        label = rules.password_label(device_id)
        sealed = self._vault.seal(password.encode(), label=label) if password else b""
        return await self._transactions.write(lambda uow: _enter(uow, device_id, name.strip(), sealed, by))

    async def accept(self, device_id: str, *, make_points: bool, by: Author) -> Device:
        return await self._transactions.write(
            lambda uow: _decide(uow, device_id, Enrolment.ACCEPTED, by, make_points=make_points)
        )

    async def refuse(self, device_id: str, *, reason: str, by: Author) -> Device:
        """From now on it is told 403; the gateway hears of it by the event."""
        if not reason.strip():
            raise Invalid("reason: say why the device is refused", field="reason")
        return await self._transactions.write(
            lambda uow: _decide(uow, device_id, Enrolment.REFUSED, by, reason=reason.strip())
        )

    async def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[tuple[Device, int]]:
        """Devices by id, each with the number of its channels."""

        def work(uow: UnitOfWork) -> Sequence[tuple[Device, int]]:
            devices = uow.store(DeviceStore).page(after_id=after_id, limit=min(max(limit, 1), 1000), text=text)
            counts = uow.store(ChannelStore).counts([device.id for device in devices])
            return [(device, counts.get(device.id, 0)) for device in devices]

        return await self._transactions.read(work)

    async def get(self, device_id: str) -> DeviceWithChannels:
        def work(uow: UnitOfWork) -> DeviceWithChannels:
            device = _existing(uow, device_id)
            return DeviceWithChannels(device=device, channels=uow.store(ChannelStore).of_device(device_id))

        return await self._transactions.read(work)


def _existing(uow: UnitOfWork, device_id: str) -> Device:
    device = uow.store(DeviceStore).get(device_id)
    if device is None:
        raise NotFound(f"there is no device {device_id[:20]}")
    return device


def _registered(uow: UnitOfWork, device_id: str, binding: Binding, policy: EnrolPolicy) -> Device:
    store = uow.store(DeviceStore)
    before = store.get(device_id)
    if before is None:
        before = Device(id=device_id, enrolment=rules.first_enrolment(policy))
        own = AuditEntry(
            actor=f"device:{device_id}",
            action="device.appear",
            object=f"device:{device_id}",
            details={"enrolment": before.enrolment.value},
        )
        uow.store(AuditLog).append(own)
        uow.publish(DeviceEnrolled(device_id=device_id, enrolment=before.enrolment.value))
    if before.enrolment is Enrolment.REFUSED:
        store.save(before)
        return before
    now = uow.now.utc
    device = replace(
        before, binding=binding, presence=Presence.ONLINE, last_seen_at=now, registered_at=before.registered_at or now
    )
    store.save(device)
    if before.presence is Presence.OFFLINE:
        uow.publish(DeviceCameOnline(device_id=device_id, enrolment=device.enrolment.value))
    return device


def _offline(uow: UnitOfWork, device_id: str, reason: str) -> None:
    store = uow.store(DeviceStore)
    device = store.get(device_id)
    if device is None or (device.presence is Presence.OFFLINE and device.binding is None):
        return
    store.save(replace(device, presence=Presence.OFFLINE, binding=None))
    uow.publish(DeviceWentOffline(device_id=device_id, reason=reason))


def _catalogue(uow: UnitOfWork, device_id: str, channels: Sequence[Channel], complete: bool) -> None:
    store = uow.store(ChannelStore)
    known = {channel.id: channel for channel in store.of_device(device_id)}
    changed, differs = rules.merged_catalogue(known, channels, complete=complete)
    if differs:
        store.save_all(changed)
        alive = {**known, **{channel.id: channel for channel in changed}}
        count = sum(1 for channel in alive.values() if not channel.stale)
        uow.publish(CatalogueChanged(device_id=device_id, channels=count, complete=complete))


def _enter(uow: UnitOfWork, device_id: str, name: str, sealed: bytes, by: Author) -> Device:
    store = uow.store(DeviceStore)
    before = store.get(device_id)
    if before is not None and before.enrolment is Enrolment.ACCEPTED:
        raise Conflict(f"device {device_id} is entered already")
    device = replace(before or Device(id=device_id), name=name, enrolment=Enrolment.ACCEPTED, sealed_password=sealed)
    if sealed and device.binding is not None:
        # What is registered now proved another secret; it has to prove this one.
        device = replace(device, binding=None, presence=Presence.OFFLINE)
        uow.publish(DeviceWentOffline(device_id=device_id, reason="it was given a password of its own"))
    store.save(device)
    uow.store(AuditLog).append(by.entry("device.enter", f"device:{device_id}", own_password=bool(sealed)))
    uow.publish(DeviceEnrolled(device_id=device_id, enrolment=device.enrolment.value))
    return device


def _decide(
    uow: UnitOfWork,
    device_id: str,
    enrolment: Enrolment,
    by: Author,
    *,
    make_points: bool = False,
    reason: str = "",
) -> Device:
    device = replace(_existing(uow, device_id), enrolment=enrolment)
    verb = "device.accept" if enrolment is Enrolment.ACCEPTED else "device.refuse"
    if enrolment is Enrolment.REFUSED and device.presence is Presence.ONLINE:
        device = replace(device, binding=None, presence=Presence.OFFLINE)
        uow.publish(DeviceWentOffline(device_id=device_id, reason="it was refused"))
    uow.store(DeviceStore).save(device)
    uow.store(AuditLog).append(by.entry(verb, f"device:{device_id}", make_points=make_points, reason=reason))
    uow.publish(DeviceEnrolled(device_id=device_id, enrolment=enrolment.value, make_points=make_points))
    return device

"""Use cases of devices: what the gateway reports of them, and what an engineer decides.

One call is one transaction. A device's own doings (registering, being seen) are not audited each; its first appearance
and every act of a person are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

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
    OpenCall,
    Presence,
    Standing,
)
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.identifiers import parse_code
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWithChannels:
    device: Device
    channels: Sequence[Channel]


class Registration(NamedTuple):
    """A device that wants to register, or (no binding) to sign off."""

    device_id: str
    binding: Binding | None
    objection: Callable[[rules.Admission], str]
    """why it has not proved its secret; empty: it has. Pure: it may be called again"""


class DeviceRegistry:
    def __init__(self, *, transactions: Transactions, vault: Vault) -> None:
        self._transactions, self._vault = transactions, vault

    # -- reported by gateways ------------------------------------------------------------------------------------

    async def why_not_playable(self, device_id: str) -> rules.Obstacle | None:
        """Pictures are taken only of devices that an engineer (or the policy) accepted. None: nothing is in the way."""
        return await self._transactions.read(lambda uow: rules.obstacle(uow.store(DeviceStore).get(device_id)))

    async def call_answered(self, call: OpenCall) -> None:
        """Kept before the device is told to begin, so that it can be told to stop whatever happens to us."""
        await self._transactions.write(lambda uow: uow.store(CallStore).save(call))

    async def call_over(self, call_id: str) -> None:
        await self._transactions.write(lambda uow: uow.store(CallStore).remove(call_id))

    async def open_calls(self) -> Sequence[OpenCall]:
        """At a start: what devices may still be sending for us from before."""
        return await self._transactions.read(lambda uow: uow.store(CallStore).all())

    async def register_all(self, asked: Sequence[Registration], *, policy: EnrolPolicy) -> Sequence[str]:
        """Keep all that may register and have proved their secret, in one unit. Answers per registration why it is
        refused; empty: it is kept."""
        return await self._transactions.write(lambda uow: _register_all(uow, asked, policy))

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

    async def told_time(self, device_id: str, clock_error_ms: int) -> None:
        """How wrong its clock is. Only a change of more than a second is written."""

        def work(uow: UnitOfWork) -> None:
            store = uow.store(DeviceStore)
            device = store.get(device_id)
            if device is not None and rules.clock_differs(device.clock_error_ms, clock_error_ms):
                store.save(replace(device, clock_error_ms=clock_error_ms))

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

    async def note_alarm_reset(self, device_id: str, channel_id: str, *, by: Author) -> None:
        """Somebody lets a latched alarm go: audited before the order is sent. Raise NotFound."""

        def work(uow: UnitOfWork) -> None:
            _existing(uow, device_id)
            channels = {channel.id for channel in uow.store(ChannelStore).of_device(device_id)}
            if channel_id and channel_id != device_id and channel_id not in channels:
                raise NotFound(f"device {device_id} has no channel {channel_id[:20]}")
            entry = by.entry("device.alarm_reset", f"device:{device_id}", channel=channel_id)
            uow.store(AuditLog).append(entry)

        await self._transactions.write(work)

    async def page(self, *, after_id: str = "", limit: int = 200, text: str = "") -> Sequence[tuple[Device, int]]:
        """Devices by id, each with the number of its channels."""

        def work(uow: UnitOfWork) -> Sequence[tuple[Device, int]]:
            devices = uow.store(DeviceStore).page(after_id=after_id, limit=min(max(limit, 1), 1000), text=text)
            counts = uow.store(ChannelStore).counts([device.id for device in devices])
            return [(device, counts.get(device.id, 0)) for device in devices]

        return await self._transactions.read(work)

    async def unbound(self, device_ids: Sequence[str]) -> Sequence[str]:
        """Those of them that have no registration in the books (any more): refused, or given another password."""

        def work(uow: UnitOfWork) -> list[str]:
            found = uow.store(DeviceStore).get_all(device_ids)
            return [one for one in device_ids if one not in found or found[one].binding is None]

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


def _register_all(uow: UnitOfWork, asked: Sequence[Registration], policy: EnrolPolicy) -> list[str]:
    store = uow.store(DeviceStore)
    known = dict(store.standings([one.device_id for one in asked]))
    new: list[str] = []
    came: list[DeviceCameOnline] = []
    bound: dict[str, Binding] = {}
    causes = []
    for one in asked:
        standing = known.get(one.device_id)
        cause = _refusal(one, standing, policy)
        causes.append(cause)
        if cause or one.binding is None:
            continue
        if standing is None:
            new.append(one.device_id)
            standing = Standing(rules.first_enrolment(policy), Presence.OFFLINE, b"")
        if standing.presence is Presence.OFFLINE:
            came.append(DeviceCameOnline(device_id=one.device_id, enrolment=standing.enrolment.value))
            standing = standing._replace(presence=Presence.ONLINE)
        known[one.device_id] = standing
        bound[one.device_id] = one.binding
    _appear(uow, new, rules.first_enrolment(policy))
    store.bind_all(bound, uow.now.utc)
    for event in came:
        uow.publish(event)
    return causes


def _refusal(asked: Registration, standing: Standing | None, policy: EnrolPolicy) -> str:
    admission = rules.admission(standing, policy)
    if not admission.allowed:
        return admission.reason
    if standing is None:
        try:
            parse_code(asked.device_id, field="device_id")
        except Invalid as error:
            return str(error)
    return asked.objection(admission)


def _appear(uow: UnitOfWork, device_ids: Sequence[str], enrolment: Enrolment) -> None:
    """Devices that nobody entered, enrolled by the policy."""
    uow.store(DeviceStore).add_all([Device(id=device_id, enrolment=enrolment) for device_id in device_ids])
    for device_id in device_ids:
        own = AuditEntry(
            actor=f"device:{device_id}",
            action="device.appear",
            object=f"device:{device_id}",
            details={"enrolment": enrolment.value},
        )
        uow.store(AuditLog).append(own)
        if enrolment is not Enrolment.PENDING:  # of those nobody has decided yet; that they came is told
            uow.publish(DeviceEnrolled(device_id=device_id, enrolment=enrolment.value))


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

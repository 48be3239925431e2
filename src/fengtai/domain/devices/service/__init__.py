"""Use cases of devices: what the gateway reports of them, and what an engineer decides.

One call is one transaction. A device's own doings (registering, being seen) are not audited each; its first appearance
and every act of a person are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.ports import Vault
from fengtai.domain.devices import rules
from fengtai.domain.devices.model import (
    Channel,
    ChannelChange,
    Device,
    Enrolment,
    EnrolPolicy,
    Manner,
    OpenCall,
    Order,
    OrderOutcome,
    OrderReport,
    ReportedPosition,
    Topic,
    TopicRefusal,
)
from fengtai.domain.devices.ports import (
    CallStore,
    ChannelStore,
    DeviceCommands,
    DeviceStore,
    PositionStore,
    RefusalStore,
)
from fengtai.domain.devices.service import decisions, reports
from fengtai.domain.devices.service.registering import Registration, offline, register_all
from fengtai.domain.devices.service.seen import seen_device
from fengtai.vocabulary.errors import FengtaiError, Invalid
from fengtai.vocabulary.identifiers import parse_code
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

__all__ = ["DeviceRegistry", "DeviceWithChannels", "Registration"]


CHANNELS_AT_ONCE = 500
"""written in one unit: bounds how long other units wait"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWithChannels:
    device: Device
    channels: Sequence[Channel]


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
        return await self._transactions.write(lambda uow: register_all(uow, asked, policy))

    async def unregistered(self, device_id: str) -> None:
        await self._transactions.write(lambda uow: offline(uow, device_id, "it signed off"))

    async def went_offline(self, device_id: str, reason: str) -> None:
        await self._transactions.write(lambda uow: offline(uow, device_id, reason))

    async def seen(self, batch: Mapping[str, datetime]) -> None:
        """Flush of last-seen times; called every few seconds, never per keepalive."""
        if batch:
            await self._transactions.write(lambda uow: uow.store(DeviceStore).touch(batch))

    async def bindings(self) -> Sequence[Device]:
        """Devices that were registered when we stopped: a restart must not make them register again at once."""
        return await self._transactions.read(lambda uow: uow.store(DeviceStore).bound())

    async def described(
        self, device_id: str, *, name: str, manufacturer: str, model: str, firmware: str, user_agent: str = ""
    ) -> Device | None:
        """What it says of itself. Its name is taken only when a person has given none. Answers what is known now."""
        told = {"name": name, "manufacturer": manufacturer, "model": model, "firmware": firmware}

        def work(uow: UnitOfWork) -> Device | None:
            reports.described(uow, device_id, {**told, "user_agent": user_agent})
            return uow.store(DeviceStore).get(device_id)

        return await self._transactions.write(work)

    async def told_time(self, device_id: str, clock_error_ms: int) -> None:
        """How wrong its clock is. Only a change of more than a second is written."""
        await self._transactions.write(lambda uow: reports.told_time(uow, device_id, clock_error_ms))

    async def told_guard(self, device_id: str, on_guard: bool) -> None:
        """Whether its alarm inputs are armed."""
        await self._transactions.write(lambda uow: reports.told_guard(uow, device_id, on_guard))

    async def catalogue_arrived(
        self, device_id: str, channels: Sequence[Channel], *, complete: bool, note: str = ""
    ) -> None:
        """Commit a catalogue by difference; see `rules.merged_catalogue`. A large one is compared aside and written in
        several units, so that signals never wait for it; what was written before a crash stays, the rest comes again."""
        changed = await self._transactions.read(
            lambda uow: reports.catalogue_difference(uow, device_id, channels, complete)
        )
        for start in range(0, len(changed), CHANNELS_AT_ONCE):
            lot = changed[start : start + CHANNELS_AT_ONCE]
            await self._transactions.write(partial(_save_channels, channels=lot))
        await self._transactions.write(
            lambda uow: reports.catalogue_written(uow, device_id, complete, note, bool(changed))
        )

    async def catalogue_changed(self, device_id: str, changes: Sequence[ChannelChange]) -> bool:
        """What a device tells of single channels. True: it named some that we do not know; ask for its catalogue."""
        return await self._transactions.write(lambda uow: reports.catalogue_changes(uow, device_id, changes))

    async def topic_refused(self, device_id: str, topic: Topic, cause: str) -> None:
        """The device said no to a subscription; an empty cause: it is being asked anew."""

        def work(uow: UnitOfWork) -> None:
            store = uow.store(RefusalStore)
            if cause:
                store.save(TopicRefusal(device_id=device_id, topic=topic, cause=cause, at=uow.now.utc))
            else:
                store.remove(device_id, topic)

        await self._transactions.write(work)

    async def topic_refusals(self) -> Sequence[TopicRefusal]:
        """For the start of a gateway."""
        return await self._transactions.read(lambda uow: uow.store(RefusalStore).all())

    async def positions_told(self, told: Sequence[ReportedPosition]) -> None:
        """The last positions of many devices, in one unit."""
        if told:
            await self._transactions.write(lambda uow: reports.positions(uow, told))

    async def positions(self, device_id: str, *, by: Actor) -> Sequence[ReportedPosition]:
        def work(uow: UnitOfWork) -> Sequence[ReportedPosition]:
            seen_device(uow, device_id, by)
            return uow.store(PositionStore).of_device(device_id)

        return await self._transactions.read(work)

    async def with_manner(self) -> Sequence[Device]:
        """Devices that are spoken to as a person chose, for the start of a gateway."""
        return await self._transactions.read(lambda uow: uow.store(DeviceStore).with_manner())

    async def known(self, device_ids: Sequence[str]) -> Mapping[str, Device]:
        """Those of them that there are."""
        return await self._transactions.read(lambda uow: uow.store(DeviceStore).get_all(device_ids))

    # -- decided by people ---------------------------------------------------------------------------------------

    async def enter(self, device_id: str, *, name: str, password: str, organisation_id: str = "", by: Actor) -> Device:
        """A device entered by hand, accepted, with its own password (empty: the shared one)."""
        parse_code(device_id, field="id")
        if password and not 6 <= len(password) <= 128:
            raise Invalid("password: between 6 and 128 characters", field="password")
        label = rules.password_label(device_id)
        sealed = self._vault.seal(password.encode(), label=label) if password else b""
        return await self._transactions.write(
            lambda uow: decisions.enter(uow, device_id, name.strip(), sealed, organisation_id, by)
        )

    async def accept(self, device_id: str, *, make_points: bool, organisation_id: str = "", by: Actor) -> Device:
        """`organisation_id`: whom it is given to from now on."""
        return await self._transactions.write(
            lambda uow: decisions.decide(
                uow, device_id, Enrolment.ACCEPTED, by, make_points=make_points, organisation_id=organisation_id
            )
        )

    async def refuse(self, device_id: str, *, reason: str, by: Actor) -> Device:
        """From now on it is told 403; the gateway hears of it by the event."""
        if not reason.strip():
            raise Invalid("reason: say why the device is refused", field="reason")
        return await self._transactions.write(
            lambda uow: decisions.decide(uow, device_id, Enrolment.REFUSED, by, reason=reason.strip())
        )

    async def choose_manner(self, device_id: str, manner: Manner, *, makes: Collection[str], by: Actor) -> None:
        """How it is spoken to from now on; the gateway hears of it by the event. Raise Invalid, NotFound."""
        rules.checked_manner(manner, makes=makes)
        await self._transactions.write(lambda uow: decisions.choose_manner(uow, device_id, manner, by))

    async def carry_out(
        self, device_id: str, channel_id: str, order: Order, *, commands: DeviceCommands, by: Actor
    ) -> OrderReport:
        """Give an order and wait for the device's answer: INTENT before it leaves, RESULT after. Raise NotFound, and
        Unavailable when the device is offline."""
        act = await self._transactions.write(lambda uow: decisions.note_order(uow, device_id, channel_id, order, by))
        report = OrderReport(outcome=OrderOutcome.SILENT, detail="It was not sent.")
        try:
            report = await commands.carry_out(device_id, channel_id or device_id, order)
        except FengtaiError as error:
            report = OrderReport(outcome=OrderOutcome.SILENT, detail=str(error))
            raise
        finally:
            ended = partial(decisions.note_order_ended, act=act, by=by)
            await self._transactions.write(lambda uow: ended(uow, device_id, channel_id, order, report))
        return report

    async def page(
        self, *, after_id: str = "", limit: int = 200, text: str = "", by: Actor
    ) -> Sequence[tuple[Device, int]]:
        """Devices by id that this person may see, each with the number of its channels."""
        within = by.reach(Permission.DEVICES_SEE)

        def work(uow: UnitOfWork) -> Sequence[tuple[Device, int]]:
            devices = uow.store(DeviceStore).page(
                after_id=after_id, limit=min(max(limit, 1), 1000), text=text, within=within
            )
            counts = uow.store(ChannelStore).counts([device.id for device in devices])
            return [(device, counts.get(device.id, 0)) for device in devices]

        return await self._transactions.read(work)

    async def unbound(self, device_ids: Sequence[str]) -> Sequence[str]:
        """Those of them that have no registration in the books (any more): refused, or given another password."""

        def work(uow: UnitOfWork) -> list[str]:
            found = uow.store(DeviceStore).get_all(device_ids)
            return [one for one in device_ids if one not in found or found[one].binding is None]

        return await self._transactions.read(work)

    async def get(
        self, device_id: str, *, by: Actor, permission: Permission = Permission.DEVICES_SEE
    ) -> DeviceWithChannels:
        """Raise NotFound for one that is not there or out of reach, NotAllowed when it may be seen but not that."""

        def work(uow: UnitOfWork) -> DeviceWithChannels:
            device = seen_device(uow, device_id, by, permission)
            return DeviceWithChannels(device=device, channels=uow.store(ChannelStore).of_device(device_id))

        return await self._transactions.read(work)


def _save_channels(uow: UnitOfWork, channels: Sequence[Channel]) -> None:
    uow.store(ChannelStore).save_all(channels)

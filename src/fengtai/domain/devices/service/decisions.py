"""What people decide about devices, as functions of a unit: audited, and told."""

from dataclasses import replace

from fengtai.domain.access.model import Actor, Permission, Place
from fengtai.domain.access.service.places import may_belong_to
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import (
    Device,
    DeviceEnrolled,
    DeviceMannerChanged,
    DeviceWentOffline,
    Enrolment,
    Manner,
    Order,
    OrderOutcome,
    OrderReport,
    Presence,
)
from fengtai.domain.devices.ports import ChannelStore, DeviceStore
from fengtai.domain.devices.service.reports import told_guard
from fengtai.domain.devices.service.seen import place_of_device, seen_device
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def _owner(uow: UnitOfWork, organisation_id: str, by: Actor) -> str:
    """To whom this person may give a device; to nobody yet, when they serve the whole city."""
    if organisation_id:
        return may_belong_to(uow, organisation_id, by, Permission.DEVICES_EDIT)
    by.require(Permission.DEVICES_EDIT, Place())
    return ""


def enter(uow: UnitOfWork, device_id: str, name: str, sealed: bytes, organisation_id: str, by: Actor) -> Device:
    store = uow.store(DeviceStore)
    before = store.get(device_id)
    is_mine = before is None or by.may(Permission.DEVICES_EDIT, place_of_device(uow, before))
    if before is not None and (before.enrolment is Enrolment.ACCEPTED or not is_mine):
        raise Conflict(f"device {device_id} is entered already")
    device = replace(
        before or Device(id=device_id),
        name=name,
        enrolment=Enrolment.ACCEPTED,
        sealed_password=sealed,
        organisation_id=_owner(uow, organisation_id, by),
    )
    if sealed and device.binding is not None:
        # What is registered now proved another secret; it has to prove this one.
        device = replace(device, binding=None, presence=Presence.OFFLINE)
        uow.publish(
            DeviceWentOffline(
                device_id=device_id,
                reason="it was given a password of its own",
                organisation_id=device.organisation_id,
            )
        )
    store.save(device)
    uow.store(AuditLog).append(by.entry("device.enter", f"device:{device_id}", own_password=bool(sealed)))
    uow.publish(
        DeviceEnrolled(device_id=device_id, enrolment=device.enrolment.value, organisation_id=device.organisation_id)
    )
    return device


def decide(
    uow: UnitOfWork,
    device_id: str,
    enrolment: Enrolment,
    by: Actor,
    *,
    make_points: bool = False,
    reason: str = "",
    organisation_id: str = "",
) -> Device:
    """`organisation_id`: whom it is given to; left out, it stays with whom it is."""
    device = replace(seen_device(uow, device_id, by, Permission.DEVICES_EDIT), enrolment=enrolment)
    if organisation_id:
        device = replace(device, organisation_id=_owner(uow, organisation_id, by))
    verb = "device.accept" if enrolment is Enrolment.ACCEPTED else "device.refuse"
    if enrolment is Enrolment.REFUSED and device.presence is Presence.ONLINE:
        device = replace(device, binding=None, presence=Presence.OFFLINE)
        uow.publish(
            DeviceWentOffline(device_id=device_id, reason="it was refused", organisation_id=device.organisation_id)
        )
    uow.store(DeviceStore).save(device)
    uow.store(AuditLog).append(by.entry(verb, f"device:{device_id}", make_points=make_points, reason=reason))
    uow.publish(
        DeviceEnrolled(
            device_id=device_id,
            enrolment=enrolment.value,
            make_points=make_points,
            organisation_id=device.organisation_id,
        )
    )
    return device


def choose_manner(uow: UnitOfWork, device_id: str, manner: Manner, by: Actor) -> None:
    device = seen_device(uow, device_id, by, Permission.DEVICES_EDIT)
    if device.manner == manner:
        return
    uow.store(DeviceStore).save(replace(device, manner=manner))
    entry = by.entry(
        "device.manner",
        f"device:{device_id}",
        edition=manner.edition,
        make=manner.make,
        charset=manner.charset,
        topics=None if manner.topics is None else sorted(topic.value for topic in manner.topics),
        redirect_to=manner.redirect_to,
    )
    uow.store(AuditLog).append(entry)
    uow.publish(DeviceMannerChanged(device_id=device_id, organisation_id=device.organisation_id))


_ACTIONS = {
    Order.GUARD: "device.guard",
    Order.UNGUARD: "device.unguard",
    Order.RESET_ALARM: "device.alarm_reset",
}
_OUTCOMES = {
    OrderOutcome.DONE: Outcome.DONE,
    OrderOutcome.REFUSED: Outcome.REFUSED,
    OrderOutcome.UNCONFIRMED: Outcome.DONE,
    OrderOutcome.SILENT: Outcome.FAILED,
}


def note_order(uow: UnitOfWork, device_id: str, channel_id: str, order: Order, by: Actor) -> str:
    """INTENT, before the order leaves. Answers the act's id. Raise NotFound."""
    seen_device(uow, device_id, by, Permission.DEVICES_EDIT)
    channels = uow.store(ChannelStore).get_all(device_id, [channel_id])
    if channel_id and channel_id != device_id and channel_id not in channels:
        raise NotFound(f"device {device_id} has no channel {channel_id[:20]}")
    act = uow.new_id()
    entry = by.entry(_ACTIONS[order], f"device:{device_id}", Outcome.INTENT, act=act, channel=channel_id)
    uow.store(AuditLog).append(entry)
    return act


def note_order_ended(
    uow: UnitOfWork, device_id: str, channel_id: str, order: Order, report: OrderReport, act: str, by: Actor
) -> None:
    """RESULT. What a device confirmed of itself (not of one input) is what it now is."""
    entry = by.entry(
        _ACTIONS[order],
        f"device:{device_id}",
        _OUTCOMES[report.outcome],
        act=act,
        channel=channel_id,
        answer=report.outcome.value,
        detail=report.detail,
    )
    uow.store(AuditLog).append(entry)
    if report.outcome is OrderOutcome.DONE and order is not Order.RESET_ALARM and channel_id in ("", device_id):
        told_guard(uow, device_id, order is Order.GUARD)

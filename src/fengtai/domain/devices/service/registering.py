"""Registrations and their end, as functions of a unit: many at once, in order of arrival."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices import rules
from fengtai.domain.devices.model import (
    Binding,
    DeviceCameOnline,
    DeviceEnrolled,
    DeviceWentOffline,
    Enrolment,
    EnrolPolicy,
    Presence,
    Standing,
)
from fengtai.domain.devices.ports import DeviceStore
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.identifiers import parse_code
from fengtai.vocabulary.transactions import UnitOfWork


class Registration(NamedTuple):
    """A device that wants to register, or (no binding) to sign off."""

    device_id: str
    binding: Binding | None
    objection: Callable[[rules.Admission], str]
    """why it has not proved its secret; empty: it has. Pure: it may be called again"""


def register_all(uow: UnitOfWork, asked: Sequence[Registration], policy: EnrolPolicy) -> list[str]:
    store, first = uow.store(DeviceStore), rules.first_enrolment(policy)
    known = dict(store.standings([one.device_id for one in asked]))
    new: dict[str, Binding] = {}
    came: list[DeviceCameOnline] = []
    bound: dict[str, Binding] = {}
    causes = []
    appeared = Standing(first, Presence.ONLINE, b"")
    for one in asked:
        device_id, binding, _ = one
        standing = known.get(device_id)
        cause = _refusal(one, standing, policy)
        causes.append(cause)
        if cause or binding is None:
            continue
        if standing is None or standing.presence is Presence.OFFLINE:
            known[device_id] = now = appeared if standing is None else standing._replace(presence=Presence.ONLINE)
            enrolment, owner = now.enrolment.value, now.organisation_id
            came.append(DeviceCameOnline(device_id=device_id, enrolment=enrolment, organisation_id=owner))
        if standing is None or device_id in new:
            new[device_id] = binding
        else:
            bound[device_id] = binding
    _appear(uow, new, first)
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


def _appear(uow: UnitOfWork, bindings: Mapping[str, Binding], enrolment: Enrolment) -> None:
    """Devices that nobody entered, enrolled by the policy."""
    uow.store(DeviceStore).appear_all(bindings, enrolment, uow.now.utc)
    appeared = AuditEntry(actor="", action="device.appear", object="", details={"enrolment": enrolment.value})
    uow.store(AuditLog).append_alike(appeared, [f"device:{device_id}" for device_id in bindings])
    if enrolment is not Enrolment.PENDING:  # of those nobody has decided yet; that they came is told
        for device_id in bindings:
            uow.publish(DeviceEnrolled(device_id=device_id, enrolment=enrolment.value))


def offline(uow: UnitOfWork, device_id: str, reason: str) -> None:
    store = uow.store(DeviceStore)
    device = store.get(device_id)
    if device is None or (device.presence is Presence.OFFLINE and device.binding is None):
        return
    store.save(replace(device, presence=Presence.OFFLINE, binding=None))
    uow.publish(DeviceWentOffline(device_id=device_id, reason=reason, organisation_id=device.organisation_id))

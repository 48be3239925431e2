"""Decisions about devices, without effects: enrolment, which password counts, how a catalogue changes what we know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fengtai.domain.devices.model import Channel, Device, Enrolment, EnrolPolicy


def password_label(device_id: str) -> str:
    """The label under which the vault seals a device's own password."""
    return f"device:{device_id}"


def first_enrolment(policy: EnrolPolicy) -> Enrolment:
    """What a device becomes that appears by itself."""
    return {
        EnrolPolicy.PENDING: Enrolment.PENDING,
        EnrolPolicy.ACCEPT: Enrolment.ACCEPTED,
        EnrolPolicy.REFUSE: Enrolment.REFUSED,
    }[policy]


@dataclass(frozen=True, slots=True)
class Admission:
    """By which secret a device has to prove who it is. An id bound to its own secret is never opened by the shared one."""

    allowed: bool
    sealed_password: bytes = b""
    """its own; empty: the shared password counts"""
    reason: str = ""


def admission(device: Device | None, policy: EnrolPolicy) -> Admission:
    if device is None:
        if policy is EnrolPolicy.REFUSE:
            return Admission(False, reason="nobody entered this device, and unknown ones are refused (sip.enrol)")
        return Admission(True)
    if device.enrolment is Enrolment.REFUSED:
        return Admission(False, reason="the device was refused")
    return Admission(True, device.sealed_password)


def merged_catalogue(
    known: Mapping[str, Channel], arrived: Sequence[Channel], *, complete: bool
) -> tuple[list[Channel], bool]:
    """The channels to write, and whether anything differs. What is missing from a complete catalogue becomes stale; a
    partial one takes nothing away; nothing is ever deleted by a device's word."""
    changed: list[Channel] = []
    seen: set[str] = set()
    for channel in arrived:
        if channel.id in seen:
            continue
        seen.add(channel.id)
        fresh = replace(channel, stale=False)
        if known.get(channel.id) != fresh:
            changed.append(fresh)
    if complete:
        for channel in known.values():
            if channel.id not in seen and not channel.stale:
                changed.append(replace(channel, stale=True, on=False))
    return changed, bool(changed)

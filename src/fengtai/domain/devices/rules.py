"""Decisions about devices, without effects: enrolment, which password counts, how a catalogue changes what we know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fengtai.domain.devices.model import Channel, Device, Enrolment, EnrolPolicy, Standing


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


_BY_SHARED_PASSWORD = Admission(True)


def admission(device: Device | Standing | None, policy: EnrolPolicy) -> Admission:
    if device is None:
        if policy is EnrolPolicy.REFUSE:
            return Admission(False, reason="nobody entered this device, and unknown ones are refused (sip.enrol)")
        return _BY_SHARED_PASSWORD
    if device.enrolment is Enrolment.REFUSED:
        return Admission(False, reason="the device was refused")
    return Admission(True, device.sealed_password) if device.sealed_password else _BY_SHARED_PASSWORD


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no picture may be taken of a device, and the one thing to do about it."""

    cause: str
    fix: str


def obstacle(device: Device | None) -> Obstacle | None:
    if device is None:
        return Obstacle("There is no such device.", "Bind the point to a channel of a device that has registered.")
    if device.enrolment is not Enrolment.ACCEPTED:
        return Obstacle(
            f"The device is {device.enrolment.value}, not accepted.",
            "An engineer has to accept it on the devices page.",
        )
    return None


def clock_differs(known_ms: int | None, told_ms: int) -> bool:
    """Devices tell whole seconds: less than two are no news."""
    return known_ms is None or abs(known_ms - told_ms) >= 2000


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

"""Decisions about devices, without effects: enrolment, which password counts, how a catalogue changes what we know."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from fengtai.domain.devices.model import (
    Channel,
    ChannelChange,
    Device,
    Enrolment,
    EnrolPolicy,
    Manner,
    ReportedPosition,
    Standing,
    Topic,
)
from fengtai.vocabulary.errors import Invalid


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
    fresh = {channel.id: channel for channel in reversed(arrived)}
    parents = sound_parents({**known, **fresh})
    changed: list[Channel] = []
    for channel in reversed(fresh.values()):
        sound = replace(channel, stale=False, parent_id=parents[channel.id])
        if known.get(channel.id) != sound:
            changed.append(sound)
    if complete:
        for channel in known.values():
            if channel.id not in fresh and not channel.stale:
                changed.append(replace(channel, stale=True, on=False))
    return changed, bool(changed)


def sound_parents(channels: Mapping[str, Channel]) -> Mapping[str, str]:
    """ParentID of each, without itself and without circles: who is his own ancestor has no parent here. A list of
    several parents ("device/organisation") keeps the others."""
    parents = {
        channel.id: [one for one in channel.parent_id.split("/") if one and one != channel.id]
        for channel in channels.values()
    }
    above = {channel_id: next((one for one in listed if one in channels), "") for channel_id, listed in parents.items()}
    settled: set[str] = set()
    for start in sorted(above):
        way: dict[str, None] = {}
        here = start
        while here and here not in settled and here not in way:
            way[here] = None
            here = above[here]
        if here in way:
            last = list(way)[-1]
            parents[last] = [one for one in parents[last] if one != above[last]]
            above[last] = ""
        settled.update(way)
    return {channel_id: "/".join(listed) for channel_id, listed in parents.items()}


_STATUS_EVENTS = {"ON": True, "OFF": False, "VLOST": False, "DEFECT": False}


def changed_channels(known: Mapping[str, Channel], changes: Sequence[ChannelChange]) -> tuple[list[Channel], bool]:
    """The channels to write after a device's notices, and whether it named channels that we do not know (then its
    catalogue is worth asking for). A deleted channel becomes stale: nothing is ever deleted by a device's word."""
    now = dict(known)
    has_unknown = False
    for change in changes:
        before, told = now.get(change.channel.id), change.channel
        if change.event in ("ADD", "UPDATE"):
            has_unknown |= before is None and change.event == "UPDATE"
            now[told.id] = _overlaid(before, told, tells_status=change.tells_status)
        elif before is None:
            has_unknown = True
        elif change.event == "DEL":
            now[told.id] = replace(before, on=False, stale=True)
        elif change.event in _STATUS_EVENTS:
            now[told.id] = replace(before, on=_STATUS_EVENTS[change.event], stale=False)
    parents = sound_parents(now)
    sound = [replace(channel, parent_id=parents[channel.id]) for channel in now.values()]
    return [channel for channel in sound if known.get(channel.id) != channel], has_unknown


def _overlaid(before: Channel | None, told: Channel, *, tells_status: bool) -> Channel:
    if before is None:
        return replace(told, name=told.name or told.id, stale=False)
    return replace(
        before,
        name=told.name or before.name,
        on=told.on if tells_status else before.on,
        manufacturer=told.manufacturer or before.manufacturer,
        model=told.model or before.model,
        longitude=before.longitude if told.longitude is None else told.longitude,
        latitude=before.latitude if told.latitude is None else told.latitude,
        ptz_type=told.ptz_type or before.ptz_type,
        parent_id=told.parent_id or before.parent_id,
        stale=False,
    )


RECORDERS = frozenset(("111", "112", "113", "118", "130"))
MOBILE = "138"
WORTH_AN_EVENT_METRES = 15.0


def topics_of(device: Device, *, rule: frozenset[Topic]) -> frozenset[Topic]:
    """What we subscribe to at this device: what a person chose, else of the site's rule what makes sense for its type. A
    camera's catalogue is itself; only what moves tells positions. Nobody is asked who is not accepted."""
    if device.enrolment is not Enrolment.ACCEPTED:
        return frozenset()
    if device.manner.topics is not None:
        return device.manner.topics
    kind = device.id[10:13]
    sensible = {Topic.ALARM}
    if kind in RECORDERS or "200" <= kind <= "299":
        sensible.add(Topic.CATALOGUE)
    if kind == MOBILE:
        sensible.add(Topic.POSITION)
    return rule & sensible


def has_moved(before: ReportedPosition | None, now: ReportedPosition) -> bool:
    """Far enough to be told; a parked car's receiver wanders by some metres."""
    if before is None:
        return True
    north = (now.latitude - before.latitude) * 111_320.0
    east = (now.longitude - before.longitude) * 111_320.0 * math.cos(math.radians(now.latitude))
    return math.hypot(north, east) >= WORTH_AN_EVENT_METRES


EDITIONS = ("", "1.0", "1.1", "2.0", "3.0")
CHARSETS = ("", "gb18030", "utf-8")
_SERVER = re.compile(r"(\d{20})@([0-9A-Za-z.\-]{1,64}|\[[0-9A-Fa-f:]{2,39}\]):(\d{1,5})")


def checked_manner(manner: Manner, *, makes: Collection[str]) -> None:
    """Raise Invalid."""
    if manner.edition not in EDITIONS:
        raise Invalid("edition: 1.0, 1.1, 2.0, 3.0, or empty for what the device says", field="edition")
    if manner.charset not in CHARSETS:
        raise Invalid("charset: gb18030, utf-8, or empty to find out", field="charset")
    if manner.make and manner.make not in makes:
        raise Invalid(f"make: one of {', '.join(makes)}, or empty for what fits", field="make")
    if manner.redirect_to:
        server_of(manner.redirect_to)


def server_of(text: str) -> tuple[str, str, int]:
    """Id, host and port of the server that a device is sent to. Raise Invalid."""
    found = _SERVER.fullmatch(text.strip())
    if found is None or not 0 < int(found[3]) < 65_536:
        raise Invalid("redirect_to: such as 34020000002000000002@10.0.0.2:5060", field="redirect_to")
    return found[1], found[2], int(found[3])

"""The change of shifts (交接班): what is open is written down by one person and accepted, item by item, by another.

Owns: what belongs into a hand-over (read of the registers, never told by a browser), that two people sign it, and that
incidents held by the one who goes are held by the one who comes. Must not know: rosters.

Facts of an item: incident {number, title, category, priority, state, holder, since}; alarm and shelved {place, title,
title_zh, code_system, code, category, priority, since, until, reason, more (of the same panel)}; on-test {number, zone,
until, reason, by}; dark {name, since}.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Actor, Permission, Place, Reach
from fengtai.domain.access.ports import PersonStore, SessionStore
from fengtai.domain.access.service.places import city_place, place_of_organisation
from fengtai.domain.alarms.model import AlarmState, QueueEntry
from fengtai.domain.alarms.ports import AlarmStore, OnTestStore
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import Device, Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.incidents.model import (
    HandedItem,
    HandedKind,
    HandOver,
    HandOverChanged,
    HandOverState,
    Incident,
    IncidentState,
)
from fengtai.domain.incidents.ports import HandOverStore, IncidentStore
from fengtai.domain.incidents.service.record import record
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.premises.ports import PanelAccountStore
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_WORDS = 4000
MOST_INCIDENTS = 1000
MOST_OF_A_KIND = 200
"""rows that are named; how many more there were is told"""
MOST_DARK = 50
"""devices that are named; all are counted"""
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMatters:
    """What a hand-over written now would hold."""

    items: tuple[HandedItem, ...]
    dark_devices: int
    left_out: Mapping[str, int]
    on_duty: tuple[str, ...]


class HandOverDesk:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def draft(self, *, by: Actor) -> OpenMatters:
        """As it stands now; nothing is kept."""
        return await self._transactions.read(lambda uow: _open_matters(uow, by))

    async def page(self, *, after: str = "", limit: int = 50, by: Actor) -> Sequence[HandOver]:
        within = by.reach(Permission.INCIDENTS_SEE)
        return await self._transactions.read(
            lambda uow: uow.store(HandOverStore).page(after=after, limit=limit, within=within)
        )

    async def get(self, hand_over_id: str, *, by: Actor) -> HandOver:
        return await self._transactions.read(lambda uow: _seen(uow, hand_over_id, by, Permission.INCIDENTS_SEE))

    async def write(self, notes: str, *, by: Actor) -> HandOver:
        """Raise Conflict when the post's last hand-over still waits for somebody."""
        if len(notes) > MOST_WORDS:
            raise Invalid(f"write at most {MOST_WORDS} characters", field="notes")
        return await self._transactions.write(lambda uow: _write(uow, notes.strip(), by))

    async def accept(self, hand_over_id: str, *, seen: Iterable[str], remark: str, version: int, by: Actor) -> HandOver:
        """Sign it. `seen` are the keys of the items that were looked at: all of them, or it is not accepted. Raise Forbidden
        for the one who wrote it."""
        if len(remark) > MOST_WORDS:
            raise Invalid(f"write at most {MOST_WORDS} characters", field="remark")
        keys = frozenset(seen)
        return await self._transactions.write(lambda uow: _accept(uow, hand_over_id, keys, remark.strip(), version, by))

    async def withdraw(self, hand_over_id: str, *, version: int, by: Actor) -> HandOver:
        """Take it back, by whoever wrote it: to write it anew."""
        return await self._transactions.write(lambda uow: _withdraw(uow, hand_over_id, version, by))


def _write(uow: UnitOfWork, notes: str, by: Actor) -> HandOver:
    place = _own_place(uow, by)
    by.require(Permission.INCIDENTS_HANDLE, place)
    waiting = uow.store(HandOverStore).waiting_of(by.post, organisation_id=place.organisation_id)
    if waiting is not None:
        raise Conflict(f"the hand-over of {waiting.written_by_name} at this post waits to be accepted or withdrawn")
    matters = _open_matters(uow, by)
    hand_over = HandOver(
        id=uow.new_id(),
        state=HandOverState.WAITING,
        post=by.post,
        written_by=by.user_id,
        written_by_name=by.name,
        written_at=uow.now.utc,
        notes=notes,
        on_duty=matters.on_duty,
        items=matters.items,
        dark_devices=matters.dark_devices,
        left_out=matters.left_out,
        version=0,
        organisation_id=place.organisation_id,
        area_code=place.area_code,
    )
    return _keep(uow, hand_over, "hand-over.write", by, items=len(hand_over.items))


def _accept(uow: UnitOfWork, hand_over_id: str, seen: frozenset[str], remark: str, version: int, by: Actor) -> HandOver:
    hand_over = _waiting(uow, hand_over_id, version, by)
    if hand_over.written_by == by.user_id:
        raise Forbidden("a hand-over is accepted by somebody else than the one who wrote it")
    missing = [item.key for item in hand_over.items if item.key not in seen]
    if missing:
        raise Invalid(f"{len(missing)} of {len(hand_over.items)} items have not been looked at", field="seen")
    for item in hand_over.items:
        if item.kind is HandedKind.INCIDENT:
            _take_over(uow, item.id, hand_over, by)
    accepted = replace(
        hand_over,
        state=HandOverState.ACCEPTED,
        accepted_by=by.user_id,
        accepted_by_name=by.name,
        accepted_at=uow.now.utc,
        remark=remark,
    )
    return _keep(uow, accepted, "hand-over.accept", by, written_by=hand_over.written_by, items=len(hand_over.items))


def _withdraw(uow: UnitOfWork, hand_over_id: str, version: int, by: Actor) -> HandOver:
    hand_over = _waiting(uow, hand_over_id, version, by)
    if hand_over.written_by != by.user_id:
        raise Forbidden(f"only {hand_over.written_by_name}, who wrote it, may take it back")
    return _keep(uow, replace(hand_over, state=HandOverState.WITHDRAWN), "hand-over.withdraw", by)


def _keep(uow: UnitOfWork, hand_over: HandOver, action: str, by: Actor, **details: Any) -> HandOver:
    kept = replace(hand_over, version=hand_over.version + 1)
    uow.store(HandOverStore).save(kept)
    uow.store(AuditLog).append(by.entry(action, f"hand-over:{kept.id}", post=kept.post, **details))
    uow.publish(
        HandOverChanged(
            hand_over_id=kept.id,
            state=kept.state.value,
            organisation_id=kept.organisation_id,
            area_code=kept.area_code,
        )
    )
    return kept


def _seen(uow: UnitOfWork, hand_over_id: str, by: Actor, permission: Permission) -> HandOver:
    hand_over = uow.store(HandOverStore).get(hand_over_id)
    unknown = NotFound(f"there is no hand-over {hand_over_id}")
    by.must_do(permission, hand_over.place, see=Permission.INCIDENTS_SEE, unknown=unknown)
    return hand_over


def _waiting(uow: UnitOfWork, hand_over_id: str, version: int, by: Actor) -> HandOver:
    hand_over = _seen(uow, hand_over_id, by, Permission.INCIDENTS_HANDLE)
    if hand_over.state is HandOverState.ACCEPTED:
        raise Conflict(f"{hand_over.accepted_by_name} has accepted this hand-over already")
    if hand_over.state is HandOverState.WITHDRAWN:
        raise Conflict(f"{hand_over.written_by_name} has withdrawn this hand-over")
    if hand_over.version != version:
        raise Conflict("the hand-over has changed since you looked at it: look again")
    return hand_over


def _take_over(uow: UnitOfWork, incident_id: str, hand_over: HandOver, by: Actor) -> None:
    """Only what the writer still holds, and only where the one who accepts may work."""
    incident = uow.store(IncidentStore).get(incident_id)
    is_theirs = incident.holder_id == hand_over.written_by and incident.state is not IncidentState.CLOSED
    if is_theirs and by.may(Permission.INCIDENTS_HANDLE, incident.place):
        taken = replace(incident, holder_id=by.user_id, holder_name=by.name)
        words = f"{hand_over.written_by_name} → {by.name}"
        record(uow, taken, step="hand-over", kind="handed-over", text=words, who=by.name)


def _own_place(uow: UnitOfWork, by: Actor) -> Place:
    """The city for those who serve it; for others the highest organisation that they do serve."""
    city = city_place(uow)
    if by.may(Permission.INCIDENTS_HANDLE, city):
        return city
    for organisation in uow.store(OrganisationStore).all():
        place = place_of_organisation(uow, organisation.id)
        if by.may(Permission.INCIDENTS_HANDLE, place):
            return place
    return city


def _open_matters(uow: UnitOfWork, by: Actor) -> OpenMatters:
    alarms_within, incidents_within = by.reach(Permission.ALARMS_SEE), by.reach(Permission.INCIDENTS_SEE)
    incidents, alarms = uow.store(IncidentStore), uow.store(AlarmStore)
    rows = alarms.queue_page(limit=MOST_OF_A_KIND, within=alarms_within)
    waiting = [_of_alarm(row, HandedKind.ALARM) for row in rows if row.alarm.state is AlarmState.RAISED]
    shelved = [_of_alarm(row, HandedKind.SHELVED) for row in rows if row.alarm.state is AlarmState.SHELVED]
    in_hand = incidents.page(only_open=True, limit=MOST_INCIDENTS, within=incidents_within)
    on_test, tests = _on_test(uow, alarms_within)
    dark, dark_devices = _dark(uow, by.reach(Permission.DEVICES_SEE))
    counts = alarms.open_counts(alarms_within)
    left_out = {
        HandedKind.INCIDENT: incidents.open_count(incidents_within) - len(in_hand),
        HandedKind.ALARM: sum(counts.waiting.values()) - _stood_for(waiting),
        HandedKind.SHELVED: counts.shelved - _stood_for(shelved),
        HandedKind.ON_TEST: tests - len(on_test),
    }
    return OpenMatters(
        items=(*map(_of_incident, in_hand), *waiting, *shelved, *on_test, *dark),
        dark_devices=dark_devices,
        left_out={kind.value: count for kind, count in left_out.items() if count > 0},
        on_duty=_on_duty(uow, by),
    )


def _stood_for(rows: Sequence[HandedItem]) -> int:
    return sum(1 + int(row.facts.get("more", "0")) for row in rows)


def _of_incident(incident: Incident) -> HandedItem:
    facts = {
        "number": incident.number,
        "title": incident.title,
        "category": incident.category,
        "priority": str(incident.priority),
        "state": incident.state.value,
        "holder": incident.holder_name,
        "since": _written(incident.received_at),
    }
    return HandedItem(kind=HandedKind.INCIDENT, id=incident.id, facts=facts)


def _of_alarm(row: QueueEntry, kind: HandedKind) -> HandedItem:
    alarm = row.alarm
    facts = {
        "place": alarm.premises_name or alarm.account,
        "title": alarm.title,
        "title_zh": alarm.title_zh,
        "code_system": alarm.code_system,
        "code": alarm.code,
        "category": alarm.category,
        "priority": str(alarm.priority),
        "since": _written(alarm.raised_at),
        "until": _written(alarm.shelved_until),
        "reason": alarm.shelved_reason,
        "more": str(row.more) if row.more else "",
    }
    return HandedItem(kind=kind, id=alarm.id, facts=_said(facts))


def _on_test(uow: UnitOfWork, within: Reach) -> tuple[list[HandedItem], int]:
    """The first of the windows, and how many there are."""
    seen = {account.id for account in uow.store(PanelAccountStore).all(within=within)}
    rows = [row for row in uow.store(OnTestStore).all() if row.account_id in seen and row.until > uow.now.utc]
    named = [
        HandedItem(
            kind=HandedKind.ON_TEST,
            id=row.id,
            facts=_said(
                {
                    "number": row.number,
                    "zone": row.zone,
                    "until": _written(row.until),
                    "reason": row.reason,
                    "by": row.by_name,
                }
            ),
        )
        for row in rows[:MOST_OF_A_KIND]
    ]
    return named, len(rows)


def _dark(uow: UnitOfWork, within: Reach) -> tuple[list[HandedItem], int]:
    """The first of the accepted devices that do not answer, and how many there are."""
    named: list[Device] = []
    count, after = 0, ""
    while found := uow.store(DeviceStore).page(after_id=after, limit=_AT_ONCE, within=within):
        dark = [
            device
            for device in found
            if device.enrolment is Enrolment.ACCEPTED and device.presence is not Presence.ONLINE
        ]
        count += len(dark)
        named += dark[: MOST_DARK - len(named)]
        after = found[-1].id
        if len(found) < _AT_ONCE:
            break
    return [_of_device(device) for device in named], count


def _of_device(device: Device) -> HandedItem:
    facts = {"name": device.name or device.id, "since": _written(device.last_seen_at)}
    return HandedItem(kind=HandedKind.DARK, id=device.id, facts=_said(facts))


def _on_duty(uow: UnitOfWork, by: Actor) -> tuple[str, ...]:
    """Who is signed in at a duty post: all of them for those who serve the whole city, else those of one's own post,
    because people have no place by which a district's could be told from another's."""
    is_everywhere = by.reach(Permission.INCIDENTS_SEE).is_everywhere
    sessions = uow.store(SessionStore).page(None, limit=_AT_ONCE)
    people = {person.id: person.display_name or person.name for person in uow.store(PersonStore).all()}
    names = {
        f"{people[one.user_id]} · {one.post}"
        for one in sessions
        if one.post
        and one.ends_at > uow.now.utc
        and one.user_id in people
        and (is_everywhere or one.user_id == by.user_id or one.post == by.post)
    }
    return tuple(sorted(names))


def _written(moment: datetime | None) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else ""


def _said(facts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value}

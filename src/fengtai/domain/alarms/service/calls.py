"""Alarms by telephone (电话报警): a call is taken down, and its signal goes the way of all signals.

Owns: registering a call, recognising a repeat (same number, same place), and that every registered call reaches the
journal exactly once, also over a restart. Must not know: what triage makes of it (`rules.RULES` decides).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from fengtai.domain.access.model import Actor, Permission, Place
from fengtai.domain.access.service.places import city_place, place_of_organisation
from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import Alarm, CallRegistered, CallWords, Channel, Signal, TelephoneCall
from fengtai.domain.alarms.ports import AlarmStore, CallStore
from fengtai.domain.alarms.service.desk import AlarmDesk
from fengtai.domain.alarms.service.life_cycle import seen_alarm
from fengtai.domain.alarms.service.meaning import TELEPHONE, lane_of
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.ports import PremisesStore
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

SOURCE = "telephone"
WITHHELD = "withheld"
"""the account of a caller who shows no number"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenCall:
    """A call and the alarm that it belongs to; None while triage has not judged its signal."""

    call: TelephoneCall
    alarm: Alarm | None = None

    @property
    def is_repeat(self) -> bool:
        """Whether the alarm was there before the call: this is one more about it."""
        return self.alarm is not None and self.alarm.signal_seq != self.call.signal_seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """An open alarm that a call may be about, and why we think so: "number" or "place"."""

    alarm: Alarm
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Where:
    """The place that a call tells of, as far as the registers know it."""

    lies: Place
    position: Position | None


class CallDesk:
    def __init__(self, *, transactions: Transactions, alarms: AlarmDesk, clock: Clock) -> None:
        self._transactions, self._alarms, self._clock = transactions, alarms, clock

    async def register(self, words: CallWords, *, by: Actor) -> TakenCall:
        """Keep the call, then give its signal to triage; the alarm's id is in the answer unless triage is busy."""
        words = rules.checked_call(words)
        call = await self._transactions.write(lambda uow: _register(uow, words, by))
        call = await self._deliver(call)
        await self._alarms.triage(batches=1, lanes=[lane_of(signal_of(call))])
        return await self.get(call.id, by=by)

    async def get(self, call_id: str, *, by: Actor) -> TakenCall:
        def read(uow: UnitOfWork) -> TakenCall:
            call = uow.store(CallStore).get(call_id)
            by.must_see(Permission.ALARMS_SEE, call.place, NotFound(f"there is no call {call_id}"))
            return _with_alarms(uow, [call])[0]

        return await self._transactions.read(read)

    async def page(self, *, after: str = "", limit: int = 50, by: Actor) -> Sequence[TakenCall]:
        within = by.reach(Permission.ALARMS_SEE)
        return await self._transactions.read(
            lambda uow: _with_alarms(uow, uow.store(CallStore).page(after=after, limit=limit, within=within))
        )

    async def similar(self, words: CallWords, *, by: Actor) -> list[Similar]:
        """Open alarms that a call with these words may be about, the likeliest first: same number and place, same place,
        same number."""
        return await self._transactions.read(lambda uow: _similar(uow, words, by))

    async def tick(self) -> None:
        """Deliver what was registered and not delivered: the process ended in between, or the journal did not answer."""
        late = self._clock.now().utc - timedelta(seconds=rules.CALL_DELIVERY_SECONDS)
        for call in await self._transactions.read(lambda uow: uow.store(CallStore).without_signal()):
            if call.registered_at <= late:  # what is younger is being delivered by `register`
                await self._deliver(call)

    async def _deliver(self, call: TelephoneCall) -> TelephoneCall:
        journalled = await self._alarms.receive(signal_of(call))
        delivered = replace(call, signal_seq=journalled.seq)
        await self._transactions.write(lambda uow: uow.store(CallStore).save(delivered))
        return delivered


def signal_of(call: TelephoneCall) -> Signal:
    """The call in the normal form of all channels; `raw` is the form as it was registered."""
    words = call.words
    english, chinese = TELEPHONE[words.category]
    details = {
        "category": words.category,
        "kind": "alarm",
        "label": english,
        "label_zh": chinese,
        "call_id": call.id,
        "premises_id": words.premises_id,
        "point_id": words.point_id,
        "address": words.address,
        "organisation_id": call.organisation_id,
        "area_code": call.area_code,
        "repeats_alarm_id": words.repeats_alarm_id,
        "caller_name": words.caller_name,
    }
    form = asdict(words) | {"call_id": call.id, "by": call.by_name, "registered_at": call.registered_at.isoformat()}
    return Signal(
        channel=Channel.TELEPHONE,
        source=SOURCE,
        account=words.caller_number or WITHHELD,
        code_system=SOURCE,
        code=words.category,
        text=words.text,
        position=words.position,
        dedup_key=rules.call_key(words) or f"call/{call.id}",
        drill=words.drill,
        peer=call.by_name,
        raw=json.dumps(form, ensure_ascii=False, sort_keys=True).encode(),
        details={name: value for name, value in details.items() if value},
    )


def _register(uow: UnitOfWork, words: CallWords, by: Actor) -> TelephoneCall:
    where = _where(uow, words, by)
    by.require(Permission.ALARMS_HANDLE, where.lies)
    if words.repeats_alarm_id:
        seen_alarm(uow, words.repeats_alarm_id, by, Permission.ALARMS_HANDLE)
    call = TelephoneCall(
        id=uow.new_id(),
        words=replace(words, position=where.position),
        registered_at=uow.now.utc,
        by_id=by.user_id,
        by_name=by.name,
        organisation_id=where.lies.organisation_id,
        area_code=where.lies.area_code,
    )
    uow.store(CallStore).save(call)
    uow.store(AuditLog).append(
        by.entry(
            "call.register",
            f"call:{call.id}",
            category=words.category,
            repeats_alarm_id=words.repeats_alarm_id,
            took_seconds=words.took_seconds,
        )
    )
    uow.publish(CallRegistered(call_id=call.id, organisation_id=call.organisation_id, area_code=call.area_code))
    return call


def _where(uow: UnitOfWork, words: CallWords, by: Actor) -> _Where:
    """Of the premises or the point that were chosen, else of the nearest point, else the city's. Raise NotFound for
    premises and points that are not there or out of reach."""
    if words.premises_id:
        premises = uow.store(PremisesStore).get(words.premises_id)
        lies = place_of_organisation(uow, premises.organisation_id) if premises.organisation_id else city_place(uow)
        by.must_see(Permission.PREMISES_SEE, lies, NotFound(f"there are no premises {words.premises_id}"))
        return _Where(lies=lies, position=words.position or premises.position)
    if words.point_id:
        point = uow.store(PointStore).get(words.point_id)
        lies = Place(point.organisation_id, point.area_code)
        # A class is not asked for: the call is about the place where the camera stands, not about its picture.
        by.must_see(Permission.POINTS_SEE, lies, NotFound(f"there is no point {words.point_id}"))
        return _Where(lies=lies, position=words.position or point.position)
    near = (
        uow.store(PointStore).nearest(words.position, within_m=rules.CALL_NEAREST_WITHIN_M, limit=1)
        if words.position
        else ()
    )
    if near:
        point = near[0][0]
        return _Where(lies=Place(point.organisation_id, point.area_code), position=words.position)
    return _Where(lies=city_place(uow), position=words.position)


def _similar(uow: UnitOfWork, words: CallWords, by: Actor) -> list[Similar]:
    within = by.reach(Permission.ALARMS_SEE)
    since = uow.now.utc - timedelta(seconds=rules.CALL_REPEAT_SECONDS)
    position = _where(uow, words, by).position
    number = words.caller_number.strip()
    found: list[tuple[int, Similar]] = []
    for alarm in uow.store(AlarmStore).open_page(limit=rules.CALL_COMPARED_ALARMS, within=within):
        if alarm.raised_at < since:
            continue
        is_number = bool(number) and alarm.source == SOURCE and alarm.account == number
        is_place = _same_place(alarm, words, position)
        if is_number or is_place:
            rank = 0 if is_number and is_place else 1 if is_place else 2
            found.append((rank, Similar(alarm=alarm, why="place" if is_place else "number")))
    return [similar for _, similar in sorted(found, key=lambda each: (each[0], each[1].alarm.raised_at))][:8]


def _same_place(alarm: Alarm, words: CallWords, position: Position | None) -> bool:
    if words.premises_id and alarm.premises_id == words.premises_id:
        return True
    if position is None or alarm.position is None:
        return bool(words.address) and alarm.premises_name == words.address.strip()
    return alarm.position.metres_to(position) <= rules.CALL_SAME_PLACE_M


def _with_alarms(uow: UnitOfWork, calls: Sequence[TelephoneCall]) -> list[TakenCall]:
    store = uow.store(AlarmStore)
    alarm_ids: Mapping[int, str] = store.of_signals({call.signal_seq for call in calls} - {0})
    alarms = {alarm_id: store.get(alarm_id) for alarm_id in set(alarm_ids.values())}
    return [TakenCall(call=call, alarm=alarms.get(alarm_ids.get(call.signal_seq, ""))) for call in calls]

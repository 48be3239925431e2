"""Alarms, the cursor of triage, on-test windows and supervision kept in dicts: twins of `domain.alarms.store`."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.alarms.model import (
    FOLDED_BEYOND,
    Alarm,
    AlarmState,
    AlarmStep,
    Heard,
    OnTest,
    OpenCounts,
    QueueEntry,
    TriageLane,
    ZoneActivity,
)
from fengtai.domain.alarms.ports import AlarmStore, Condition, OnTestStore, SupervisionStore, TriageStore
from fengtai.vocabulary.errors import Conflict, NotFound

_OPEN = (AlarmState.RAISED, AlarmState.TAKEN, AlarmState.SHELVED)


class MemoryAlarms:
    def __init__(self) -> None:
        self.by_id: dict[str, Alarm] = {}
        self.steps: list[AlarmStep] = []
        self.links: dict[tuple[str, int], None] = {}

    def get(self, alarm_id: str) -> Alarm:
        try:
            return self.by_id[alarm_id]
        except KeyError:
            raise NotFound(f"there is no alarm {alarm_id}") from None

    def add(self, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            self.by_id[alarm.id] = alarm

    def save(self, alarm: Alarm) -> None:
        if self.get(alarm.id).version != alarm.version - 1:
            raise Conflict("the alarm was changed by somebody else at the same moment: look again")
        self.by_id[alarm.id] = alarm

    def open_of(self, conditions: Collection[Condition]) -> Sequence[Alarm]:
        wanted = set(conditions)
        return self._in_order(
            alarm
            for alarm in self.by_id.values()
            if alarm.state in _OPEN
            and not wanted.isdisjoint([(alarm.account, alarm.code, alarm.zone), (alarm.account, alarm.code, None)])
        )

    def open_since(self, accounts: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        numbers = set(accounts)
        return self._in_order(
            alarm
            for alarm in self.by_id.values()
            if alarm.state in _OPEN and alarm.account in numbers and alarm.raised_at >= since
        )

    @staticmethod
    def _in_order(alarms: Iterable[Alarm]) -> list[Alarm]:
        return sorted(alarms, key=lambda alarm: (alarm.raised_at, alarm.id))

    def by_dedup_keys(self, keys: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        wanted = set(keys)
        return [
            alarm
            for alarm in self.by_id.values()
            if alarm.dedup_key and alarm.dedup_key in wanted and alarm.raised_at >= since
        ]

    def open_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        alarms = [alarm for alarm in self._within(within) if alarm.state in _OPEN]
        return self._page(alarms, lambda alarm: (alarm.priority, alarm.raised_at, alarm.id), after, limit)

    def queue_page(
        self, *, after: str = "", limit: int = 200, within: Reach | None = None, text: str = ""
    ) -> Sequence[QueueEntry]:
        groups: dict[Any, list[Alarm]] = {}
        found = (alarm for alarm in self._within(within) if alarm.state in _OPEN and _tells_of(alarm, text))
        for alarm in self._in_order(found):
            groups.setdefault(_of_one(alarm), []).append(alarm)
        more: dict[str, int] = {}
        for group in groups.values():
            if len(group) > FOLDED_BEYOND:
                more[group[0].id] = len(group) - 1
            else:
                more |= {alarm.id: 0 for alarm in group}
        alarms = [self.by_id[alarm_id] for alarm_id in more]
        shown = self._page(alarms, lambda alarm: (alarm.priority, alarm.raised_at, alarm.id), after, limit)
        return [QueueEntry(alarm=alarm, more=more[alarm.id]) for alarm in shown]

    def open_counts(self, within: Reach | None = None) -> OpenCounts:
        states = [alarm.state for alarm in self._within(within)]
        waiting = Counter(alarm.priority for alarm in self._within(within) if alarm.state is AlarmState.RAISED)
        return OpenCounts(
            waiting=dict(sorted(waiting.items())),
            taken=states.count(AlarmState.TAKEN),
            shelved=states.count(AlarmState.SHELVED),
        )

    def folded_with(
        self, alarm: Alarm, *, after: str = "", limit: int = 200, within: Reach | None = None
    ) -> Sequence[Alarm]:
        same = [other for other in self._within(within) if _of_one(other) == _of_one(alarm)]
        return self._page(same, lambda other: (other.priority, other.raised_at, other.id), after, limit)

    def by_ids(self, alarm_ids: Sequence[str]) -> Sequence[Alarm]:
        return [self.by_id[alarm_id] for alarm_id in alarm_ids if alarm_id in self.by_id]

    def newest_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        alarms = self._within(within)
        return self._page(alarms, lambda alarm: (alarm.raised_at, alarm.id), after, limit, newest_first=True)

    def _within(self, within: Reach | None) -> list[Alarm]:
        return [alarm for alarm in self.by_id.values() if within is None or within.covers(alarm.place)]

    def _page(
        self,
        alarms: list[Alarm],
        order: Callable[[Alarm], Any],
        after: str,
        limit: int,
        *,
        newest_first: bool = False,
    ) -> list[Alarm]:
        ordered = sorted(alarms, key=order, reverse=newest_first)
        if after:
            seen = order(self.get(after))
            ordered = [alarm for alarm in ordered if (order(alarm) < seen if newest_first else order(alarm) > seen)]
        return ordered[:limit]

    def to_escalate(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]:
        due = [
            alarm
            for alarm in self.by_id.values()
            if alarm.state is AlarmState.RAISED and alarm.escalate_at and alarm.escalate_at <= at
        ]
        return sorted(due, key=lambda alarm: (alarm.escalate_at or at, alarm.id))[:limit]

    def to_unshelve(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]:
        due = [
            alarm
            for alarm in self.by_id.values()
            if alarm.state is AlarmState.SHELVED and alarm.shelved_until and alarm.shelved_until <= at
        ]
        return sorted(due, key=lambda alarm: (alarm.shelved_until or at, alarm.id))[:limit]

    def log(self, steps: Iterable[AlarmStep]) -> None:
        self.steps.extend(steps)

    def history(self, alarm_id: str) -> Sequence[AlarmStep]:
        return [step for step in self.steps if step.alarm_id == alarm_id]

    def link(self, links: Iterable[tuple[str, int]]) -> None:
        self.links.update(dict.fromkeys(links))

    def signals_of(self, alarm_id: str, *, limit: int = 200) -> Sequence[int]:
        return sorted(seq for linked, seq in self.links if linked == alarm_id)[:limit]

    def of_signals(self, seqs: Collection[int]) -> Mapping[int, str]:
        wanted = set(seqs)
        return {seq: alarm_id for alarm_id, seq in sorted(self.links, reverse=True) if seq in wanted}

    def signals_within(self, within: Reach, *, before: int = 0, limit: int = 100) -> Sequence[int]:
        seen = {alarm.id for alarm in self._within(within)}
        found = {seq for alarm_id, seq in self.links if alarm_id in seen and (not before or seq < before)}
        return sorted(found, reverse=True)[:limit]


def _tells_of(alarm: Alarm, text: str) -> bool:
    places = (alarm.premises_name, alarm.account, alarm.zone_name, alarm.code, alarm.text)
    return any(text.lower() in place.lower() for place in places)


def _of_one(alarm: Alarm) -> tuple[object, ...]:
    return alarm.source, alarm.account, alarm.priority, alarm.drill, alarm.state, alarm.incident_id


class MemoryTriage:
    def __init__(self) -> None:
        self.position: dict[TriageLane, int] = {}
        self.activity: dict[tuple[str, str], ZoneActivity] = {}

    def cursor(self, lane: TriageLane) -> int:
        return self.position.get(lane, 0)

    def move(self, lane: TriageLane, seq: int) -> None:
        self.position[lane] = seq

    def activity_of(self, zones: Collection[tuple[str, str]]) -> Sequence[ZoneActivity]:
        return [self.activity[key] for key in sorted(zones) if key in self.activity]

    def end_periods(self, accounts: Collection[str]) -> None:
        ended = set(accounts)
        for key, row in self.activity.items():
            if key[0] in ended:
                self.activity[key] = replace(row, alarms=0)

    def save_activity(self, rows: Iterable[ZoneActivity]) -> None:
        for row in rows:
            self.activity[row.account, row.zone] = row


class MemoryOnTest:
    def __init__(self) -> None:
        self.by_id: dict[str, OnTest] = {}

    def add(self, row: OnTest) -> None:
        self.by_id[row.id] = row

    def get(self, on_test_id: str) -> OnTest:
        try:
            return self.by_id[on_test_id]
        except KeyError:
            raise NotFound(f"there is no test {on_test_id}") from None

    def remove(self, on_test_id: str) -> None:
        self.get(on_test_id)
        del self.by_id[on_test_id]

    def all(self) -> Sequence[OnTest]:
        return sorted(self.by_id.values(), key=lambda row: (row.until, row.id))


class MemorySupervision:
    def __init__(self) -> None:
        self.by_id: dict[str, Heard] = {}

    def all(self) -> Sequence[Heard]:
        return [row for _, row in sorted(self.by_id.items())]

    def get(self, account_id: str) -> Heard | None:
        return self.by_id.get(account_id)

    def save(self, rows: Iterable[Heard]) -> None:
        self.by_id.update({row.account_id: row for row in rows})


STORES: Mapping[type[Any], type[Any]] = {
    AlarmStore: MemoryAlarms,
    TriageStore: MemoryTriage,
    OnTestStore: MemoryOnTest,
    SupervisionStore: MemorySupervision,
}

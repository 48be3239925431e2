"""The alarms that one batch of triage works on: read once at its beginning, changed in memory, written at its end.

Keeps a burst cheap: a few statements for two hundred signals, and one event per alarm and step however often it
happened. Must not decide anything.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import (
    Alarm,
    AlarmRaised,
    AlarmState,
    AlarmStep,
    JournalledSignal,
    Qualifier,
    Signal,
    Step,
    ZoneActivity,
)
from fengtai.domain.alarms.ports import AlarmStore, Condition, TriageStore
from fengtai.domain.alarms.rules import next_state
from fengtai.domain.alarms.service.life_cycle import TOLD_AS, change_of
from fengtai.vocabulary.clock import to_ms
from fengtai.vocabulary.transactions import UnitOfWork

_OF_ONE_ZONE = 20


class WorkingSet:
    def __init__(self, uow: UnitOfWork, signals: Sequence[JournalledSignal]) -> None:
        self._uow = uow
        self._store, self._triage = uow.store(AlarmStore), uow.store(TriageStore)
        self._alarms: dict[str, Alarm] = {}
        self._stored_version: dict[str, int] = {}
        self._changed: dict[str, None] = {}
        self._told: dict[tuple[str, str], None] = {}
        self._steps: list[AlarmStep] = []
        self._links: list[tuple[str, int]] = []
        self._by_condition: dict[tuple[str, str], dict[str, list[str]]] = {}
        """(account, code) → zone → alarms, oldest first"""
        self._newest: defaultdict[str, list[str]] = defaultdict(list)
        self._by_key: dict[str, str] = {}
        self._activity: dict[tuple[str, str], ZoneActivity] = {}
        self._touched: set[tuple[str, str]] = set()
        self._ended: set[str] = set()
        self._read(signals)

    def _read(self, signals: Sequence[JournalledSignal]) -> None:
        first = min(journalled.received_at for journalled in signals)
        stored = {alarm.id: alarm for alarm in self._store.open_of(_conditions(signals))}
        keys = {journalled.signal.dedup_key for journalled in signals} - {""}
        since = first - timedelta(seconds=rules.REPEAT_SECONDS)
        stored |= {alarm.id: alarm for alarm in self._store.by_dedup_keys(keys, since=since)}
        if enders := {journalled.signal.account for journalled in signals if may_abort(journalled.signal)}:
            since = first - timedelta(seconds=rules.ABORT_WINDOW_SECONDS)
            stored |= {alarm.id: alarm for alarm in self._store.open_since(enders, since=since)}
        for alarm_id in {journalled.signal.details.get("repeats_alarm_id", "") for journalled in signals} - {""}:
            stored[alarm_id] = self._store.get(alarm_id)
        for alarm in sorted(stored.values(), key=lambda alarm: (alarm.raised_at, alarm.id)):
            self._keep(alarm)
            self._stored_version[alarm.id] = alarm.version
        zones = {(account_name(journalled.signal), journalled.signal.zone) for journalled in signals}
        self._activity = {(row.account, row.zone): row for row in self._triage.activity_of(zones)}

    def _keep(self, alarm: Alarm) -> None:
        self._alarms[alarm.id] = alarm
        zones = self._by_condition.setdefault((alarm.account, alarm.code), {})
        zones.setdefault(alarm.zone, []).append(alarm.id)
        self._newest[alarm.account].append(alarm.id)
        if alarm.dedup_key:
            self._by_key[alarm.dedup_key] = alarm.id

    def same_condition(self, signal: Signal) -> list[Alarm]:
        """Open alarms that a restore ends, or that tell the same as a new signal: of one zone the newest few, so that a
        flood of one zone stays cheap."""
        found: list[str] = []
        for code in sorted(codes_meant(signal)):
            zones = self._by_condition.get((signal.account, code), {})
            if signal.qualifier is not Qualifier.RESTORE:
                found += zones.get(signal.zone, ())[-_OF_ONE_ZONE:]
            elif signal.zone:
                found += [*zones.get(signal.zone, ()), *zones.get("", ())]
            else:
                found += [alarm_id for alarm_ids in zones.values() for alarm_id in alarm_ids]
        return [alarm for alarm_id in found if _is_same(alarm := self._alarms[alarm_id], signal)]

    def open_since(self, account: str, since: datetime) -> list[Alarm]:
        """Open alarms of the account raised since then, newest first."""
        found = []
        for alarm_id in reversed(self._newest.get(account, ())):
            alarm = self._alarms[alarm_id]
            if alarm.raised_at < since:
                break
            if alarm.state in rules.OPEN_STATES:
                found.append(alarm)
        return found

    def repeated_by(self, journalled: JournalledSignal) -> Alarm | None:
        """The alarm whose first message this one repeats, or that a call-taker says it is about."""
        if told := self._alarms.get(journalled.signal.details.get("repeats_alarm_id", "")):
            return told
        alarm = self._alarms.get(self._by_key.get(journalled.signal.dedup_key, ""))
        window = timedelta(seconds=rules.REPEAT_SECONDS)
        return alarm if alarm and journalled.received_at - alarm.raised_at <= window else None

    def add(self, alarm: Alarm, told: str, *, who: str) -> None:
        self._keep(alarm)
        self._changed[alarm.id] = None
        self._told[alarm.id, told] = None
        self._links.append((alarm.id, alarm.signal_seq))
        self._steps.append(AlarmStep(alarm_id=alarm.id, at=self._uow.now.utc, step=told, who=who, text=alarm.reason))

    def step(self, alarm: Alarm, step: Step, seq: int, *, who: str, text: str, **changes: Any) -> None:
        """Take the step and link the signal. The version moves once in a batch."""
        version = self._stored_version.get(alarm.id, 0) + 1
        self._alarms[alarm.id] = replace(
            self._alarms[alarm.id],
            state=next_state(alarm.state, step),
            version=version,
            updated_at=self._uow.now.utc,
            **changes,
        )
        self._changed[alarm.id] = None
        self._told[alarm.id, TOLD_AS[step]] = None
        self._links.append((alarm.id, seq))
        self._steps.append(AlarmStep(alarm_id=alarm.id, at=self._uow.now.utc, step=TOLD_AS[step], who=who, text=text))

    def alarms_in_period(self, journalled: JournalledSignal) -> int:
        """Alarms of this zone in the armed period so far."""
        row = self._activity.get((account_name(journalled.signal), journalled.signal.zone))
        period = timedelta(seconds=rules.ARMED_PERIOD_SECONDS)
        return row.alarms if row and journalled.received_at - row.last_at < period else 0

    def count_in_period(self, journalled: JournalledSignal) -> None:
        key = (account_name(journalled.signal), journalled.signal.zone)
        alarms = self.alarms_in_period(journalled) + 1
        self._activity[key] = ZoneActivity(account=key[0], zone=key[1], alarms=alarms, last_at=journalled.received_at)
        self._touched.add(key)

    def end_period(self, journalled: JournalledSignal) -> None:
        """The account was armed or disarmed: all its zones count anew."""
        name = account_name(journalled.signal)
        self._ended.add(name)
        for key, row in self._activity.items():
            if key[0] == name:
                self._activity[key] = replace(row, alarms=0)

    def write(self) -> None:
        changed = [self._alarms[alarm_id] for alarm_id in self._changed]
        self._store.add([alarm for alarm in changed if alarm.id not in self._stored_version])
        for alarm in changed:
            if alarm.id in self._stored_version:
                self._store.save(alarm)
        self._store.log(self._steps)
        self._store.link(self._links)
        self._triage.end_periods(self._ended)
        self._triage.save_activity(self._activity[key] for key in sorted(self._touched))
        for alarm_id, told in self._told:
            alarm = self._alarms[alarm_id]
            self._uow.publish(raised(alarm) if told == "raised" else change_of(alarm, told))


def _conditions(signals: Sequence[JournalledSignal]) -> set[Condition]:
    """What must be read of the alarms that stand, so that these signals can be compared with them."""
    conditions: set[Condition] = set()
    for journalled in signals:
        signal = journalled.signal
        for code in codes_meant(signal):
            conditions.add((signal.account, code, signal.zone))
            if signal.qualifier is Qualifier.RESTORE:
                conditions.add((signal.account, code, "" if signal.zone else None))
    return conditions


def codes_meant(signal: Signal) -> set[str]:
    """The codes of alarms that this signal may be about: its own, and those that it restores."""
    return {signal.code, *filter(None, signal.details.get("restores", "").split(","))}


def may_abort(signal: Signal) -> bool:
    return signal.details.get("kind") in ("cancel", "open")


def _is_same(alarm: Alarm, signal: Signal) -> bool:
    return (
        alarm.state in rules.OPEN_STATES
        and alarm.source == signal.source
        and alarm.code_system == signal.code_system
        and alarm.account_id == signal.details.get("account_id", alarm.account_id)
        and (signal.source != "telephone" or alarm.dedup_key == signal.dedup_key)  # a caller tells of several places
        and (alarm.partition == signal.partition or "" in (alarm.partition, signal.partition))
    )


def account_name(signal: Signal) -> str:
    return f"{signal.source}/{signal.account}"


def raised(alarm: Alarm) -> AlarmRaised:
    assert alarm.state is not AlarmState.SUPPRESSED
    return AlarmRaised(
        alarm_id=alarm.id,
        priority=alarm.priority,
        category=alarm.category,
        premises_id=alarm.premises_id,
        premises_name=alarm.premises_name,
        title=alarm.title,
        point_ids=list(alarm.point_ids),
        raised_at_ms=to_ms(alarm.raised_at),
        drill=alarm.drill,
        signal_seq=alarm.signal_seq,
        organisation_id=alarm.organisation_id,
        area_code=alarm.area_code,
    )

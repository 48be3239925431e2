"""One batch of triage: signals of the journal become alarms, in one unit that also moves the cursor.

Finds the facts, asks `rules.decide`, does what the row says. Each signal is handled exactly once, because the cursor
moves in the same commit. Which signal becomes what is not decided here but by the rows of `rules.RULES`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from fengtai.domain.access.service.places import city_place
from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import (
    Alarm,
    AlarmState,
    AlarmStep,
    JournalledSignal,
    OnTest,
    Qualifier,
    Signal,
    Step,
    TriageLane,
)
from fengtai.domain.alarms.ports import AlarmStore, OnTestStore, SupervisionStore, TriageStore
from fengtai.domain.alarms.rules import Decision, Facts, Rule
from fengtai.domain.alarms.service.mapping import Place, RegisterMemory, Registers, zone_of
from fengtai.domain.alarms.service.meaning import PLATFORM, Words, words_of
from fengtai.domain.alarms.service.working_set import WorkingSet, may_abort, raised
from fengtai.vocabulary.transactions import UnitOfWork


def triage_batch(
    uow: UnitOfWork, lane: TriageLane, cursor: int, signals: Sequence[JournalledSignal], memory: RegisterMemory
) -> set[str] | None:
    """Handle them and move the lane's cursor; the ids of accounts that were heard. None: somebody else was faster, and
    nothing was done."""
    store = uow.store(TriageStore)
    if store.cursor(lane) != cursor or not signals:
        return None
    batch = _Batch(uow, signals, memory)
    for journalled in signals:
        batch.handle(journalled)
    batch.alarms.write()
    store.move(lane, signals[-1].seq)
    return batch.heard


def raise_unjudged(uow: UnitOfWork, *, lane: TriageLane, cursor: int, journalled: JournalledSignal) -> None:
    """For a signal that the rules fail on: an unmapped alarm made of nothing but the signal, and the cursor goes on."""
    store, signal = uow.store(TriageStore), journalled.signal
    if store.cursor(lane) != cursor:
        return
    place = city_place(uow)
    alarm = Alarm(
        id=uow.new_id(),
        signal_seq=journalled.seq,
        state=AlarmState.RAISED,
        priority=rules.PRIORITY_OF_CATEGORY["unmapped"],
        category="unmapped",
        title="signal that could not be judged",
        code_system=signal.code_system,
        code=signal.code,
        channel=signal.channel,
        source=signal.source,
        account=signal.account,
        raised_at=journalled.received_at,
        updated_at=uow.now.utc,
        reason="R00 v1: the rules failed on this signal",
        zone=signal.zone,
        partition=signal.partition,
        text=signal.text,
        drill=signal.drill,
        organisation_id=place.organisation_id,
        area_code=place.area_code,
    )
    alarms = uow.store(AlarmStore)
    alarms.add([alarm])
    alarms.link([(alarm.id, journalled.seq)])
    alarms.log([AlarmStep(alarm_id=alarm.id, at=uow.now.utc, step="raised", who="R00", text=alarm.reason)])
    uow.publish(raised(alarm))
    store.move(lane, journalled.seq)


@dataclass(frozen=True, slots=True)
class _Case:
    """One signal with everything that the rules may want to know of it."""

    journalled: JournalledSignal
    place: Place
    words: Words
    standing: list[Alarm]
    """open alarms of the same condition; of a restore: those that it ends"""
    repeated: Alarm | None
    on_test: list[OnTest]

    @property
    def signal(self) -> Signal:
        return self.journalled.signal

    @property
    def in_drill(self) -> bool:
        return self.signal.drill or any(row.drill for row in self.on_test)


class _Batch:
    def __init__(self, uow: UnitOfWork, signals: Sequence[JournalledSignal], memory: RegisterMemory) -> None:
        self._uow = uow
        self._registers = Registers(uow, memory)
        self._on_test = uow.store(OnTestStore).all()
        self.alarms = WorkingSet(uow, signals)
        self.heard: set[str] = set()

    def handle(self, journalled: JournalledSignal) -> None:
        case = self._case(journalled)
        signal = case.signal
        if case.place.account is not None and signal.source != "platform":
            self.heard.add(case.place.account.id)
        facts = Facts(
            category=case.words.category, kind=case.words.kind, qualifier=signal.qualifier, flags=self._flags(case)
        )
        rule = rules.decide(facts)
        self._do(rule, facts, case)
        if case.words.kind in ("open", "close"):
            self.alarms.end_period(journalled)
        elif rule.decision in (Decision.RAISE, Decision.SUPPRESS) and _has_zone(signal):
            self.alarms.count_in_period(journalled)
        if case.words.category == "path-lost":
            self._supervise(case)

    def _case(self, journalled: JournalledSignal) -> _Case:
        signal = journalled.signal
        place = self._registers.place_of(signal)
        account_id = place.account.id if place.account else ""
        on_test = [
            row
            for row in self._on_test
            if row.account_id == account_id and row.zone in ("", signal.zone) and row.until > journalled.received_at
        ]
        return _Case(
            journalled,
            place,
            words_of(signal),
            self.alarms.same_condition(signal),
            self.alarms.repeated_by(journalled),
            on_test,
        )

    def _flags(self, case: _Case) -> frozenset[str]:
        flags = set()
        if case.repeated is not None:
            flags.add("told-same" if case.signal.details.get("repeats_alarm_id") == case.repeated.id else "repeat")
        if case.standing:
            flags.add("stands")
            if any(alarm.restored_at is None for alarm in case.standing):
                flags.add("stands-unrestored")
            if any(alarm.category in rules.AUTO_CLEARS for alarm in case.standing):
                flags.add("clears")
            if case.signal.qualifier is Qualifier.NEW and any(_other_path(alarm, case) for alarm in case.standing):
                flags.add("other-path")
            if any(alarm.category == "unmapped" for alarm in case.standing):
                flags.add("unmapped-stands")
        if not case.place.is_known or not case.words.known:
            flags.add("unmapped")
        if any(not row.drill for row in case.on_test):
            flags.add("on-test")
        if self._abortable(case):
            flags.add("in-abort-window")
        if _has_zone(case.signal) and self.alarms.alarms_in_period(case.journalled) >= rules.SWINGER_ALARMS:
            flags.add("swinger")
        return frozenset(flags)

    def _abortable(self, case: _Case) -> list[Alarm]:
        if not may_abort(case.signal):
            return []
        since = case.journalled.received_at - timedelta(seconds=rules.ABORT_WINDOW_SECONDS)
        return [
            alarm
            for alarm in self.alarms.open_since(case.signal.account, since)
            if alarm.source == case.signal.source and alarm.category == "burglary"
        ]

    def _do(self, rule: Rule, facts: Facts, case: _Case) -> None:
        match rule.decision:
            case Decision.COUNT:
                self._count(rule, case)
            case Decision.CLEAR | Decision.NOTE_RESTORE:
                self._restore(rule, case)
            case Decision.LOWER:
                for alarm in self._abortable(case):
                    self._step(alarm, Step.LOWER, rule, case, priority=8, reason=rule.reason, escalate_at=None)
            case Decision.RAISE:
                self._raise(rule, facts, case)
            case Decision.SUPPRESS:
                self._suppress(rule, facts, case)
            case Decision.LOG:
                alarm = self._alarm(rule, facts, case, AlarmState.CLOSED)
                self.alarms.add(replace(alarm, disposition="technical"), "logged", who=rule.id)
            case Decision.RECORD:
                pass

    def _count(self, rule: Rule, case: _Case) -> None:
        alarm = case.repeated or case.standing[-1]
        self._step(alarm, Step.REPEAT, rule, case, repeats=alarm.repeats + 1)

    def _restore(self, rule: Rule, case: _Case) -> None:
        at = case.journalled.received_at
        for alarm in case.standing:
            may_clear = alarm.category in rules.AUTO_CLEARS and Step.RESTORE in rules.ALLOWED_STEPS[alarm.state]
            if rule.decision is Decision.CLEAR and may_clear:
                self._step(alarm, Step.RESTORE, rule, case, restored_at=at, escalate_at=None, shelved_until=None)
            else:
                self._step(alarm, Step.NOTE_RESTORE, rule, case, restored_at=at)

    def _raise(self, rule: Rule, facts: Facts, case: _Case) -> None:
        alarm = self._alarm(rule, facts, case, AlarmState.RAISED)
        seconds = rules.escalation_seconds(alarm.priority)
        if seconds is not None:
            alarm = replace(alarm, escalate_at=self._uow.now.utc + timedelta(seconds=seconds))
        self.alarms.add(alarm, "raised", who=rule.id)

    def _suppress(self, rule: Rule, facts: Facts, case: _Case) -> None:
        alarm = self._alarm(rule, facts, case, AlarmState.SUPPRESSED)
        self.alarms.add(alarm, "suppressed", who=rule.id)
        if "swinger" in rule.requires and self.alarms.alarms_in_period(case.journalled) == rules.SWINGER_ALARMS:
            words = PLATFORM["swinger"]
            trouble = replace(
                self._alarm(rule, facts, case, AlarmState.RAISED),
                category=words.category,
                priority=rules.PRIORITY_OF_CATEGORY[words.category],
                code_system="platform",
                code="swinger",
                title=words.label,
                title_zh=words.label_zh,
                dedup_key="",
            )
            self.alarms.add(trouble, "raised", who=rule.id)

    def _step(self, alarm: Alarm, step: Step, rule: Rule, case: _Case, **changes: object) -> None:
        self.alarms.step(alarm, step, case.journalled.seq, who=rule.id, text=rule.reason, **changes)

    def _alarm(self, rule: Rule, facts: Facts, case: _Case, state: AlarmState) -> Alarm:
        signal, place, words = case.signal, case.place, case.words
        zone = zone_of(place, signal)
        position = signal.position or place.position
        return Alarm(
            id=self._uow.new_id(),
            signal_seq=case.journalled.seq,
            state=state,
            priority=rules.priority_of(rule, facts),
            category=rule.category or words.category,
            title=words.label,
            title_zh=words.label_zh,
            code_system=signal.code_system,
            code=signal.code,
            channel=signal.channel,
            source=signal.source,
            account=signal.account,
            account_id=place.account.id if place.account else "",
            raised_at=case.journalled.received_at,
            updated_at=self._uow.now.utc,
            reason=rule.reason,
            premises_id=place.premises.id if place.premises else "",
            premises_name=place.premises.name if place.premises else place.address,
            zone=signal.zone,
            zone_name=zone.name if zone else "",
            partition=signal.partition,
            text=signal.text,
            position=position,
            point_ids=self._registers.cameras(place, zone, position),
            drill=case.in_drill,
            on_test="on-test" in facts.flags,
            dedup_key=signal.dedup_key,
            path=_path(signal),
            organisation_id=place.lies.organisation_id,
            area_code=place.lies.area_code,
        )

    def _supervise(self, case: _Case) -> None:
        """The path-lost alarm and the supervision row tell the same story, because they change in one unit."""
        store = self._uow.store(SupervisionStore)
        row = store.get(case.place.account.id) if case.place.account else None
        if row is not None:
            lost = case.signal.qualifier is Qualifier.NEW
            store.save([replace(row, lost_at=(row.lost_at or case.journalled.received_at) if lost else None)])


def _other_path(alarm: Alarm, case: _Case) -> bool:
    within = timedelta(seconds=rules.OTHER_PATH_SECONDS)
    return (
        alarm.path != _path(case.signal)
        and alarm.restored_at is None
        and case.journalled.received_at - alarm.raised_at <= within
    )


def _path(signal: Signal) -> str:
    host = signal.peer.rpartition(":")[0]
    return f"{signal.receiver}/{signal.line}/{host}"


def _has_zone(signal: Signal) -> bool:
    """Only panels are armed and disarmed; a camera that sees movement is not a swinger."""
    return (
        signal.code_system != "gb28181"
        and signal.zone not in ("", "0")
        and signal.details.get("number_is", "zone") == "zone"
    )

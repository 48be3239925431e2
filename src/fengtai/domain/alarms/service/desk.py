"""The alarm desk: takes signals durably, triages them, keeps the timers, and does what people do to alarms.

One call is one unit of work with its audit line and its events. Whoever runs the desk (apps) calls `triage()` soon after
each signal: `on_signal` is called when there is something to triage, and about once a second by `tick()`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import structlog

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.access.service.places import place_of_organisation
from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import (
    Alarm,
    AlarmStep,
    Backlog,
    JournalledSignal,
    OnTest,
    Signal,
    SourceView,
    Step,
    TriageLane,
)
from fengtai.domain.alarms.ports import AlarmStore, OnTestStore, SignalJournal, SupervisionStore, Told, TriageStore
from fengtai.domain.alarms.rules import may_be_shelved
from fengtai.domain.alarms.service import supervision, timers
from fengtai.domain.alarms.service.life_cycle import check_version, close_alarm, seen_alarm, step_alarm
from fengtai.domain.alarms.service.mapping import RegisterMemory
from fengtai.domain.alarms.service.meaning import lane_of
from fengtai.domain.alarms.service.triage import raise_unjudged, triage_batch
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.premises.model import PanelAccount
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.clock import Clock, Instant
from fengtai.vocabulary.errors import Invalid, NotFound, Unavailable
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

log = structlog.get_logger()

BATCH_SIGNALS = 200
DISPOSITIONS = frozenset({"real", "false", "technical", "test", "drill", "cancelled", "duplicate"})


class AlarmDesk:
    def __init__(self, *, transactions: Transactions, journal: SignalJournal, clock: Clock) -> None:
        self._transactions, self._journal, self._clock = transactions, journal, clock
        self._watch = supervision.Watch(watched_since=clock.now().utc)
        self._memory = RegisterMemory()
        self._triaging = False
        self._more_came = dict.fromkeys(TriageLane, True)
        self._cursors: dict[TriageLane, int] = {}
        """where the lanes stand, as far as is known; a unit that finds its lane elsewhere asks anew"""
        self.on_signal: Callable[[TriageLane], None] | None = None
        """called on the loop when there are signals in this lane: wake whatever runs `triage()`"""
        self.received = 0
        """signals made durable since the start"""
        self.batches = 0
        """units of triage since the start"""
        self.not_judged = 0
        """signals that the rules failed on, since the start; each was raised as unmapped"""

    # -- signals ---------------------------------------------------------------------------------------------------

    async def receive(self, signal: Signal) -> JournalledSignal:
        """Return when the signal is durable: only then may it be acknowledged. Raise Unavailable when it cannot be."""
        lane = lane_of(signal)
        journalled = await self._journal.append(signal, lane)
        self._came(lane)
        return journalled

    def take(self, signals: Sequence[Signal], told: Told) -> None:
        """The same for all signals of one message, without a task: `told` is called on this loop, once. Raise
        Unavailable when they are refused at once; then nobody is told."""
        entries = [(signal, lane_of(signal)) for signal in signals]

        def durable_or_not(error: Unavailable | None) -> None:
            if error is None:
                for _, lane in entries:
                    self._came(lane)
            told(error)

        self._journal.submit(entries, durable_or_not)

    def _came(self, lane: TriageLane) -> None:
        self.received += 1
        self._more_came[lane] = True
        if self.on_signal is not None:
            self.on_signal(lane)

    def heard(self, account_id: str, now: Instant) -> None:
        """A sign of life of this panel account. Costs nothing; flushed in batches by `tick`."""
        self._watch.heard(account_id, now.utc)

    async def triage(self, *, batches: int | None = None, lanes: Sequence[TriageLane] = tuple(TriageLane)) -> int:
        """Handle what these lanes of the journal hold beyond their cursors, the urgent one first before every unit; how
        many signals that were. One at a time: a second call returns at once, and the first one looks again. `batches` is
        how many units it may take at most, so that whoever runs it can let the receiving of signals go first in a
        flood."""
        self._more_came.update(dict.fromkeys(lanes, True))  # also those of other processes
        if self._triaging:
            return 0
        self._triaging, handled, units = True, 0, 0
        try:
            while units != batches and (signals := await self._next_batch(lanes)):
                handled, units = handled + signals, units + 1
        finally:
            self._triaging = False
        return handled

    async def _next_batch(self, lanes: Sequence[TriageLane]) -> int:
        """One unit: of the urgent lane if there is something, else of the ordinary one."""
        for lane in sorted(lanes, key=lambda lane: lane.value):
            if self._more_came[lane]:
                self._more_came[lane] = False
                if handled := await self._batch_of(lane):
                    self._more_came[lane] = True
                    return handled
        return 0

    async def _waiting(self, lane: TriageLane, limit: int) -> tuple[int, Sequence[JournalledSignal]]:
        if lane in self._cursors:
            cursor = self._cursors[lane]
        else:
            cursor = await self._transactions.read(lambda uow: uow.store(TriageStore).cursor(lane))
        return cursor, await self._journal.after(cursor, limit=limit, lane=lane)

    async def _batch_of(self, lane: TriageLane) -> int:
        cursor, signals = await self._waiting(lane, BATCH_SIGNALS)
        if not signals:
            return 0
        if lane is not TriageLane.URGENT:
            # What came in the urgent lane before these is judged before them: a restore never overtakes its alarm.
            _, earlier = await self._waiting(TriageLane.URGENT, 1)
            if earlier and earlier[0].seq < signals[-1].seq:
                return await self._batch_of(TriageLane.URGENT)
        self._cursors.pop(lane, None)  # known again when the unit is durable
        try:
            await self._judge(lane, cursor, signals)
        except Unavailable:
            self._more_came[lane] = True
            raise  # the database does not answer: nothing is wrong with the signals, and they wait
        except Exception as error:  # noqa: BLE001 - the top of the loop of triage: logged, counted, narrowed down
            log.warning("triage.batch_failed", cursor=cursor, signals=len(signals), error=repr(error))
            await self._judge_one_by_one(lane, cursor, signals)
        return len(signals)

    async def _judge(self, lane: TriageLane, cursor: int, signals: Sequence[JournalledSignal]) -> None:
        heard = await self._transactions.write(lambda uow: triage_batch(uow, lane, cursor, signals, self._memory))
        if heard is None:
            return
        self._cursors[lane] = signals[-1].seq
        self.batches += 1
        for account_id in heard:
            self._watch.heard(account_id, signals[-1].received_at)

    async def _judge_one_by_one(self, lane: TriageLane, cursor: int, signals: Sequence[JournalledSignal]) -> None:
        """One of them cannot be judged: the others must not wait for it, and it must not be lost."""
        for journalled in signals:
            try:
                await self._judge(lane, cursor, [journalled])
            except Unavailable:
                raise
            except Exception as error:
                self.not_judged += 1
                log.exception("triage.signal_failed", seq=journalled.seq, error=repr(error))
                await self._transactions.write(partial(raise_unjudged, lane=lane, cursor=cursor, journalled=journalled))
                self._cursors.pop(lane, None)
            cursor = journalled.seq

    async def backlog(self) -> dict[TriageLane, Backlog]:
        """The signals that wait to be judged."""
        cursors = await self._transactions.read(
            lambda uow: {lane: uow.store(TriageStore).cursor(lane) for lane in TriageLane}
        )
        return {lane: await self._journal.backlog(cursor, lane) for lane, cursor in cursors.items()}

    async def signals(self, *, before: int = 0, limit: int = 100, by: Actor) -> Sequence[JournalledSignal]:
        """Signals as they came, newest first; `before` is the lowest `seq` already seen. The journal knows no places, so
        whoever does not serve the whole city is shown the signals of the alarms that they may see."""
        within = by.reach(Permission.ALARMS_SEE)
        if not within.is_everywhere:
            places = await self._transactions.read(
                lambda uow: uow.store(AlarmStore).signals_within(within, before=before, limit=limit)
            )
            return [await self._journal.get(seq) for seq in places]
        top = before - 1 if before else await self._journal.newest()
        found = await self._journal.after(max(top - limit, 0), limit=limit)
        return [signal for signal in reversed(found) if signal.seq <= top]

    # -- timers ----------------------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Do what is due. Called about once a second; what it does is asked of rows, so a restart loses nothing."""
        if self.on_signal is None:
            await self.triage(batches=1)
        else:  # somebody runs triage at the pace that suits the receiving of signals: let it look once a second
            for lane in TriageLane:
                self.on_signal(lane)
        if await self._transactions.read(timers.something_is_due):
            await self._transactions.write(timers.do_what_is_due)
        await self._supervise()

    def subscriptions(self) -> Mapping[str, Callable[[UnitOfWork, LoggedEvent], None]]:
        return {"premises.accounts_changed": self._accounts_changed}

    def _accounts_changed(self, uow: UnitOfWork, event: LoggedEvent) -> None:
        self._memory.forget()
        self._watch.accounts_read_at = -1e9  # only what is kept in memory grows old; running twice does no harm

    async def _supervise(self) -> None:
        now, watch = self._clock.now(), self._watch
        if not watch.is_loaded:
            watch.load(await self._transactions.read(lambda uow: uow.store(SupervisionStore).all()))
        if watch.accounts_are_stale(now):
            accounts = await self._transactions.read(lambda uow: uow.store(PanelAccountStore).all())
            watch.keep_accounts([account for account in accounts if account.heartbeat_seconds], now)
        changes = watch.judge(now.utc)
        if changes or watch.flush_is_due(now):
            await self._flush(now)
        for signal in changes:
            journalled = await self.receive(signal)
            watch.told(signal, journalled.received_at)
        if changes and self.on_signal is None:
            await self.triage(batches=1)

    async def _flush(self, now: Instant) -> None:
        rows = self._watch.taken_for_flush(now)
        try:
            await self._transactions.write(lambda uow: supervision.write_rows(uow, rows))
        except Exception:
            self._watch.dirty.update(row.account_id for row in rows)
            raise

    async def sources(self, *, by: Actor) -> list[SourceView]:
        """Every panel account that this person may see, and whether it is heard in time."""
        within = by.reach(Permission.ALARMS_SEE)
        now = self._clock.now().utc
        self._watch.settle()
        watched = dict(self._watch.rows)

        def read(uow: UnitOfWork) -> list[SourceView]:
            stored = {row.account_id: row for row in uow.store(SupervisionStore).all()}
            names: dict[str, str] = {}
            views = []
            for account in uow.store(PanelAccountStore).all(within=within):
                row = watched.get(account.id) or stored.get(account.id)
                seen, lost = (row.last_seen_at, row.lost_at) if row else (None, None)
                if account.premises_id not in names:
                    names[account.premises_id] = _premises_name(uow, account.premises_id)
                views.append(
                    SourceView(
                        source=account.channel,
                        account_id=account.id,
                        number=account.number,
                        premises_name=names[account.premises_id],
                        last_seen_at=seen,
                        expected_seconds=account.heartbeat_seconds,
                        state=rules.source_state(now, seen, lost, account),
                    )
                )
            return views

        return await self._transactions.read(read)

    # -- alarms ----------------------------------------------------------------------------------------------------

    async def page(self, *, open_only: bool, after: str = "", limit: int = 200, by: Actor) -> Sequence[Alarm]:
        within = by.reach(Permission.ALARMS_SEE)

        def read(uow: UnitOfWork) -> Sequence[Alarm]:
            if after:
                seen_alarm(uow, after, by)
            store = uow.store(AlarmStore)
            return (store.open_page if open_only else store.newest_page)(after=after, limit=limit, within=within)

        return await self._transactions.read(read)

    async def get(self, alarm_id: str, *, by: Actor) -> tuple[Alarm, list[JournalledSignal], Sequence[AlarmStep]]:
        """The alarm, its signals as they came, its history."""

        def read(uow: UnitOfWork) -> tuple[Alarm, Sequence[int], Sequence[AlarmStep]]:
            store = uow.store(AlarmStore)
            return seen_alarm(uow, alarm_id, by), store.signals_of(alarm_id), store.history(alarm_id)

        alarm, places, history = await self._transactions.read(read)
        return alarm, [await self._journal.get(seq) for seq in places], history

    async def shelve(self, alarm_id: str, *, minutes: int, reason: str, version: int, by: Actor) -> Alarm:
        """Put it aside for a while; it returns by itself. Never a fire or a hold-up."""
        if not 1 <= minutes <= rules.SHELVE_MINUTES_AT_MOST:
            raise Invalid(f"an alarm is shelved for 1 to {rules.SHELVE_MINUTES_AT_MOST} minutes", field="minutes")
        if not reason.strip():
            raise Invalid("say why it is shelved", field="reason")

        def work(uow: UnitOfWork) -> Alarm:
            alarm = check_version(seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE), version)
            if not may_be_shelved(alarm.priority):
                raise Invalid("a fire or hold-up alarm cannot be shelved: take it", field="minutes")
            until = uow.now.utc + timedelta(minutes=minutes)
            uow.store(AuditLog).append(by.entry("alarm.shelve", f"alarm:{alarm_id}", minutes=minutes, reason=reason))
            return step_alarm(
                uow,
                alarm,
                Step.SHELVE,
                who=by.name,
                text=reason,
                shelved_until=until,
                shelved_reason=reason,
                escalate_at=None,
            )

        return await self._transactions.write(work)

    async def close(self, alarm_id: str, *, disposition: str, note: str, version: int, by: Actor) -> Alarm:
        """Close an alarm that no incident holds."""
        if disposition not in DISPOSITIONS:
            raise Invalid(f"a disposition is one of {', '.join(sorted(DISPOSITIONS))}", field="disposition")

        def work(uow: UnitOfWork) -> Alarm:
            alarm = check_version(seen_alarm(uow, alarm_id, by, Permission.ALARMS_HANDLE), version)
            if alarm.incident_id:
                raise rules.StepNotAllowed(f"{alarm.held_by_name} holds it in an incident: close the incident")
            rules.next_state(alarm.state, Step.CLOSE)
            uow.store(AuditLog).append(by.entry("alarm.close", f"alarm:{alarm_id}", disposition=disposition, note=note))
            return close_alarm(uow, alarm_id, disposition=disposition, by=by, note=note)

        return await self._transactions.write(work)

    # -- on test and drills ----------------------------------------------------------------------------------------

    async def on_test(self, *, by: Actor) -> Sequence[OnTest]:
        """Windows of the accounts that this person may see: there are few, so there is no paging."""
        within = by.reach(Permission.ALARMS_SEE)

        def read(uow: UnitOfWork) -> Sequence[OnTest]:
            seen = {account.id for account in uow.store(PanelAccountStore).all(within=within)}
            return [row for row in uow.store(OnTestStore).all() if row.account_id in seen]

        return await self._transactions.read(read)

    async def put_on_test(
        self, account_id: str, *, zone: str, minutes: int, reason: str, by: Actor, drill: bool = False
    ) -> OnTest:
        """Suppress the alarms of an account, or of one zone, until a moment; with `drill`, mark them DRILL instead."""
        if not 1 <= minutes <= rules.ON_TEST_MINUTES_AT_MOST:
            raise Invalid(f"a test lasts 1 to {rules.ON_TEST_MINUTES_AT_MOST} minutes", field="minutes")
        if not reason.strip():
            raise Invalid("say why it is on test", field="reason")

        def work(uow: UnitOfWork) -> OnTest:
            account = uow.store(PanelAccountStore).get(account_id)
            _check_account(uow, account, by, NotFound(f"there is no panel account {account_id}"))
            row = OnTest(
                id=uow.new_id(),
                account_id=account_id,
                number=account.number,
                zone=zone.lstrip("0") or zone[:1],
                until=uow.now.utc + timedelta(minutes=minutes),
                reason=reason,
                by_name=by.name,
                drill=drill,
            )
            uow.store(OnTestStore).add(row)
            action = "alarms.drill" if drill else "alarms.on-test"
            uow.store(AuditLog).append(
                by.entry(action, f"account:{account_id}", zone=row.zone, minutes=minutes, reason=reason)
            )
            return row

        return await self._transactions.write(work)

    async def end_test(self, on_test_id: str, *, by: Actor) -> None:
        def work(uow: UnitOfWork) -> None:
            store = uow.store(OnTestStore)
            row = store.get(on_test_id)
            account = uow.store(PanelAccountStore).get(row.account_id)
            _check_account(uow, account, by, NotFound(f"there is no test {on_test_id}"))
            store.remove(on_test_id)
            uow.store(AuditLog).append(by.entry("alarms.on-test-end", f"account:{row.account_id}", zone=row.zone))

        await self._transactions.write(work)


def _check_account(uow: UnitOfWork, account: PanelAccount, by: Actor, unknown: NotFound) -> None:
    """An account lies where its premises lie."""
    place = place_of_organisation(uow, uow.store(PremisesStore).get(account.premises_id).organisation_id)
    by.must_do(Permission.ALARMS_HANDLE, place, see=Permission.ALARMS_SEE, unknown=unknown)


def _premises_name(uow: UnitOfWork, premises_id: str) -> str:
    try:
        return uow.store(PremisesStore).get(premises_id).name
    except NotFound:
        return ""

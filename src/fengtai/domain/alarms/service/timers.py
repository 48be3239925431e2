"""Timers that are rows: escalation of alarms that nobody takes, the return of shelved ones, the end of on-test windows.

Due or not is asked of the database, so a restart loses none and repeats none.
"""

from datetime import timedelta

from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import Step
from fengtai.domain.alarms.ports import AlarmStore, OnTestStore
from fengtai.domain.alarms.service.life_cycle import step_alarm
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.transactions import UnitOfWork


def something_is_due(uow: UnitOfWork) -> bool:
    alarms, now = uow.store(AlarmStore), uow.now.utc
    return bool(
        alarms.to_escalate(now, limit=1)
        or alarms.to_unshelve(now, limit=1)
        or any(row.until <= now for row in uow.store(OnTestStore).all())
    )


def do_what_is_due(uow: UnitOfWork) -> None:
    _escalate(uow)
    _unshelve(uow)
    _end_tests(uow)


def _escalate(uow: UnitOfWork) -> None:
    for alarm in uow.store(AlarmStore).to_escalate(uow.now.utc):
        escalations = alarm.escalations + 1
        seconds = rules.escalation_seconds(alarm.priority, escalations)
        again_at = None if seconds is None else uow.now.utc + timedelta(seconds=seconds)
        words = f"nobody has taken it: call {escalations}"
        step_alarm(uow, alarm, Step.ESCALATE, who="timer", text=words, escalations=escalations, escalate_at=again_at)


def _unshelve(uow: UnitOfWork) -> None:
    for alarm in uow.store(AlarmStore).to_unshelve(uow.now.utc):
        seconds = rules.escalation_seconds(alarm.priority)
        again_at = None if seconds is None else uow.now.utc + timedelta(seconds=seconds)
        step_alarm(
            uow,
            alarm,
            Step.UNSHELVE,
            who="timer",
            text="its time on the shelf is over",
            shelved_until=None,
            shelved_reason="",
            escalate_at=again_at,
        )


def _end_tests(uow: UnitOfWork) -> None:
    store = uow.store(OnTestStore)
    for row in store.all():
        if row.until <= uow.now.utc:
            store.remove(row.id)
            uow.store(AuditLog).append(
                AuditEntry(actor="system:alarms", action="alarms.on-test-ended", object=f"account:{row.account_id}")
            )

"""Stores of alarms, triage, on-test windows and supervision, in SQL that SQLite and PostgreSQL both speak."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

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
from fengtai.domain.alarms.ports import AlarmStore, CallStore, Condition, OnTestStore, SupervisionStore, TriageStore
from fengtai.domain.alarms.store.calls import SqlCalls
from fengtai.domain.alarms.store.rows import alarm_of, condition_of, heard_of, on_test_of, values_of
from fengtai.domain.alarms.store.tables import (
    activity_table,
    alarm_table,
    link_table,
    metadata,
    on_test_table,
    step_table,
    supervision_table,
    triage_table,
)
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

__all__ = ["STORES", "SqlAlarms", "SqlOnTest", "SqlSupervision", "SqlTriage", "metadata"]

_AT_ONCE = 500
"""ids in one question: SQLite has a limit"""
_OPEN = tuple(state.value for state in (AlarmState.RAISED, AlarmState.TAKEN, AlarmState.SHELVED))


class SqlAlarms:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, alarm_id: str) -> Alarm:
        row = self._connection.execute(select(alarm_table).where(alarm_table.c.id == alarm_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no alarm {alarm_id}")
        return alarm_of(row)

    def add(self, alarms: Sequence[Alarm]) -> None:
        if alarms:
            self._connection.execute(insert(alarm_table), [values_of(alarm) for alarm in alarms])

    def save(self, alarm: Alarm) -> None:
        seen = and_(alarm_table.c.id == alarm.id, alarm_table.c.version == alarm.version - 1)
        if self._connection.execute(update(alarm_table).where(seen).values(values_of(alarm))).rowcount != 1:
            self.get(alarm.id)
            raise Conflict("the alarm was changed by somebody else at the same moment: look again")

    def open_of(self, conditions: Collection[Condition]) -> Sequence[Alarm]:
        table = alarm_table.c
        exact = sorted(condition_of(account, code, zone) for account, code, zone in conditions if zone is not None)
        fitting: ColumnElement[bool] = table.condition.in_(exact)
        if any_zone := sorted((account, code) for account, code, zone in conditions if zone is None):
            fitting = or_(fitting, *(and_(table.account == account, table.code == code) for account, code in any_zone))
        wanted = and_(fitting, table.state.in_(_OPEN))
        return self._all(select(alarm_table).where(wanted).order_by(table.raised_at_ms, table.id))

    def open_since(self, accounts: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        table = alarm_table.c
        wanted = and_(table.account.in_(sorted(accounts)), table.state.in_(_OPEN), table.raised_at_ms >= to_ms(since))
        return self._all(select(alarm_table).where(wanted).order_by(table.raised_at_ms, table.id))

    def by_dedup_keys(self, keys: Collection[str], *, since: datetime) -> Sequence[Alarm]:
        if not keys:
            return []
        table = alarm_table.c
        wanted = and_(table.dedup_key.in_(sorted(keys)), table.dedup_key != "", table.raised_at_ms >= to_ms(since))
        return self._all(select(alarm_table).where(wanted).order_by(table.raised_at_ms, table.id))

    def open_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        table = alarm_table.c
        statement = _limited(select(alarm_table).where(table.state.in_(_OPEN)), within)
        if after:
            statement = statement.where(self._behind(after))
        return self._all(statement.order_by(table.priority, table.raised_at_ms, table.id).limit(limit))

    def queue_page(
        self, *, after: str = "", limit: int = 200, within: Reach | None = None, text: str = ""
    ) -> Sequence[QueueEntry]:
        table = alarm_table.c
        of_one = [table.source, table.account, table.priority, table.drill, table.state, table.incident_id]
        place = func.row_number().over(partition_by=of_one, order_by=[table.raised_at_ms, table.id])
        size = func.count().over(partition_by=of_one)
        wanted = select(table.id, place.label("place"), size.label("size")).where(table.state.in_(_OPEN))
        if text:
            places = (table.premises_name, table.account, table.zone_name, table.code, table.text)
            wanted = wanted.where(or_(*(func.lower(each).contains(text.lower(), autoescape=True) for each in places)))
        ranked = _limited(wanted, within).subquery()
        statement = (
            select(table.id, ranked.c.size)
            .join(ranked, ranked.c.id == table.id)
            .where(or_(ranked.c.place == 1, ranked.c.size <= FOLDED_BEYOND))
        )
        if after:
            statement = statement.where(self._behind(after))
        rows = self._connection.execute(statement.order_by(table.priority, table.raised_at_ms, table.id).limit(limit))
        more = {row.id: row.size - 1 if row.size > FOLDED_BEYOND else 0 for row in rows}
        return [QueueEntry(alarm=alarm, more=more[alarm.id]) for alarm in self.by_ids(list(more))]

    def open_counts(self, within: Reach | None = None) -> OpenCounts:
        table = alarm_table.c
        counted = select(table.state, table.priority, func.count().label("number")).where(table.state.in_(_OPEN))
        rows = self._connection.execute(_limited(counted, within).group_by(table.state, table.priority)).all()

        def of(state: AlarmState) -> int:
            return sum(row.number for row in rows if row.state == state.value)

        waiting = {row.priority: row.number for row in rows if row.state == AlarmState.RAISED.value}
        return OpenCounts(
            waiting=dict(sorted(waiting.items())), taken=of(AlarmState.TAKEN), shelved=of(AlarmState.SHELVED)
        )

    def folded_with(
        self, alarm: Alarm, *, after: str = "", limit: int = 200, within: Reach | None = None
    ) -> Sequence[Alarm]:
        table = alarm_table.c
        same = and_(
            table.source == alarm.source,
            table.account == alarm.account,
            table.priority == alarm.priority,
            table.drill.is_(alarm.drill),
            table.state == alarm.state.value,
            table.incident_id == alarm.incident_id,
        )
        statement = _limited(select(alarm_table).where(same), within)
        if after:
            statement = statement.where(self._behind(after))
        return self._all(statement.order_by(table.raised_at_ms, table.id).limit(limit))

    def by_ids(self, alarm_ids: Sequence[str]) -> Sequence[Alarm]:
        found: dict[str, Alarm] = {}
        for at in range(0, len(alarm_ids), _AT_ONCE):
            some = select(alarm_table).where(alarm_table.c.id.in_(alarm_ids[at : at + _AT_ONCE]))
            found |= {alarm.id: alarm for alarm in self._all(some)}
        return [found[alarm_id] for alarm_id in alarm_ids if alarm_id in found]

    def _behind(self, alarm_id: str) -> ColumnElement[bool]:
        """In the order of the queue: by priority, then oldest first."""
        table, seen = alarm_table.c, self.get(alarm_id)
        at = to_ms(seen.raised_at)
        return or_(
            table.priority > seen.priority,
            and_(table.priority == seen.priority, table.raised_at_ms > at),
            and_(table.priority == seen.priority, table.raised_at_ms == at, table.id > seen.id),
        )

    def newest_page(self, *, after: str = "", limit: int = 200, within: Reach | None = None) -> Sequence[Alarm]:
        table = alarm_table.c
        statement = _limited(select(alarm_table), within)
        if after:
            seen = self.get(after)
            at = to_ms(seen.raised_at)
            statement = statement.where(
                or_(table.raised_at_ms < at, and_(table.raised_at_ms == at, table.id < seen.id))
            )
        return self._all(statement.order_by(table.raised_at_ms.desc(), table.id.desc()).limit(limit))

    def to_escalate(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]:
        table = alarm_table.c
        due = and_(table.state == AlarmState.RAISED.value, table.escalate_at_ms <= to_ms(at))
        return self._all(select(alarm_table).where(due).order_by(table.escalate_at_ms, table.id).limit(limit))

    def to_unshelve(self, at: datetime, *, limit: int = 200) -> Sequence[Alarm]:
        table = alarm_table.c
        due = and_(table.state == AlarmState.SHELVED.value, table.shelved_until_ms <= to_ms(at))
        return self._all(select(alarm_table).where(due).order_by(table.shelved_until_ms, table.id).limit(limit))

    def log(self, steps: Iterable[AlarmStep]) -> None:
        rows = [
            {"alarm_id": step.alarm_id, "at_ms": to_ms(step.at), "step": step.step, "who": step.who, "text": step.text}
            for step in steps
        ]
        if rows:
            self._connection.execute(insert(step_table), rows)

    def history(self, alarm_id: str) -> Sequence[AlarmStep]:
        statement = select(step_table).where(step_table.c.alarm_id == alarm_id).order_by(step_table.c.number)
        return [
            AlarmStep(alarm_id=row.alarm_id, at=from_ms(row.at_ms), step=row.step, who=row.who, text=row.text)
            for row in self._connection.execute(statement)
        ]

    def link(self, links: Iterable[tuple[str, int]]) -> None:
        rows = [{"alarm_id": alarm_id, "signal_seq": seq} for alarm_id, seq in dict.fromkeys(links)]
        if rows:
            self._connection.execute(_upsert(self._connection, link_table).on_conflict_do_nothing(), rows)

    def signals_of(self, alarm_id: str, *, limit: int = 200) -> Sequence[int]:
        statement = select(link_table.c.signal_seq).where(link_table.c.alarm_id == alarm_id)
        return self._connection.execute(statement.order_by(link_table.c.signal_seq).limit(limit)).scalars().all()

    def of_signals(self, seqs: Collection[int]) -> Mapping[int, str]:
        if not seqs:
            return {}
        wanted = link_table.c.signal_seq.in_(sorted(seqs))
        rows = self._connection.execute(select(link_table).where(wanted).order_by(link_table.c.alarm_id.desc()))
        return {row.signal_seq: row.alarm_id for row in rows}

    def signals_within(self, within: Reach, *, before: int = 0, limit: int = 100) -> Sequence[int]:
        joined = link_table.join(alarm_table, link_table.c.alarm_id == alarm_table.c.id)
        statement = _limited(select(link_table.c.signal_seq).distinct().select_from(joined), within)
        if before:
            statement = statement.where(link_table.c.signal_seq < before)
        return self._connection.execute(statement.order_by(link_table.c.signal_seq.desc()).limit(limit)).scalars().all()

    def _all(self, statement: Select[Any]) -> list[Alarm]:
        return [alarm_of(row) for row in self._connection.execute(statement)]


class SqlTriage:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def cursor(self, lane: TriageLane) -> int:
        mine = select(triage_table.c.seq).where(triage_table.c.lane == lane.value)
        return self._connection.execute(mine).scalar_one_or_none() or 0

    def move(self, lane: TriageLane, seq: int) -> None:
        _save(self._connection, triage_table, [{"lane": lane.value, "seq": seq}])

    def activity_of(self, zones: Collection[tuple[str, str]]) -> Sequence[ZoneActivity]:
        table, wanted = activity_table.c, set(zones)
        accounts, numbers = {account for account, _ in wanted}, {zone for _, zone in wanted}
        statement = select(activity_table).where(table.account.in_(sorted(accounts)), table.zone.in_(sorted(numbers)))
        found = [
            ZoneActivity(account=row.account, zone=row.zone, alarms=row.alarms, last_at=from_ms(row.last_at_ms))
            for row in self._connection.execute(statement)
            if (row.account, row.zone) in wanted
        ]
        return sorted(found, key=lambda row: (row.account, row.zone))

    def end_periods(self, accounts: Collection[str]) -> None:
        if accounts:
            ended = activity_table.c.account.in_(sorted(accounts))
            self._connection.execute(update(activity_table).where(ended).values(alarms=0))

    def save_activity(self, rows: Iterable[ZoneActivity]) -> None:
        values = [
            {"account": row.account, "zone": row.zone, "alarms": row.alarms, "last_at_ms": to_ms(row.last_at)}
            for row in rows
        ]
        _save(self._connection, activity_table, values)


class SqlOnTest:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def add(self, row: OnTest) -> None:
        self._connection.execute(
            insert(on_test_table).values(
                id=row.id,
                account_id=row.account_id,
                number=row.number,
                zone=row.zone,
                until_ms=to_ms(row.until),
                reason=row.reason,
                by_name=row.by_name,
                drill=row.drill,
            )
        )

    def get(self, on_test_id: str) -> OnTest:
        row = self._connection.execute(select(on_test_table).where(on_test_table.c.id == on_test_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no test {on_test_id}")
        return on_test_of(row)

    def remove(self, on_test_id: str) -> None:
        if self._connection.execute(delete(on_test_table).where(on_test_table.c.id == on_test_id)).rowcount != 1:
            raise NotFound(f"there is no test {on_test_id}")

    def all(self) -> Sequence[OnTest]:
        statement = select(on_test_table).order_by(on_test_table.c.until_ms, on_test_table.c.id)
        return [on_test_of(row) for row in self._connection.execute(statement)]


class SqlSupervision:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def all(self) -> Sequence[Heard]:
        return sorted(
            map(heard_of, self._connection.execute(select(supervision_table))), key=lambda row: row.account_id
        )

    def get(self, account_id: str) -> Heard | None:
        wanted = supervision_table.c.account_id == account_id
        row = self._connection.execute(select(supervision_table).where(wanted)).one_or_none()
        return None if row is None else heard_of(row)

    def save(self, rows: Iterable[Heard]) -> None:
        values = [
            {
                "account_id": row.account_id,
                "last_seen_at_ms": to_ms(row.last_seen_at),
                "lost_at_ms": None if row.lost_at is None else to_ms(row.lost_at),
            }
            for row in rows
        ]
        _save(self._connection, supervision_table, values)


def _limited(statement: Select[Any], within: Reach | None) -> Select[Any]:
    """To the alarms of places in reach."""
    if within is None:
        return statement
    condition = within.condition(alarm_table.c.organisation_id, alarm_table.c.area_code)
    return statement if condition is None else statement.where(condition)


def _upsert(connection: Connection, table: Table) -> Any:
    """Both databases have ON CONFLICT, under two names."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def _save(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = _upsert(connection, table)
    keys = [column.name for column in table.primary_key]
    new = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)


STORES: Mapping[type[Any], type[Any]] = {
    AlarmStore: SqlAlarms,
    TriageStore: SqlTriage,
    OnTestStore: SqlOnTest,
    SupervisionStore: SqlSupervision,
    CallStore: SqlCalls,
}

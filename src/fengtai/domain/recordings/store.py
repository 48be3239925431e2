"""Tables of recordings: one row per hour file, one per gap."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy import update as change
from sqlalchemy.engine import Row

from fengtai.domain.recordings.model import Gap, GapCause, HourState, RecordedHour
from fengtai.domain.recordings.ports import GapStore, HourStore
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

HOURS = Table(
    "recordings_hour",
    metadata,
    Column("name", String(160), primary_key=True, comment="name on the shelf, without suffix"),
    Column("point_id", String(32), nullable=False),
    Column("from_ms", BigInteger, nullable=False, comment="UTC ms of the first picture"),
    Column("until_ms", BigInteger, nullable=False, comment="UTC ms, end of the last whole GOP known"),
    Column("size_bytes", BigInteger, nullable=False, comment="of the MP4; 0 while open"),
    Column("index_bytes", Integer, nullable=False, comment="of the index; 0 while open"),
    Column("index_sha256", String(64), nullable=False, comment="hex; the index has the CRC of every GOP (I1)"),
    Column("gops", Integer, nullable=False),
    Column("state", String(16), nullable=False, comment="open, closed, discarded: I2 needs all three"),
    Index("recordings_hour_point", "point_id", "from_ms"),
    Index("recordings_hour_age", "state", "until_ms"),
)

GAPS = Table(
    "recordings_gap",
    metadata,
    Column("point_id", String(32), primary_key=True),
    Column("from_ms", BigInteger, primary_key=True, comment="UTC ms"),
    Column("until_ms", BigInteger, nullable=True, comment="UTC ms; NULL while the gap lasts"),
    Column("cause", String(32), nullable=False, comment="recordings.model.GapCause"),
)


def _hour(row: Row[Any]) -> RecordedHour:
    return RecordedHour(**{**row._mapping, "state": HourState(row.state)})


def _gap(row: Row[Any]) -> Gap:
    return Gap(**{**row._mapping, "cause": GapCause(row.cause)})


class SqlHours:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, name: str) -> RecordedHour | None:
        row = self._connection.execute(select(HOURS).where(HOURS.c.name == name)).one_or_none()
        return None if row is None else _hour(row)

    def save(self, hour: RecordedHour) -> None:
        values = {
            "point_id": hour.point_id,
            "from_ms": hour.from_ms,
            "until_ms": hour.until_ms,
            "size_bytes": hour.size_bytes,
            "index_bytes": hour.index_bytes,
            "index_sha256": hour.index_sha256,
            "gops": hour.gops,
            "state": hour.state.value,
        }
        if not self._connection.execute(change(HOURS).where(HOURS.c.name == hour.name).values(values)).rowcount:
            self._connection.execute(insert(HOURS).values(name=hour.name, **values))

    def delete(self, name: str) -> None:
        self._connection.execute(delete(HOURS).where(HOURS.c.name == name))

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[RecordedHour]:
        query = (
            select(HOURS)
            .where(HOURS.c.point_id == point_id, HOURS.c.from_ms < until_ms, HOURS.c.until_ms > from_ms)
            .where(HOURS.c.state != HourState.DISCARDED.value)
            .order_by(HOURS.c.from_ms)
        )
        return [_hour(row) for row in self._connection.execute(query)]

    def newest_of_point(self, point_id: str) -> RecordedHour | None:
        query = select(HOURS).where(HOURS.c.point_id == point_id).order_by(HOURS.c.from_ms.desc()).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _hour(row)

    def in_state(self, state: HourState, *, limit: int = 500) -> Sequence[RecordedHour]:
        query = select(HOURS).where(HOURS.c.state == state.value).order_by(HOURS.c.until_ms, HOURS.c.name).limit(limit)
        return [_hour(row) for row in self._connection.execute(query)]

    def closed_before(
        self, until_ms: int, *, after: tuple[int, str] = (0, ""), limit: int = 200
    ) -> Sequence[RecordedHour]:
        end, name = after
        query = (
            select(HOURS)
            .where(HOURS.c.state == HourState.CLOSED.value, HOURS.c.until_ms < until_ms)
            .where((HOURS.c.until_ms > end) | ((HOURS.c.until_ms == end) & (HOURS.c.name > name)))
            .order_by(HOURS.c.until_ms, HOURS.c.name)
            .limit(limit)
        )
        return [_hour(row) for row in self._connection.execute(query)]

    def page(self, *, after_name: str = "", limit: int = 500) -> Sequence[RecordedHour]:
        query = select(HOURS).where(HOURS.c.name > after_name).order_by(HOURS.c.name).limit(limit)
        return [_hour(row) for row in self._connection.execute(query)]

    def closed_bytes_since(self, until_ms: int) -> int:
        query = select(func.coalesce(func.sum(HOURS.c.size_bytes), 0)).where(
            HOURS.c.state == HourState.CLOSED.value, HOURS.c.until_ms > until_ms
        )
        return int(self._connection.execute(query).scalar_one())

    def kept(self) -> tuple[int, int | None]:
        query = select(func.coalesce(func.sum(HOURS.c.size_bytes), 0), func.min(HOURS.c.from_ms)).where(
            HOURS.c.state == HourState.CLOSED.value
        )
        size, oldest = self._connection.execute(query).one()
        return int(size), oldest


class SqlGaps:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def save(self, gap: Gap) -> None:
        where = (GAPS.c.point_id == gap.point_id, GAPS.c.from_ms == gap.from_ms)
        values = {"until_ms": gap.until_ms, "cause": gap.cause.value}
        if not self._connection.execute(change(GAPS).where(*where).values(values)).rowcount:
            self._connection.execute(insert(GAPS).values(point_id=gap.point_id, from_ms=gap.from_ms, **values))

    def lasting(self, point_id: str) -> Gap | None:
        query = (
            select(GAPS)
            .where(GAPS.c.point_id == point_id, GAPS.c.until_ms.is_(None))
            .order_by(GAPS.c.from_ms.desc())
            .limit(1)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _gap(row)

    def of_point(self, point_id: str, from_ms: int, until_ms: int) -> Sequence[Gap]:
        query = (
            select(GAPS)
            .where(GAPS.c.point_id == point_id, GAPS.c.from_ms < until_ms)
            .where(GAPS.c.until_ms.is_(None) | (GAPS.c.until_ms > from_ms))
            .order_by(GAPS.c.from_ms)
        )
        return [_gap(row) for row in self._connection.execute(query)]

    def delete(self, point_id: str, from_ms: int) -> None:
        self._connection.execute(delete(GAPS).where(GAPS.c.point_id == point_id, GAPS.c.from_ms == from_ms))

    def delete_before(self, point_id: str, until_ms: int) -> None:
        self._connection.execute(delete(GAPS).where(GAPS.c.point_id == point_id, GAPS.c.until_ms <= until_ms))


STORES: Mapping[type, type] = {HourStore: SqlHours, GapStore: SqlGaps}

"""The table of points, for SQLite and PostgreSQL.

Box and nearest use an ordinary index on latitude and longitude: enough for a city while a box is small. R*Tree and GiST
take this place, behind the same port, when measured to be needed (architecture.md, search).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    cast,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import String as SqlString

from fengtai.domain.points.model import Box, Point, PointClass
from fengtai.domain.points.ports import AutoPoints, PointStore
from fengtai.domain.points.rules import box_around
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

point_table = Table(
    "points_point",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", Integer, nullable=False, unique=True, comment="what an operator types"),
    Column("code", String(20), nullable=False, unique=True, comment="GB/T 28181 annex E"),
    Column("name", String(200), nullable=False),
    Column("organisation_id", String(32), nullable=False, index=True),
    Column("point_class", Integer, nullable=False, comment="GB/T 28181 PointType: 1, 2, 3, 9"),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("view_degrees", Integer, comment="clockwise from north"),
    Column("view_angle_degrees", Integer),
    Column("address", Text, nullable=False),
    Column("device_id", String(20), nullable=False, comment="empty: nothing is bound"),
    Column("channel_id", String(20), nullable=False),
    Column("records", Boolean, nullable=False),
    Column("audio", Boolean, nullable=False),
    Column("retention_days", Integer, nullable=False, comment="days; order 799 article 17: at least 30"),
    Index("points_point_place", "latitude", "longitude"),
    Index("points_point_channel", "device_id", "channel_id"),
)
_at = point_table.c

auto_points_table = Table(
    "points_auto_device",
    metadata,
    Column("device_id", String(20), primary_key=True, comment="its camera channels get a point by themselves"),
)


class SqlPoints:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, point_id: str) -> Point:
        found = self._first(_at.id == point_id)
        if found is None:
            raise NotFound(f"there is no point {point_id}")
        return found

    def by_number(self, number: int) -> Point | None:
        return self._first(_at.number == number)

    def by_code(self, code: str) -> Point | None:
        return self._first(_at.code == code)

    def by_channel(self, device_id: str, channel_id: str) -> Point | None:
        return self._first(and_(_at.device_id == device_id, _at.channel_id == channel_id))

    def by_ids(self, point_ids: Iterable[str]) -> Sequence[Point]:
        wanted = list(point_ids)
        if not wanted:
            return []
        found = {point.id: point for point in self._all(select(point_table).where(_at.id.in_(wanted)))}
        return [found[point_id] for point_id in wanted if point_id in found]

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        inside = self._all(
            select(point_table).where(
                _inside(box_around(position, within_m)), _at.device_id != "", _at.channel_id != ""
            )
        )
        measured = [(point, position.metres_to(point.position)) for point in inside if point.position is not None]
        near = [(point, metres) for point, metres in measured if metres <= within_m]
        return sorted(near, key=lambda each: (each[1], each[0].number))[:limit]

    def in_box(self, box: Box, *, limit: int) -> Sequence[Point]:
        return self._all(select(point_table).where(_inside(box)).order_by(_at.number).limit(limit))

    def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]:
        statement = select(point_table).where(_at.number > after_number)
        if text:
            statement = statement.where(
                or_(
                    func.lower(_at.name).contains(text.lower(), autoescape=True),
                    func.lower(_at.address).contains(text.lower(), autoescape=True),
                    cast(_at.number, SqlString).startswith(text, autoescape=True),
                    _at.code.startswith(text, autoescape=True),
                )
            )
        return self._all(statement.order_by(_at.number).limit(limit))

    def recorded(self) -> Sequence[Point]:
        return self._all(
            select(point_table)
            .where(_at.records.is_(True), _at.device_id != "", _at.channel_id != "")
            .order_by(_at.number)
        )

    def next_number(self) -> int:
        highest = self._connection.execute(select(func.max(_at.number))).scalar()
        return int(highest or 0) + 1

    def save(self, point: Point) -> None:
        values = _values(point)
        changed = self._connection.execute(update(point_table).where(_at.id == point.id).values(values))
        if not changed.rowcount:
            self._connection.execute(insert(point_table).values(id=point.id, **values))

    def _first(self, condition: Any) -> Point | None:
        row = self._connection.execute(select(point_table).where(condition).limit(1)).one_or_none()
        return None if row is None else _point(row)

    def _all(self, statement: Any) -> list[Point]:
        return [_point(row) for row in self._connection.execute(statement)]


class SqlAutoPoints:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def set(self, device_id: str, wanted: bool) -> None:
        self._connection.execute(delete(auto_points_table).where(auto_points_table.c.device_id == device_id))
        if wanted:
            self._connection.execute(insert(auto_points_table).values(device_id=device_id))

    def wanted(self, device_id: str) -> bool:
        found = select(auto_points_table).where(auto_points_table.c.device_id == device_id)
        return self._connection.execute(found).one_or_none() is not None


def _inside(box: Box) -> Any:
    return and_(_at.latitude.between(box.south, box.north), _at.longitude.between(box.west, box.east))


def _values(point: Point) -> dict[str, Any]:
    return {
        "number": point.number,
        "code": point.code,
        "name": point.name,
        "organisation_id": point.organisation_id,
        "point_class": point.point_class.value,
        "longitude": point.position.longitude if point.position else None,
        "latitude": point.position.latitude if point.position else None,
        "view_degrees": point.view_degrees,
        "view_angle_degrees": point.view_angle_degrees,
        "address": point.address,
        "device_id": point.device_id,
        "channel_id": point.channel_id,
        "records": point.records,
        "audio": point.audio,
        "retention_days": point.retention_days,
    }


def _point(row: Any) -> Point:
    placed = row.longitude is not None and row.latitude is not None
    return Point(
        id=row.id,
        number=row.number,
        code=row.code,
        name=row.name,
        organisation_id=row.organisation_id,
        point_class=PointClass(row.point_class),
        position=Position(row.longitude, row.latitude) if placed else None,
        view_degrees=row.view_degrees,
        view_angle_degrees=row.view_angle_degrees,
        address=row.address,
        device_id=row.device_id,
        channel_id=row.channel_id,
        records=bool(row.records),
        audio=bool(row.audio),
        retention_days=row.retention_days,
    )


STORES: Mapping[type[Any], type[Any]] = {PointStore: SqlPoints, AutoPoints: SqlAutoPoints}

"""Points on SQL: found by every name they have, by place and by words."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, tuple_, update

from fengtai.domain.access.model import Place, Reach
from fengtai.domain.points.model import Box, Point, PointQuery
from fengtai.domain.points.model.maps import PlacedRow
from fengtai.domain.points.model.words import speaks_of
from fengtai.domain.points.rules import box_around
from fengtai.domain.points.store.in_force import Switches, switches
from fengtai.domain.points.store.rows import COLUMNS, point_of, values_of
from fengtai.domain.points.store.search import Search, filters
from fengtai.domain.points.store.tables import auto_points_table, place_index, point_table
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

_at = point_table.c
_AT_ONCE = 500
"""Values in one IN list."""
_LOOKS = 40
"""How often a page looks again for candidates that turn out not to be meant, before it says: go on from here."""


_placed = select(
    *(_at.id, _at.number, _at.longitude, _at.latitude, _at.organisation_id, _at.area_code, _at.point_class),
    _at.device_id,
)


def _placed_rows(rows: Iterable[Any]) -> list[PlacedRow]:
    return [
        PlacedRow(id, number, longitude, latitude, Place(organisation_id, area_code, point_class), device_id)
        for id, number, longitude, latitude, organisation_id, area_code, point_class, device_id in rows
    ]


class SqlPoints:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection
        self._known: Switches | None = None

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
        found = {point.id: point for point in self._in(wanted, _at.id.in_)}
        return [found[point_id] for point_id in wanted if point_id in found]

    def standing_at(
        self, *, numbers: Iterable[int], codes: Iterable[str], channels: Iterable[tuple[str, str]]
    ) -> Sequence[Point]:
        found = {point.id: point for point in self._in(numbers, _at.number.in_)}
        found |= {point.id: point for point in self._in(codes, _at.code.in_)}
        bound = tuple_(_at.device_id, _at.channel_id)
        found |= {point.id: point for point in self._in(channels, bound.in_)}
        return list(found.values())

    def codes_in(self, domain: str) -> set[str]:
        after = str(int(domain) + 1).zfill(len(domain))
        return set(self._connection.execute(select(_at.code).where(_at.code >= domain, _at.code < after)).scalars())

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        inside = self._all(
            self._seen(self._inside(box_around(position, within_m)), _at.device_id != "", _at.channel_id != "")
        )
        measured = [(point, position.metres_to(point.position)) for point in inside if point.position is not None]
        near = [(point, metres) for point, metres in measured if metres <= within_m]
        return sorted(near, key=lambda each: (each[1], each[0].number))[:limit]

    def in_box(self, box: Box, *, limit: int, within: Reach | None = None) -> Sequence[Point]:
        conditions = [self._inside(box)]
        if within is not None:
            reached = within.condition(_at.organisation_id, _at.area_code, _at.point_class)
            conditions += [] if reached is None else [reached]
        return self._all(self._seen(*conditions).order_by(_at.number).limit(limit))

    def placed(self, *, after_number: int, limit: int, ids: Iterable[str] | None = None) -> Sequence[PlacedRow]:
        with_position = (*self._switches.seen_points(), _at.longitude.is_not(None), _at.latitude.is_not(None))
        wanted = _placed.where(_at.number > after_number, *with_position).order_by(_at.number).limit(limit)
        if ids is None:
            return _placed_rows(self._connection.execute(wanted))
        asked, rows = iter(ids), list[PlacedRow]()
        while some := list(islice(asked, _AT_ONCE)):
            rows += _placed_rows(self._connection.execute(wanted.where(_at.id.in_(some))))
        return sorted(rows, key=lambda row: row.number)

    def page(self, query: PointQuery) -> tuple[Sequence[Point], int | None]:
        """Candidates come by number; each is looked at once more, because pairs of characters may stand apart."""
        conditions = filters(query, self._connection.dialect.name)
        after, found = query.after_number, list[Point]()
        if not query.terms:
            found = self._all(self._seen(_at.number > after, *conditions).order_by(_at.number).limit(query.limit))
            return found, found[-1].number if len(found) == query.limit else None
        search = Search(self._connection, query.terms, [*conditions, *self._switches.seen_points()])
        for _ in range(_LOOKS):
            seen, is_last = search.candidates(after, limit=query.limit)
            for point in self._all(self._seen(_at.number.in_(seen)).order_by(_at.number)) if seen else ():
                if all(speaks_of(point, term) for term in query.terms):
                    found.append(point)
                    if len(found) == query.limit:
                        return found, point.number
            if is_last:
                return found, None
            after = seen[-1]
        return found, after

    def recorded(self) -> Sequence[Point]:
        return self._all(
            self._seen(_at.records.is_(True), _at.device_id != "", _at.channel_id != "").order_by(_at.number)
        )

    def next_number(self) -> int:
        highest = self._connection.execute(select(func.max(_at.number))).scalar()
        return max(int(highest or 0), self._switches.highest_number) + 1

    def save(self, point: Point) -> None:
        if self._switches.off:
            self._refuse_what_is_claimed(point)
        values = values_of(point)
        standing = and_(_at.id == point.id, _at.ended_by == "")
        into = update(point_table).where(standing)
        if self._connection.execute(into.where(_at.number == point.number).values(values)).rowcount:
            return
        values["seat"] = self._free_seat(point.number)
        if not self._connection.execute(into.values(values)).rowcount:
            self._connection.execute(insert(point_table).values(id=point.id, **values))

    def _refuse_what_is_claimed(self, point: Point) -> None:
        """First come, first served: an import that is being put in force has written this point, or what it asks for."""
        bound = and_(_at.device_id == point.device_id, _at.channel_id == point.channel_id)
        claims = [_at.id == point.id, _at.number == point.number, _at.code == point.code]
        claims += [bound] if point.device_id else []
        claimed = select(_at.seat).where(or_(*claims), _at.made_by.in_(self._switches.off)).limit(1)
        if self._connection.execute(claimed).one_or_none() is not None:
            raise Conflict(
                "an import that is being put in force changes this point or takes its place: try again later"
            )

    def _free_seat(self, number: int) -> int:
        taken = set(
            self._connection.execute(select(_at.seat).where(_at.seat.in_((2 * number, 2 * number + 1)))).scalars()
        )
        return 2 * number + (2 * number in taken)

    @property
    def _switches(self) -> Switches:
        if self._known is None:
            self._known = switches(self._connection)
        return self._known

    def _seen(self, *conditions: Any) -> Select[Any]:
        return select(*COLUMNS).where(*conditions, *self._switches.seen_points())

    def _inside(self, box: Box) -> ColumnElement[bool]:
        exactly = and_(_at.latitude.between(box.south, box.north), _at.longitude.between(box.west, box.east))
        if self._connection.dialect.name == "sqlite":
            index = place_index.c  # of 32-bit numbers, rounded outwards: it only brings the candidates
            near = select(index.id).where(
                index.west <= box.east, index.east >= box.west, index.south <= box.north, index.north >= box.south
            )
            return and_(_at.seat.in_(near), exactly)
        corner = func.point(box.west, box.south), func.point(box.east, box.north)
        return and_(func.point(_at.longitude, _at.latitude).op("<@")(func.box(*corner)), exactly)

    def _first(self, condition: Any) -> Point | None:
        row = self._connection.execute(self._seen(condition).limit(1)).one_or_none()
        return None if row is None else point_of(row)

    def _all(self, statement: Any) -> list[Point]:
        return [point_of(row) for row in self._connection.execute(statement)]

    def _in(self, wanted: Iterable[Any], condition: Callable[[Any], Any]) -> Iterator[Point]:
        values = iter(wanted)
        while some := list(islice(values, _AT_ONCE)):
            yield from self._all(self._seen(condition(some)))


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

"""Points kept in dicts: the complete twins of `domain.points.store`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.points.model import Box, Point, PointQuery
from fengtai.domain.points.model.maps import PlacedRow
from fengtai.domain.points.model.words import speaks_of
from fengtai.domain.points.ports import AutoPoints, PointStore
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.places import Position


class MemoryPoints:
    def __init__(self) -> None:
        self.by_id: dict[str, Point] = {}
        self.unseen: dict[tuple[str, str], Point] = {}
        """by import and id: brought by an import that is not in force yet"""
        self.highest_numbers: dict[str, int] = {}
        """of all that these imports will bring"""

    def get(self, point_id: str) -> Point:
        try:
            return self.by_id[point_id]
        except KeyError:
            raise NotFound(f"there is no point {point_id}") from None

    def by_number(self, number: int) -> Point | None:
        return self._first(lambda point: point.number == number)

    def by_code(self, code: str) -> Point | None:
        return self._first(lambda point: point.code == code)

    def by_channel(self, device_id: str, channel_id: str) -> Point | None:
        return self._first(lambda point: point.device_id == device_id and point.channel_id == channel_id)

    def by_ids(self, point_ids: Iterable[str]) -> Sequence[Point]:
        return [self.by_id[point_id] for point_id in point_ids if point_id in self.by_id]

    def standing_at(
        self, *, numbers: Iterable[int], codes: Iterable[str], channels: Iterable[tuple[str, str]]
    ) -> Sequence[Point]:
        some_numbers, some_codes, some_channels = set(numbers), set(codes), set(channels)
        return [
            point
            for point in self.by_id.values()
            if point.number in some_numbers
            or point.code in some_codes
            or (point.device_id, point.channel_id) in some_channels
        ]

    def codes_in(self, domain: str) -> set[str]:
        every = (*self.by_id.values(), *self.unseen.values())
        return {point.code for point in every if point.code.startswith(domain)}

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        measured = [
            (point, position.metres_to(point.position))
            for point in self.by_id.values()
            if point.is_bound and point.position is not None
        ]
        near = [(point, metres) for point, metres in measured if metres <= within_m]
        return sorted(near, key=lambda each: (each[1], each[0].number))[:limit]

    def in_box(self, box: Box, *, limit: int, within: Reach | None = None) -> Sequence[Point]:
        return [
            point
            for point in self._by_number()
            if point.position is not None
            and box.west <= point.position.longitude <= box.east
            and box.south <= point.position.latitude <= box.north
            and (within is None or within.covers(point.place))
        ][:limit]

    def placed(self, *, after_number: int, limit: int, ids: Iterable[str] | None = None) -> Sequence[PlacedRow]:
        asked = None if ids is None else set(ids)
        return [
            PlacedRow(
                point.id,
                point.number,
                point.position.longitude,
                point.position.latitude,
                point.place,
                point.device_id,
            )
            for point in self._by_number()
            if point.number > after_number and point.position is not None and (asked is None or point.id in asked)
        ][:limit]

    def page(self, query: PointQuery) -> tuple[Sequence[Point], int | None]:
        found = [
            point
            for point in self._by_number()
            if point.number > query.after_number
            and _is_let_through(point, query)
            and all(speaks_of(point, term) for term in query.terms)
        ][: query.limit]
        return found, found[-1].number if len(found) == query.limit else None

    def recorded(self) -> Sequence[Point]:
        return [point for point in self._by_number() if point.is_bound and point.records]

    def next_number(self) -> int:
        numbers = [point.number for point in (*self.by_id.values(), *self.unseen.values())]
        return max([*numbers, *self.highest_numbers.values()], default=0) + 1

    def save(self, point: Point) -> None:
        if any(_claims(other, point) for other in self.unseen.values()):
            raise Conflict(
                "an import that is being put in force changes this point or takes its place: try again later"
            )
        self.by_id[point.id] = point

    def _first(self, is_it: Callable[[Point], bool]) -> Point | None:
        return next((point for point in self.by_id.values() if is_it(point)), None)

    def _by_number(self) -> list[Point]:
        return sorted(self.by_id.values(), key=lambda point: point.number)


class MemoryAutoPoints:
    def __init__(self) -> None:
        self.device_ids: set[str] = set()

    def set(self, device_id: str, wanted: bool) -> None:
        if wanted:
            self.device_ids.add(device_id)
        else:
            self.device_ids.discard(device_id)

    def wanted(self, device_id: str) -> bool:
        return device_id in self.device_ids


def _claims(other: Point, point: Point) -> bool:
    same_channel = bool(point.device_id) and (other.device_id, other.channel_id) == (point.device_id, point.channel_id)
    return other.id == point.id or other.number == point.number or other.code == point.code or same_channel


def _is_let_through(point: Point, query: PointQuery) -> bool:
    return (
        (query.organisation_ids is None or point.organisation_id in query.organisation_ids)
        and point.area_code.startswith(query.area_prefix)
        and query.point_class in (None, point.point_class)
        and query.legal_class in (None, point.legal_class)
        and query.bound in (None, bool(point.device_id))
        and query.complete in (None, point.completeness == 100)
        and (query.within is None or query.within.covers(point.place))
    )


STORES: Mapping[type[Any], type[Any]] = {PointStore: MemoryPoints, AutoPoints: MemoryAutoPoints}

"""Points kept in a dict: the complete twin of `domain.points.store`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fengtai.domain.points.model import Box, Point
from fengtai.domain.points.ports import AutoPoints, PointStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position


class MemoryPoints:
    def __init__(self) -> None:
        self.by_id: dict[str, Point] = {}

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

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        measured = [
            (point, position.metres_to(point.position))
            for point in self.by_id.values()
            if point.is_bound and point.position is not None
        ]
        near = [(point, metres) for point, metres in measured if metres <= within_m]
        return sorted(near, key=lambda each: (each[1], each[0].number))[:limit]

    def in_box(self, box: Box, *, limit: int) -> Sequence[Point]:
        return [
            point
            for point in self._by_number()
            if point.position is not None
            and box.west <= point.position.longitude <= box.east
            and box.south <= point.position.latitude <= box.north
        ][:limit]

    def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]:
        return [point for point in self._by_number() if point.number > after_number and _speaks_of(point, text)][:limit]

    def recorded(self) -> Sequence[Point]:
        return [point for point in self._by_number() if point.is_bound and point.records]

    def next_number(self) -> int:
        return max((point.number for point in self.by_id.values()), default=0) + 1

    def save(self, point: Point) -> None:
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


def _speaks_of(point: Point, text: str) -> bool:
    return (
        text.lower() in point.name.lower()
        or text.lower() in point.address.lower()
        or str(point.number).startswith(text)
        or point.code.startswith(text)
    )


STORES: Mapping[type[Any], type[Any]] = {PointStore: MemoryPoints, AutoPoints: MemoryAutoPoints}

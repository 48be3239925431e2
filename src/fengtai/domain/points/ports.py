"""What the register of points needs from outside."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from fengtai.domain.points.model import Point
from fengtai.vocabulary.places import Position


class PointStore(Protocol):
    def get(self, point_id: str) -> Point:
        """Raise NotFound if there is none."""

    def by_channel(self, device_id: str, channel_id: str) -> Point | None: ...

    def by_ids(self, point_ids: Iterable[str]) -> Sequence[Point]:
        """In the order asked for; unknown ids are left out."""

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        """Bound points by distance in metres, nearest first."""

    def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]: ...

    def recorded(self) -> Sequence[Point]:
        """All bound points whose policy says that they are recorded."""

    def next_number(self) -> int: ...

    def save(self, point: Point) -> None: ...

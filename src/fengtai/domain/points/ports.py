"""What the register of points needs from outside."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from fengtai.domain.points.model import Box, Point
from fengtai.vocabulary.places import Position


class PointStore(Protocol):
    def get(self, point_id: str) -> Point:
        """Raise NotFound if there is none."""

    def by_number(self, number: int) -> Point | None: ...

    def by_code(self, code: str) -> Point | None: ...

    def by_channel(self, device_id: str, channel_id: str) -> Point | None: ...

    def by_ids(self, point_ids: Iterable[str]) -> Sequence[Point]:
        """In the order asked for; unknown ids are left out."""

    def nearest(self, position: Position, *, within_m: float, limit: int) -> Sequence[tuple[Point, float]]:
        """Bound points by distance in metres, nearest first."""

    def in_box(self, box: Box, *, limit: int) -> Sequence[Point]:
        """Points with a position inside the box, by number."""

    def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]:
        """By number. `text` is looked for in name and address, and as the beginning of number and code."""

    def recorded(self) -> Sequence[Point]:
        """All bound points whose policy says that they are recorded."""

    def next_number(self) -> int: ...

    def save(self, point: Point) -> None: ...


class AutoPoints(Protocol):
    """Devices whose camera channels get a point by themselves, because an engineer asked for it when accepting them.
    Kept, because the catalogue often comes later than the acceptance, and grows."""

    def set(self, device_id: str, wanted: bool) -> None: ...

    def wanted(self, device_id: str) -> bool: ...

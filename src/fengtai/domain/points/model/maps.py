"""What the map asks of the register, and what it is told. A cluster tells how many are not well, not only how many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fengtai.domain.access.model import Place
from fengtai.domain.points.model import Box, PlacedPoint, PointPresence


class PlacedRow(NamedTuple):
    """What the map must know of a point that has a position."""

    id: str
    number: int
    longitude: float
    latitude: float
    place: Place
    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MapWish:
    """What is to be seen. Empty sets let everything through."""

    box: Box
    corners: tuple[tuple[float, float], ...] = ()
    """of an area drawn by hand, longitude and latitude; empty: the whole box"""
    presences: frozenset[PointPresence] = frozenset()
    classes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Degrees of its middle, and how many points of which state and class it holds."""

    longitude: float
    latitude: float
    count: int
    offline: int
    unbound: int
    classes: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapView:
    """A frame of the map: what stands too close together as clusters, the rest one by one."""

    total: int
    unwell: int
    clusters: Sequence[Cluster]
    points: Sequence[PlacedPoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaPage:
    """The points of an area by number, and where to go on."""

    total: int
    unwell: int
    points: Sequence[PlacedPoint]
    further: int | None

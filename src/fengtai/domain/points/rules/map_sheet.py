"""All points of the city that have a position, as columns of numbers: a map's question about 200,000 of them takes
milliseconds, and the database is not asked.

Owns: which points lie in a frame or an area, and what is known of them there. A sheet never changes; what has changed
makes a new one. Must not know: where the rows come from.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fengtai.domain.access.model import Place, Reach
from fengtai.domain.points.model import PointPresence
from fengtai.domain.points.model.maps import Cluster, MapWish, PlacedRow
from fengtai.domain.points.rules.map_cells import Gathering, gather

MOST_SINGLE = 600
"""points that one answer tells one by one; where there are more, they are gathered"""
STATES = (PointPresence.ONLINE, PointPresence.OFFLINE, PointPresence.UNBOUND)
_EDGE_LATITUDE = 85.051128
"""where the square map ends (EPSG:3857)"""

Column = NDArray[Any]
Standing = Mapping[str, PointPresence]
"""of devices, by id; a device that is not named does not exist"""


class Told(NamedTuple):
    """A point of an answer: the rest of it is read from the register."""

    id: str
    number: int
    presence: PointPresence


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    total: int
    unwell: int
    clusters: Sequence[Cluster]
    single: Sequence[Told]


@dataclass(frozen=True, slots=True)
class MapSheet:
    ids: Column
    numbers: Column
    """ascending"""
    longitudes: Column
    latitudes: Column
    devices: Column
    states: Column
    """places in STATES"""
    grounds: Column
    """places in `places`"""
    places: tuple[Place, ...]
    x: Column = field(init=False)
    y: Column = field(init=False)
    """0..1 on the square map, y from the north"""

    def __post_init__(self) -> None:
        x, y = plane(self.longitudes, self.latitudes)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def with_changes(self, rows: Iterable[PlacedRow], gone: Collection[str], standing: Standing) -> "MapSheet":
        """Without the points `gone` (changed ones among them), with `rows`."""
        kept = np.flatnonzero(~np.isin(self.ids, list(gone)))
        fresh = sheet_of(rows, standing)
        places = tuple(dict.fromkeys((*self.places, *fresh.places)))
        moved = np.array([places.index(place) for place in fresh.places], dtype=np.int32)
        numbers = np.concatenate([self.numbers[kept], fresh.numbers])
        order = np.argsort(numbers, kind="stable")
        grounds = moved[fresh.grounds] if fresh.grounds.size else fresh.grounds

        def joined(old: Column, new: Column) -> Column:
            return np.concatenate([old[kept], new])[order]

        return MapSheet(
            ids=joined(self.ids, fresh.ids),
            numbers=numbers[order],
            longitudes=joined(self.longitudes, fresh.longitudes),
            latitudes=joined(self.latitudes, fresh.latitudes),
            devices=joined(self.devices, fresh.devices),
            states=joined(self.states, fresh.states),
            grounds=joined(self.grounds, grounds),
            places=places,
        )

    def with_standing(self, asked: Collection[str], standing: Standing) -> "MapSheet":
        """The same points, where the devices `asked` stand differently now."""
        at = np.flatnonzero(np.isin(self.devices, list(asked)))
        states = self.states.copy()
        states[at] = [_state(str(device), standing) for device in self.devices[at]]
        return replace(self, states=states)

    def found(self, wish: MapWish, reach: Reach) -> Column:
        """Where in the columns the wanted points stand that lie in reach."""
        box = wish.box
        kept = (self.longitudes >= box.west) & (self.longitudes <= box.east)
        kept &= (self.latitudes >= box.south) & (self.latitudes <= box.north)
        if wish.presences:
            kept &= np.isin(self.states, [STATES.index(one) for one in wish.presences])
        kept &= self._let_through(wish, reach)
        at = np.flatnonzero(kept)
        return at[_inside(self.longitudes[at], self.latitudes[at], wish.corners)] if wish.corners else at

    def _let_through(self, wish: MapWish, reach: Reach) -> Column:
        """Rights and classes go by the place, and there are far fewer places than points."""
        let = [
            (not wish.classes or place.point_class in wish.classes) and (reach.is_everywhere or reach.covers(place))
            for place in self.places
        ]
        through: Column = np.array(let, dtype=bool)[self.grounds]
        return through

    def told(self, at: Column) -> list[Told]:
        return [Told(str(self.ids[one]), int(self.numbers[one]), STATES[self.states[one]]) for one in at]

    def unwell(self, at: Column) -> int:
        return int(np.count_nonzero(self.states[at]))

    def overview(self, at: Column, zoom: float) -> Overview:
        counted = {"total": int(at.size), "unwell": self.unwell(at)}
        if at.size <= MOST_SINGLE:
            return Overview(**counted, clusters=(), single=self.told(at))
        classes = np.array([place.point_class for place in self.places], dtype=np.int32)[self.grounds[at]]
        cells = Gathering(x=self.x[at], y=self.y[at], states=self.states[at], classes=classes)
        clusters, alone = gather(cells, zoom, most_alone=MOST_SINGLE)
        return Overview(**counted, clusters=clusters, single=self.told(at[alone]))


def sheet_of(rows: Iterable[PlacedRow], standing: Standing) -> MapSheet:
    rows = sorted(rows, key=lambda row: row.number)
    places: dict[Place, int] = {}
    return MapSheet(
        ids=np.array([row.id for row in rows], dtype="U32"),
        numbers=np.array([row.number for row in rows], dtype=np.int64),
        longitudes=np.array([row.longitude for row in rows], dtype=np.float64),
        latitudes=np.array([row.latitude for row in rows], dtype=np.float64),
        devices=np.array([row.device_id for row in rows], dtype="U20"),
        states=np.array([_state(row.device_id, standing) for row in rows], dtype=np.int8),
        grounds=np.array([places.setdefault(row.place, len(places)) for row in rows], dtype=np.int32),
        places=tuple(places),
    )


def _state(device_id: str, standing: Standing) -> int:
    return STATES.index(standing.get(device_id, PointPresence.UNBOUND))


def plane(longitudes: Column, latitudes: Column) -> tuple[Column, Column]:
    """Degrees on the square map of EPSG:3857, scaled to 0..1."""
    phi = np.radians(np.clip(latitudes, -_EDGE_LATITUDE, _EDGE_LATITUDE))
    return longitudes / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + phi / 2)) / (2 * np.pi)


def _inside(longitudes: Column, latitudes: Column, corners: Sequence[tuple[float, float]]) -> Column:
    """Even-odd rule: a ray to the east crosses the outline an odd number of times."""
    inside: Column = np.zeros(longitudes.size, dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y1 == y2:
            continue
        crosses = (y1 > latitudes) != (y2 > latitudes)
        inside ^= crosses & (longitudes < (x2 - x1) * (latitudes - y1) / (y2 - y1) + x1)
    return inside

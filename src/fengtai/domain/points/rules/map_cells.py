"""Points gathered into clusters: cells of the square map (EPSG:3857), 64 px wide at their zoom, anchored to the earth, so
that a cluster stays where it is while the map is moved. Clusters that would touch are one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fengtai.domain.points.model.maps import Cluster

CELLS_PER_TILE = 8
"""a tile of the console's map is 512 px wide"""
MOST_CELLS = 4_000
"""in one answer; a larger frame at the same zoom gets larger cells"""
TOUCHING = 0.7
"""of a cell's width: a smaller cluster nearer than this belongs to its neighbour"""

Column = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Columns of the points to be gathered."""

    x: Column
    y: Column
    states: Column
    """0: well, 1: offline, 2: without a device"""
    classes: Column


def gather(points: Gathering, zoom: float, *, most_alone: int) -> tuple[Sequence[Cluster], Column]:
    """The clusters, and where in the columns those stand that are alone in their cell (at most so many)."""
    columns, rows = _cells(points, zoom)
    width = int(columns.max()) + 2  # a column more than there are: nobody's neighbour lies around the edge
    keys, cells = np.unique(rows.astype(np.int64) * width + columns, return_inverse=True)
    count = np.bincount(cells)
    last = np.zeros(len(keys), dtype=np.int64)
    last[cells] = np.arange(cells.size)
    alone = np.flatnonzero(count == 1)[:most_alone]
    in_clusters = count.copy()
    in_clusters[alone] = 0
    x, y = np.bincount(cells, points.x), np.bincount(cells, points.y)
    numbers = {
        "offline": np.bincount(cells, points.states == 1),
        "unbound": np.bincount(cells, points.states == 2),
        **{str(one): np.bincount(cells, points.classes == one) for one in np.unique(points.classes)},
    }
    cell_width = 2.0 ** -_level(points, zoom) / CELLS_PER_TILE
    clusters = []
    for members in _merged(keys, width, in_clusters, (x / count, y / count), TOUCHING * cell_width):
        total = int(count[members].sum())
        sums = {name: int(of[members].sum()) for name, of in numbers.items()}
        longitude, latitude = _degrees(x[members].sum() / total, y[members].sum() / total)
        offline, unbound = sums.pop("offline"), sums.pop("unbound")
        classes = {int(name): of for name, of in sums.items() if of}
        clusters.append(
            Cluster(
                longitude=longitude, latitude=latitude, count=total, offline=offline, unbound=unbound, classes=classes
            )
        )
    return clusters, last[alone]


def _level(points: Gathering, zoom: float) -> int:
    """The whole zoom whose cells are cut: no more of them than an answer may hold."""
    level = math.floor(zoom)
    wide, high = np.ptp(points.x), np.ptp(points.y)
    while level > 0 and (wide * 2**level * CELLS_PER_TILE + 1) * (high * 2**level * CELLS_PER_TILE + 1) > MOST_CELLS:
        level -= 1
    return level


def _cells(points: Gathering, zoom: float) -> tuple[Column, Column]:
    scale = 2 ** _level(points, zoom) * CELLS_PER_TILE
    columns, rows = np.floor(points.x * scale).astype(np.int64), np.floor(points.y * scale).astype(np.int64)
    return columns - columns.min(), rows - rows.min()


def _merged(
    keys: Column, width: int, count: Column, middles: tuple[Column, Column], touching: float
) -> list[list[int]]:
    """Cells, the fullest first, each with the smaller neighbours whose middles nearly touch its own."""
    at = {int(key): index for index, key in enumerate(keys)}
    x, y = (middle.tolist() for middle in middles)
    taken: set[int] = set()
    groups = []
    for index in np.argsort(-count, kind="stable").tolist():
        if index in taken or not count[index]:
            continue
        group = [index]
        for step in (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1):
            other = at.get(int(keys[index]) + step)
            if other is None or other in taken or not count[other] or other == index:
                continue
            if math.hypot(x[other] - x[index], y[other] - y[index]) < touching:
                group.append(other)
        taken.update(group)
        groups.append(group)
    return groups


def _degrees(x: float, y: float) -> tuple[float, float]:
    latitude = math.degrees(2 * math.atan(math.exp((0.5 - y) * 2 * math.pi)) - math.pi / 2)
    return round((float(x) - 0.5) * 360, 6), round(latitude, 6)

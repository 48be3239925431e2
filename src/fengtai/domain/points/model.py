"""Points (监控点位): a place that a camera watches, its class, position and the device channel bound to it."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from fengtai.vocabulary.events import Event
from fengtai.vocabulary.places import Position


class PointClass(Enum):
    """Class 1, 2, 3 points and others (GB/T 28181 PointType 1, 2, 3, 9)."""

    ONE = 1
    TWO = 2
    THREE = 3
    OTHER = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    id: str
    number: int
    """short number that an operator types to open the camera; unique, from 1"""
    code: str
    """20-digit code"""
    name: str
    organisation_id: str
    point_class: PointClass = PointClass.THREE
    position: Position | None = None
    view_degrees: int | None = None
    """direction of view, clockwise from north"""
    view_angle_degrees: int | None = None
    address: str = ""
    device_id: str = ""
    """20-digit code of the device that carries it; empty when nothing is bound"""
    channel_id: str = ""
    """20-digit code of the channel on that device"""
    records: bool = True
    audio: bool = False
    retention_days: int = 30
    """never under the floor of its legal class (order 799 article 17: 30 days)"""

    @property
    def is_bound(self) -> bool:
        return bool(self.device_id and self.channel_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointWords:
    """What a person says of a point. `number` 0 and `code` "" are proposed by the register."""

    name: str
    number: int = 0
    code: str = ""
    organisation_id: str = ""
    """empty: the root"""
    point_class: PointClass = PointClass.THREE
    position: Position | None = None
    view_degrees: int | None = None
    view_angle_degrees: int | None = None
    address: str = ""
    device_id: str = ""
    channel_id: str = ""
    records: bool = True
    audio: bool = False
    retention_days: int = 30


class PointPresence(Enum):
    ONLINE = "online"
    OFFLINE = "offline"
    UNBOUND = "unbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """A point as the map shows it."""

    point: Point
    presence: PointPresence


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees, WGS-84. A box over the 180th meridian is not offered: no city that we serve lies there."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChanged(Event):
    """A point was made or changed."""

    kind: ClassVar[str] = "points.changed"
    needs: ClassVar[str] = "points.see"
    point_id: str

"""Points (监控点位): a place that a camera watches, its class, position and the device channel bound to it."""

from dataclasses import dataclass
from enum import Enum

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

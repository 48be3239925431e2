"""Organisations (单位): the tree of city, districts and stations to which everything belongs.

Owns: name, level, parent, area code. Must not know: people, devices, points.
"""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """The three operating levels (product.md V1), highest first."""

    CITY = "city"
    DISTRICT = "district"
    STATION = "station"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    id: str
    name: str
    level: Level
    parent_id: str = ""
    """empty: the root"""
    area_code: str = ""
    """administrative area after GB/T 2260, two to eight digits; empty: that of the parent"""

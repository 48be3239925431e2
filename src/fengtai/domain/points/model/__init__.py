"""Points (监控点位): a place that a camera watches, its class, position and the device channel bound to it."""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from fengtai.domain.access.model import Place, Reach
from fengtai.domain.points.model.dossier import EMPTY_DOSSIER, Dossier, GivenPlace, LegalClass
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
    area_code: str = ""
    """administrative area after GB/T 2260, 2 to 12 digits; empty: nobody knows"""
    legal_class: LegalClass = LegalClass.UNSAID
    counter_terror_target: bool = False
    """key target of counter-terrorism: recordings are kept for 90 days"""
    given: GivenPlace | None = None
    """the position as it was given, when that was not WGS-84"""
    dossier: Dossier = EMPTY_DOSSIER
    completeness: int = 0
    """percent of what its class must have"""
    version: int = 1

    @property
    def is_bound(self) -> bool:
        return bool(self.device_id and self.channel_id)

    @property
    def place(self) -> Place:
        """The facts by which rights to it are looked up."""
        return Place(self.organisation_id, self.area_code, self.point_class.value)


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
    area_code: str = ""
    """empty: that of the organisation, else of the code"""
    legal_class: LegalClass = LegalClass.UNSAID
    counter_terror_target: bool = False
    given: GivenPlace | None = None
    """wins over `position`, which is then converted from it"""
    dossier: Dossier = EMPTY_DOSSIER


class PointPresence(Enum):
    ONLINE = "online"
    OFFLINE = "offline"
    UNBOUND = "unbound"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedPoint:
    """A point as the map shows it."""

    point: Point
    presence: PointPresence


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of a search, with all that it may stand for."""

    text: str
    """as it is compared: folded, without blanks around it"""
    grams: tuple[str, ...]
    """overlapping pairs of characters; empty when it has no letter or digit"""
    digits: str = ""
    """the beginning of a number or of a code"""
    organisation_ids: frozenset[str] = frozenset()
    area_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PointQuery:
    """What a list shows: by number, from above `after_number`. Everything left empty lets everything through."""

    after_number: int = 0
    limit: int = 200
    terms: tuple[Term, ...] = ()
    organisation_ids: frozenset[str] | None = None
    area_prefix: str = ""
    point_class: PointClass | None = None
    legal_class: LegalClass | None = None
    bound: bool | None = None
    complete: bool | None = None
    within: Reach | None = None
    """where whoever asks may see points; None: the platform itself asks"""


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
    organisation_id: str = ""
    area_code: str = ""
    point_class: int = 0

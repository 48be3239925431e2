"""What the law and the trade ask to be written down of a point (一机一档), beside what is needed to show its picture.

State Council order 799 (公共安全视频图像信息系统管理条例): articles 7 and 9 (who may install), 8 (where nobody may),
13 (sign, collection range), 14 (filing), 17 (storage). Counter-terrorism law article 32: key targets, 90 days.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class LegalClass(Enum):
    """Under which article of order 799 a point stands; its duties follow from it."""

    ART7_GOV = "art7_gov"
    """article 7: listed public place, installed by the government"""
    ART7_OPERATOR = "art7_operator"
    """article 7: listed public place, installed by whoever operates it"""
    ART9 = "art9"
    """article 9: any other public place"""
    NON_PUBLIC = "non_public"
    UNSAID = "unsaid"
    """nobody has said it yet: made by itself from a device's catalogue"""


class SitingZone(Enum):
    """What is there where the camera hangs. Closed; those of article 8 are in it so that they can be refused by name."""

    UNSAID = "unsaid"
    STREET = "street"
    SQUARE = "square"
    PARK = "park"
    TRANSPORT_HUB = "transport_hub"
    VEHICLE = "vehicle"
    ENTRANCE = "entrance"
    LOBBY = "lobby"
    CORRIDOR = "corridor"
    COUNTER = "counter"
    SHOP_FLOOR = "shop_floor"
    SCHOOL_GROUNDS = "school_grounds"
    HOSPITAL_PUBLIC = "hospital_public"
    PERIMETER = "perimeter"
    CAR_PARK = "car_park"
    VAULT = "vault"
    HIGH_VANTAGE = "high_vantage"
    CUSTODIAL = "custodial"
    OTHER = "other"
    GUEST_ROOM = "guest_room"
    PRIVATE_ROOM = "private_room"
    DORMITORY = "dormitory"
    STAFF_REST_ROOM = "staff_rest_room"
    BATH = "bath"
    TOILET = "toilet"
    CHANGING_ROOM = "changing_room"
    NURSING_ROOM = "nursing_room"
    FITTING_ROOM = "fitting_room"
    OTHER_PRIVATE = "other_private"


class Datum(Enum):
    """In which system of coordinates somebody gave a position. Kept is WGS-84, and the original beside it."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    """the offset system of Chinese maps"""
    CGCS2000 = "cgcs2000"
    """GB/T 28181-2022 speaks of it; agrees with WGS-84 within decimetres"""


@dataclass(frozen=True, slots=True)
class GivenPlace:
    """A position as it was given, before it was converted."""

    longitude: float
    latitude: float
    datum: Datum


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    purpose: str = ""
    """why public safety needs this camera (order 799 articles 7 and 9)"""
    siting_zone: SitingZone = SitingZone.UNSAID
    responsible_unit: str = ""
    responsible_unit_code: str = ""
    """unified social credit code (GB 32100), eighteen characters"""
    responsible_person: str = ""
    maintenance_unit: str = ""
    collection_range: str = ""
    """what may be seen, in words (order 799 article 13)"""
    in_service_on: date | None = None
    retired_on: date | None = None
    filing_number: str = ""
    """receipt of the filing with the county's police (order 799 article 14)"""
    filed_on: date | None = None
    sign_on: date | None = None
    """when the conspicuous sign was last seen to be there (order 799 article 13)"""
    note: str = ""


EMPTY_DOSSIER = Dossier()
"""Nothing has been said yet."""


class Stage(Enum):
    """Where a point stands in its life; follows from the dates of its dossier."""

    PLANNED = "planned"
    IN_SERVICE = "in-service"
    RETIRED = "retired"


class FilingState(Enum):
    """Order 799 article 14: filed within thirty days of going live."""

    NOT_NEEDED = "not-needed"
    DUE = "due"
    OVERDUE = "overdue"
    FILED = "filed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    percent: int
    missing: tuple[str, ...]
    """names of fields that this class of point must have and that are empty"""


class DocumentKind(Enum):
    PHOTO = "photo"
    SIGN_PHOTO = "sign-photo"
    DRAWING = "drawing"
    CONSENT = "consent"
    """of a military or secret-related unit near by (order 799 article 10)"""
    FILING_RECEIPT = "filing-receipt"
    ACCEPTANCE = "acceptance"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A photo or paper of a point; its bytes lie in the object store under `object_key`."""

    id: str
    point_id: str
    kind: DocumentKind
    title: str
    media_type: str
    """by the content, never by what the sender says"""
    size_bytes: int
    sha256: str
    object_key: str
    added_at_ms: int
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way in, piece by piece; only whoever opened it adds to it or uses it."""

    id: str
    by: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One line of a point's history: which fields were what before, and are what now."""

    point_id: str
    version: int
    at_ms: int
    by: str
    by_name: str
    why: str
    import_id: str = ""
    changes: dict[str, tuple[object, object]]

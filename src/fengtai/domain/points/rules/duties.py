"""What the law and the class of a point ask: how long recordings stay, where no camera may hang, what must be written.

State Council order 799: article 8 (banned places), 14 (filing), 17 (storage). Counter-terrorism law article 32.
GB 55029-2022 3.5.2(5): thirty days for public places that article 17 does not bind. All of it is data; a norm that
changes is a row here.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from fengtai.domain.points.model import Point, PointClass, PointWords
from fengtai.domain.points.model.dossier import Completeness, Dossier, FilingState, LegalClass, SitingZone, Stage
from fengtai.vocabulary.errors import Invalid

FLOOR_DAYS: Mapping[LegalClass, tuple[int, str]] = {
    LegalClass.ART7_GOV: (30, "order 799 article 17"),
    LegalClass.ART7_OPERATOR: (30, "order 799 article 17"),
    LegalClass.ART9: (30, "GB 55029-2022 3.5.2"),
    LegalClass.NON_PUBLIC: (1, "the owner's own rule"),
    LegalClass.UNSAID: (30, "order 799 article 17, until its legal class is said"),
}
KEY_TARGET_FLOOR = (90, "counter-terrorism law article 32")
LONGEST_DAYS = 3650
FILING_DAYS = 30

BANNED_ZONES = frozenset(
    {
        SitingZone.GUEST_ROOM,
        SitingZone.PRIVATE_ROOM,
        SitingZone.DORMITORY,
        SitingZone.STAFF_REST_ROOM,
        SitingZone.BATH,
        SitingZone.TOILET,
        SitingZone.CHANGING_ROOM,
        SitingZone.NURSING_ROOM,
        SitingZone.FITTING_ROOM,
        SitingZone.OTHER_PRIVATE,
    }
)
"""Order 799 article 8: nobody may install a camera there, so nobody can enter one, whatever their role."""

_FOR_ALL = ("name", "code", "organisation_id", "area_code")
_FOR_PUBLIC = ("position", "address", "legal_class", "siting_zone", "purpose", "responsible_unit", "binding")
_FOR_CLASS_TWO = ("view_degrees", "responsible_unit_code", "maintenance_unit", "in_service_on")
_FOR_CLASS_ONE = ("view_angle_degrees", "responsible_person", "collection_range", "sign_on", "filing_number")

MANDATORY: Mapping[PointClass, tuple[str, ...]] = {
    PointClass.ONE: (*_FOR_ALL, *_FOR_PUBLIC, *_FOR_CLASS_TWO, *_FOR_CLASS_ONE),
    PointClass.TWO: (*_FOR_ALL, *_FOR_PUBLIC, *_FOR_CLASS_TWO),
    PointClass.THREE: (*_FOR_ALL, *_FOR_PUBLIC),
    PointClass.OTHER: _FOR_ALL,
}
"""What the dossier of each class must hold. Completeness counts these; nothing else does."""

_BEFORE_SERVICE = ("legal_class", "siting_zone", "purpose", "responsible_unit")
"""Order 799 articles 7 and 9: without these nobody can say that the camera may be there, so it cannot be in service."""

_IS_SAID: Mapping[str, Callable[[Point | PointWords], bool]] = {
    "position": lambda point: point.position is not None or point.given is not None,
    "legal_class": lambda point: point.legal_class is not LegalClass.UNSAID,
    "siting_zone": lambda point: point.dossier.siting_zone is not SitingZone.UNSAID,
    "binding": lambda point: bool(point.device_id and point.channel_id),
}


def floor_days(legal_class: LegalClass, *, counter_terror_target: bool) -> tuple[int, str]:
    """The fewest days that recordings stay, and by which rule."""
    floor = FLOOR_DAYS[legal_class]
    return max(floor, KEY_TARGET_FLOOR) if counter_terror_target else floor


def check_duties(words: PointWords) -> None:
    """Raise Invalid, naming the field and the rule."""
    floor, rule = floor_days(words.legal_class, counter_terror_target=words.counter_terror_target)
    if not floor <= words.retention_days <= LONGEST_DAYS:
        raise Invalid(
            f"recordings are kept for at least {floor} days ({rule}) and at most {LONGEST_DAYS}",
            field="retention_days",
        )
    dossier = words.dossier
    if dossier.siting_zone in BANNED_ZONES:
        raise Invalid(
            f"no camera may hang in a {dossier.siting_zone.value.replace('_', ' ')} (order 799 article 8); "
            "no role can override this",
            field="siting_zone",
        )
    if dossier.in_service_on is not None:
        missing = [name for name in _BEFORE_SERVICE if not _is_said(words, name)]
        if missing:
            raise Invalid(
                f"a point in service needs {', '.join(missing)} (order 799 articles 7 and 9)", field=missing[0]
            )
        if dossier.retired_on is not None and dossier.retired_on < dossier.in_service_on:
            raise Invalid("a point is not retired before it goes into service", field="retired_on")


def completeness(point: Point | PointWords) -> Completeness:
    """How much of what its class must have is there."""
    mandatory = MANDATORY[point.point_class]
    missing = tuple(name for name in mandatory if not _is_said(point, name))
    return Completeness(percent=100 * (len(mandatory) - len(missing)) // len(mandatory), missing=missing)


def stage(dossier: Dossier, today: date) -> Stage:
    if dossier.retired_on is not None and dossier.retired_on <= today:
        return Stage.RETIRED
    if dossier.in_service_on is not None and dossier.in_service_on <= today:
        return Stage.IN_SERVICE
    return Stage.PLANNED


def filing(point: Point, today: date) -> tuple[FilingState, date | None]:
    """Whether this point is filed, and until when it must be."""
    dossier = point.dossier
    if dossier.filing_number or dossier.filed_on is not None:
        return FilingState.FILED, None
    if dossier.in_service_on is None or point.legal_class in (LegalClass.NON_PUBLIC, LegalClass.ART9):
        return FilingState.NOT_NEEDED, None
    due_on = dossier.in_service_on + timedelta(days=FILING_DAYS)
    return (FilingState.OVERDUE if today > due_on else FilingState.DUE), due_on


def _is_said(point: Point | PointWords, name: str) -> bool:
    if name in _IS_SAID:
        return _IS_SAID[name](point)
    value = getattr(point, name) if hasattr(point, name) else getattr(point.dossier, name)
    return value is not None and value != ""

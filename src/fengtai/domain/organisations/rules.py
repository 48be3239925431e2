"""Who may stand under whom, and what an area code looks like. Pure decisions."""

from fengtai.domain.organisations.model import Level, Organisation
from fengtai.vocabulary.errors import Invalid

_RANK = {Level.CITY: 0, Level.DISTRICT: 1, Level.STATION: 2}
AREA_CODE_DIGITS = (2, 4, 6, 8)
"""GB/T 2260: province, city, county; the last two of eight are the grass-roots unit (GB/T 28181 annex E)."""


def check_name(name: str) -> str:
    trimmed = name.strip()
    if not trimmed or len(trimmed) > 120:
        raise Invalid("an organisation needs a name of at most 120 characters", field="name")
    return trimmed


def check_area_code(area_code: str) -> str:
    if area_code and not (area_code.isascii() and area_code.isdigit() and len(area_code) in AREA_CODE_DIGITS):
        raise Invalid(f"{area_code[:20]!r} is not an area code of 2, 4, 6 or 8 digits", field="area_code")
    return area_code


def check_place(level: Level, parent: Organisation) -> None:
    """Raise Invalid when an organisation of this level cannot stand under the parent."""
    if _RANK[level] <= _RANK[parent.level]:
        raise Invalid(f"a {level.value} cannot stand under the {parent.level.value} {parent.name!r}", field="level")

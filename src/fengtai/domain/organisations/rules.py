"""Who may stand under whom, what an area code and a credit code look like. Pure decisions."""

from collections.abc import Iterable, Mapping

from fengtai.domain.organisations.model import Level, Organisation
from fengtai.vocabulary.errors import Conflict, Invalid

_RANK = {Level.PROVINCE: 0, Level.CITY: 1, Level.DISTRICT: 2, Level.STATION: 3, Level.UNIT: 4}
AREA_CODE_DIGITS = (2, 4, 6, 8, 9, 12)
"""GB/T 2260: province, city, county; eight digits: with the grass-roots unit of GB/T 28181 annex E; nine: street or
town, twelve: community or village (the statistical division codes)."""

_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


def check_name(name: str) -> str:
    trimmed = name.strip()
    if not trimmed or len(trimmed) > 120 or not trimmed.isprintable():
        raise Invalid("an organisation needs a name of at most 120 visible characters", field="name")
    return trimmed


def check_area_code(area_code: str, *, field: str = "area_code") -> str:
    """Only the form is checked: codes that are abolished or unknown are accepted, and marked where they are shown."""
    if area_code and not (area_code.isascii() and area_code.isdigit() and len(area_code) in AREA_CODE_DIGITS):
        raise Invalid(f"{area_code[:20]!r} is not an area code of 2, 4, 6, 8, 9 or 12 digits", field=field)
    return area_code


def check_credit_code(code: str, *, field: str = "credit_code") -> str:
    """Unified social credit code, GB 32100-2015: eighteen signs, the last one a check sign (modulus 31)."""
    if not code:
        return code
    if len(code) != 18 or any(sign not in _CREDIT_SIGNS for sign in code):
        raise Invalid(f"{code[:24]!r} is not a unified social credit code of eighteen signs", field=field)
    total = sum(_CREDIT_SIGNS.index(sign) * weight for sign, weight in zip(code, _CREDIT_WEIGHTS, strict=False))
    if _CREDIT_SIGNS[(31 - total % 31) % 31] != code[17]:
        raise Invalid(f"{code}: the check sign of this credit code is wrong, so a sign was mistyped", field=field)
    return code


def check_place(level: Level, parent: Organisation) -> None:
    """Raise Invalid when an organisation of this level cannot stand under the parent. Units may stand under units."""
    if _RANK[level] < _RANK[parent.level] or (level is parent.level and level is not Level.UNIT):
        raise Invalid(f"a {level.value} cannot stand under the {parent.level.value} {parent.name!r}", field="level")


def check_move(moved: Organisation, to: Organisation, all_of_them: Iterable[Organisation]) -> None:
    """Raise Conflict when the new parent stands below what is moved."""
    if to.id in subtree(moved.id, all_of_them):
        raise Conflict(f"{to.name!r} stands below {moved.name!r} itself: that would be a circle")


def subtree(organisation_id: str, all_of_them: Iterable[Organisation]) -> frozenset[str]:
    """The organisation and all below it."""
    children: dict[str, list[str]] = {}
    for one in all_of_them:
        children.setdefault(one.parent_id, []).append(one.id)
    found: set[str] = set()
    waiting = [organisation_id]
    while waiting:
        if (one_id := waiting.pop()) not in found:
            found.add(one_id)
            waiting += children.get(one_id, ())
    return frozenset(found)


def changes(before: Organisation, after: Organisation) -> Mapping[str, tuple[object, object]]:
    """Field by field, what differs."""
    told = ("name", "parent_id", "area_code", "credit_code")
    found: dict[str, tuple[object, object]] = {
        name: (getattr(before, name), getattr(after, name))
        for name in told
        if getattr(before, name) != getattr(after, name)
    }
    if before.tenant_kind is not after.tenant_kind:
        found["tenant_kind"] = (before.tenant_kind.value, after.tenant_kind.value)
    return found

"""Administrative areas (行政区划) after GB/T 2260, with streets by the statistical division codes.

A code that is not in the table is accepted and marked: registers are older than tables, and tables than reforms.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from fengtai.vocabulary.errors import NotFound

_STEPS = (2, 4, 6, 9)
_EMPTY_NAMES = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Second steps that only fill the code; nobody says them."""
MOST_FOUND = 20


class AreaStatus(Enum):
    KNOWN = "known"
    ABOLISHED = "abolished"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    code: str
    name: str
    """as far as known: of an unknown code, the name of what it lies in"""
    path: tuple[str, ...]
    """names from the province down"""
    status: AreaStatus
    successor: str = ""
    """of an abolished code: the code that took its place, as far as there is one"""


class AreaTree:
    """All that the table knows; made once at the start."""

    def __init__(self, names: Mapping[str, str], abolished: Mapping[str, tuple[str, str]] | None = None) -> None:
        """`abolished`: code → (name, successor)."""
        self._names, self._abolished = names, abolished or {}
        self._children: dict[str, list[str]] = {}
        for code in names:
            self._children.setdefault(_above(code), []).append(code)

    def __len__(self) -> int:
        return len(self._names)

    def area(self, code: str) -> Area:
        """What is known of a code; never refuses one."""
        path = tuple(name for step in _steps_of(code) if (name := self._said(code[:step])))
        status, successor = AreaStatus.UNKNOWN, ""
        known = _known_part(code)
        if known in self._names:
            status = AreaStatus.KNOWN
        elif known[:6] in self._abolished:
            status, successor = AreaStatus.ABOLISHED, self._abolished[known[:6]][1]
        return Area(code=code, name=path[-1] if path else "", path=path, status=status, successor=successor)

    def children(self, code: str = "") -> Sequence[Area]:
        """The areas right below; provinces below "". Raise NotFound for a code that is not in the table."""
        if code and code not in self._names:
            raise NotFound(f"the area code {code} is not in the table")
        return [self.area(each) for each in sorted(self._children.get(code, ()))]

    def named(self, text: str) -> Sequence[str]:
        """Codes of areas of this name, whole or without its last sign (区, 县, 街道), the highest first."""
        if len(text) < 2:
            return ()
        return sorted(self._codes_by_name().get(text, ()), key=lambda code: (len(code), code))[:MOST_FOUND]

    def _codes_by_name(self) -> Mapping[str, list[str]]:
        if not hasattr(self, "_by_name"):
            self._by_name: dict[str, list[str]] = {}
            for code, name in self._names.items():
                for said in _ways_to_say(name):
                    self._by_name.setdefault(said, []).append(code)
        return self._by_name

    def _said(self, code: str) -> str:
        name = self._names.get(code) or (self._abolished[code][0] if code in self._abolished else "")
        return "" if len(code) == 4 and name in _EMPTY_NAMES else name


NO_AREAS = AreaTree({})
"""For tests and for sites elsewhere: every code is unknown, none is refused."""


def _steps_of(code: str) -> Iterable[int]:
    return (step for step in _STEPS if step <= len(code))


def _above(code: str) -> str:
    return {2: "", 4: code[:2], 6: code[:4], 9: code[:6]}.get(len(code), "")


def _known_part(code: str) -> str:
    """Of eight digits the county is known (the two after it are the grass-roots unit), of twelve the street; a city
    is also written with zeros after it (340200), a province too (340000)."""
    known = {8: code[:6], 12: code[:9]}.get(len(code), code)
    if len(known) == 6 and known.endswith("00"):
        return known[:2] if known.endswith("0000") else known[:4]
    return known


def _ways_to_say(name: str) -> Iterable[str]:
    yield name
    for ending in ("街道", "地区", "自治县", "市", "区", "县", "镇", "乡", "省"):
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            yield name.removesuffix(ending)
            return

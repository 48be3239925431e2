"""An import of the register: a file, its mapping, what it would change, and the job that does it.

Life: checking → ready → applying → applied; or cancelled, failed, interrupted. Design:
docs/design/register-import.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

from fengtai.vocabulary.events import Event


class ImportState(Enum):
    CHECKING = "checking"
    """rows are read and compared with the register"""
    READY = "ready"
    """the differences can be looked at, and applied"""
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """the file could not be read, or the register has changed since; `sentence` says which"""
    INTERRUPTED = "interrupted"
    """the platform stopped while it was checked: nothing was applied, check it again"""


UNDER_WAY = frozenset({ImportState.CHECKING, ImportState.APPLYING})
OVER = frozenset({ImportState.APPLIED, ImportState.CANCELLED})


class Verdict(Enum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Plan(Enum):
    """What is applied when some rows are refused. Said by the person who applies; all of it or nothing."""

    EVERYTHING = "everything"
    """nothing, unless every row is good"""
    GOOD_ROWS = "good-rows"
    """the good rows; the refused ones stay in the list of errors"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterImport:
    id: str
    file_name: str
    """as the person's machine calls it: shown, never used as a path"""
    size_bytes: int
    state: ImportState
    by: str
    by_name: str
    started_at_ms: int
    changed_at_ms: int
    sha256: str = ""
    run: str = ""
    """which run of the platform works on it; another run finds it interrupted"""
    format: str = ""
    """csv or xlsx"""
    encoding: str = ""
    delimiter: str = ""
    headers: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    """field name → header"""
    total: int = 0
    done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    """verdict → rows"""
    token: str = ""
    """what a person has seen: file, mapping, and versions of the points; applying names it"""
    sentence: str = ""
    why: str = ""
    applied_row: int = 0
    """up to this row of the file, what it brings stands in the register, not seen yet"""
    is_tidy: bool = False
    """the staged rows of what is over are gone"""

    @property
    def reason(self) -> str:
        """For the history of its points."""
        return self.why or f"import {self.file_name}"

    def count(self, verdict: Verdict) -> int:
        return self.counts.get(verdict.value, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One row of the file and what it means. `row` counts as a spreadsheet does: the header is row 1."""

    import_id: str
    row: int
    verdict: Verdict
    point_id: str = ""
    seen_version: int = 0
    """of the point that it would change; 0: a new one"""
    name: str = ""
    number: int = 0
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChanged(Event):
    """An import of the register went on, or ended."""

    kind: ClassVar[str] = "points.import_changed"
    needs: ClassVar[str] = "points.import"
    import_id: str
    state: str
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsImported(Event):
    """Many points were made or changed at once by an import."""

    kind: ClassVar[str] = "points.imported"
    needs: ClassVar[str] = "points.see"
    import_id: str
    new: int
    changed: int

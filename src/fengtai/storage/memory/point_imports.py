"""Imports of the register kept in dicts: twins of `domain.points.store.imports` and `.bringing_in`."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from fengtai.domain.points.model import Point
from fengtai.domain.points.model.dossier import Revision
from fengtai.domain.points.model.imports import UNDER_WAY, ImportRow, RegisterImport, Verdict
from fengtai.domain.points.ports import WHOLE, BringingIn, Imports, PointHistory, PointStore, Span
from fengtai.storage.memory.point_dossiers import MemoryPointHistory
from fengtai.storage.memory.points import MemoryPoints
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

Twin = TypeVar("Twin")
_GOOD = (Verdict.NEW, Verdict.CHANGED)


class MemoryImports:
    def __init__(self) -> None:
        self.jobs: dict[str, RegisterImport] = {}
        self.staged: dict[tuple[str, int], ImportRow] = {}
        self.points: dict[tuple[str, int], Point] = {}

    def get(self, import_id: str) -> RegisterImport:
        try:
            return self.jobs[import_id]
        except KeyError:
            raise NotFound(f"there is no import {import_id}") from None

    def save(self, job: RegisterImport) -> None:
        self.jobs[job.id] = job

    def latest(self, *, limit: int) -> Sequence[RegisterImport]:
        return sorted(self.jobs.values(), key=lambda job: (job.started_at_ms, job.id), reverse=True)[:limit]

    def under_way(self) -> Sequence[RegisterImport]:
        found = [job for job in self.jobs.values() if job.state in UNDER_WAY]
        return sorted(found, key=lambda job: job.started_at_ms)

    def prepared(
        self, rows: Sequence[ImportRow], points: Mapping[int, Point]
    ) -> Sequence[tuple[ImportRow, Point | None]]:
        return [(row, points.get(row.row)) for row in rows]

    def add_rows(self, prepared: Sequence[tuple[ImportRow, Point | None]]) -> None:
        for row, point in prepared:
            self.staged[row.import_id, row.row] = row
            if point is not None:
                self.points[row.import_id, row.row] = point

    def rows(
        self, import_id: str, *, verdict: Verdict | None = None, after_row: int = 0, limit: int = 100
    ) -> Sequence[ImportRow]:
        return [
            row
            for (owner, number), row in sorted(self.staged.items())
            if owner == import_id and number > after_row and verdict in (None, row.verdict)
        ][:limit]

    def drop_rows(self, import_id: str, *, limit: int, keep_refused: bool = False) -> int:
        dropped = [
            key
            for key, row in sorted(self.staged.items())
            if key[0] == import_id and not (keep_refused and row.verdict is Verdict.REFUSED)
        ][:limit]
        for key in dropped:
            del self.staged[key]
            self.points.pop(key, None)
        return len(dropped)


class MemoryBringingIn:
    """Rows that are not seen yet wait beside the points and the history; the switch moves them over."""

    def __init__(self) -> None:
        self.switches: dict[str, bool] = {}
        self.at_ms: dict[str, int] = {}
        self._unit: UnitOfWork | None = None

    def bind(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def unsettled(self) -> Mapping[str, bool]:
        return dict(self.switches)

    def begin(self, import_id: str, *, at_ms: int) -> None:
        if import_id not in self.switches:
            self.switches[import_id], self.at_ms[import_id] = False, at_ms
            numbers = [point.number for _, point in self._good(import_id, WHOLE)]
            self._points.highest_numbers[import_id] = max(numbers, default=0)

    def lot_after(self, import_id: str, row: int, *, limit: int) -> int:
        rows = [staged.row for staged, _ in self._good(import_id, WHOLE) if staged.row > row]
        return max(rows[:limit], default=0)

    def stale_rows(self, import_id: str, span: Span = WHOLE) -> int:
        others = [point for (owner, _), point in self._points.unseen.items() if owner != import_id]
        present = {**self._points.by_id, **{f"unseen {point.id}": point for point in others}}.values()
        claimed = {point.id for point in others}
        stale = 0
        for row, wanted in self._good(import_id, span):
            seen = self._points.by_id.get(row.point_id)
            if row.verdict is Verdict.CHANGED and (
                seen is None or seen.version != row.seen_version or seen.id in claimed
            ):
                stale += 1
            strangers = [point for point in present if point.id != wanted.id]
            stale += any(point.number == wanted.number for point in strangers)
            stale += any(point.code == wanted.code for point in strangers)
            stale += bool(wanted.device_id) and any(_channel(point) == _channel(wanted) for point in strangers)
        return stale

    def bring(self, job: RegisterImport, span: Span) -> None:
        for row, point in self._good(job.id, span):
            self._points.unseen[job.id, point.id] = point
            self._history.unseen.append(
                Revision(
                    point_id=point.id,
                    version=point.version,
                    at_ms=self.at_ms[job.id],
                    by=job.by,
                    by_name=job.by_name,
                    why=job.reason,
                    import_id=job.id,
                    changes=dict(row.changes),
                )
            )

    def take_back(self, import_id: str, span: Span) -> None:
        ids = {point.id for _, point in self._good(import_id, span)}
        for point_id in ids:
            self._points.unseen.pop((import_id, point_id), None)
        self._history.unseen = [
            line for line in self._history.unseen if line.import_id != import_id or line.point_id not in ids
        ]

    def switch_on(self, import_id: str) -> None:
        for key, point in list(self._points.unseen.items()):
            if key[0] == import_id:
                self._points.by_id[point.id] = self._points.unseen.pop(key)
        self._history.revisions += [line for line in self._history.unseen if line.import_id == import_id]
        self._history.unseen = [line for line in self._history.unseen if line.import_id != import_id]
        self.switches[import_id] = True
        self._points.highest_numbers.pop(import_id, None)

    def clear_away(self, import_id: str, span: Span) -> None:
        """Nothing to do: a dict keeps one row of a point."""

    def settle(self, import_id: str) -> None:
        if self.switches.get(import_id) is False:
            self.switch_on(import_id)
        self.switches.pop(import_id, None)
        self.at_ms.pop(import_id, None)

    def _good(self, import_id: str, span: Span) -> list[tuple[ImportRow, Point]]:
        imports = self._unit_store(Imports, MemoryImports)
        return [
            (row, imports.points[key])
            for key, row in sorted(imports.staged.items())
            if key[0] == import_id and row.verdict in _GOOD and span.after < row.row <= span.last
        ]

    @property
    def _points(self) -> MemoryPoints:
        return self._unit_store(PointStore, MemoryPoints)

    @property
    def _history(self) -> MemoryPointHistory:
        return self._unit_store(PointHistory, MemoryPointHistory)

    def _unit_store(self, port: type[Any], twin: type[Twin]) -> Twin:
        assert self._unit is not None
        found = self._unit.store(port)
        assert isinstance(found, twin)
        return found


def _channel(point: Point) -> tuple[str, str]:
    return point.device_id, point.channel_id


STORES: Mapping[type[Any], type[Any]] = {Imports: MemoryImports, BringingIn: MemoryBringingIn}

"""Rows of a file against the register: new, changed field by field, unchanged, or refused with the reason.

A row means the point that has its code, else the one that has its number; without either it is a new point. An empty cell
leaves what stands. Works on a lot of rows at a time, in a unit that only reads.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.service import area_code_of
from fengtai.domain.points import rules
from fengtai.domain.points.model import Point, PointWords
from fengtai.domain.points.model.imports import ImportRow, RowProblem, Verdict
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.rules.field_table import BY_NAME, CLEARED, Cell, Field, differences, text_of, told, words_of
from fengtai.domain.points.service.edit import area_of_code, as_point
from fengtai.domain.points.service.importing.tables_in import LONGEST_CELL
from fengtai.domain.points.service.seen import check_rights
from fengtai.vocabulary.errors import FengtaiError, Invalid
from fengtai.vocabulary.transactions import UnitOfWork

_NEW = told(PointWords(name=""))
Given = dict[str, Any]


@dataclass(slots=True)
class Comparison:
    """One run over a file. Remembers which numbers, codes and channels its rows have claimed so far."""

    import_id: str
    headers: Sequence[str]
    mapping: Mapping[str, str]
    by: Actor
    """whose import it is: what they may not change by hand, a file does not change for them"""
    next_number: int
    taken_later: frozenset[int]
    """numbers that the file gives somewhere: none of them is proposed"""
    counts: dict[str, int] = field(default_factory=lambda: {verdict.value: 0 for verdict in Verdict})
    seen: Any = field(default_factory=hashlib.sha256)
    """digest of what was compared with what: the token that applying names"""
    _is_free_everywhere: bool | None = None
    _claimed: dict[object, int] = field(default_factory=dict)
    _areas: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, set[str]] = field(default_factory=dict)
    _columns: list[tuple[Field, str, int]] = field(default_factory=list)
    _organisations: dict[str, str | None] = field(default_factory=dict)

    def lot(
        self, uow: UnitOfWork, lines: Sequence[tuple[int, Sequence[Cell]]]
    ) -> tuple[list[ImportRow], dict[int, Point]]:
        """What each of these rows means, and the points of those that are new or changed."""
        if not self._organisations:
            self._know_organisations(uow)
            at = {header: index for index, header in enumerate(self.headers)}
            self._columns = [(BY_NAME[name], header, at[header]) for name, header in self.mapping.items()]
        read = [(row, *self._read(cells)) for row, cells in lines]
        present = _Present(
            uow.store(PointStore).standing_at(
                numbers={given["number"] for _, given, _ in read if given.get("number")},
                codes={given["code"] for _, given, _ in read if given.get("code")},
                channels={_channel(given) for _, given, _ in read if given.get("channel_id")},
            )
        )
        rows: list[ImportRow] = []
        points: dict[int, Point] = {}
        for row, given, problems in read:
            meant, point = self._meant(uow, row, given, problems, present)
            rows.append(meant)
            if point is not None:
                points[row] = point
            self.counts[meant.verdict.value] += 1
            self.seen.update(f"{row} {meant.verdict.value} {meant.point_id} {meant.seen_version}\n".encode())
        return rows, points

    def _read(self, cells: Sequence[Cell]) -> tuple[Given, list[RowProblem]]:
        given: Given = {}
        problems: list[RowProblem] = []
        for kind, header, index in self._columns:
            cell = cells[index] if index < len(cells) else None
            text = text_of(cell)
            if not text:
                continue
            try:
                if len(text) > LONGEST_CELL:
                    raise Invalid(f"the cell has {len(text)} characters; at most {LONGEST_CELL} are read")
                given[kind.name] = kind.empty if text in CLEARED else kind.read(cell)
            except Invalid as error:
                problems.append(RowProblem(column=header, reason=str(error)))
        return given, problems

    def _meant(
        self, uow: UnitOfWork, row: int, given: Given, problems: list[RowProblem], present: "_Present"
    ) -> tuple[ImportRow, Point | None]:
        before: Point | None = None
        try:
            if not problems:
                before = present.point_of(given)
                point = self._point(uow, given, before, present)
                self._check_rights(uow, before, point)
                self._claim(row, point, before)
                return self._verdict(row, before, point)
        except FengtaiError as error:
            problems.append(RowProblem(column=self._header(getattr(error, "field", "")), reason=str(error)))
        name, number = str(given.get("name", "")), int(given.get("number", 0) or 0)
        refused = ImportRow(
            import_id=self.import_id,
            row=row,
            verdict=Verdict.REFUSED,
            name=name[:200],
            number=number if abs(number) < 2**31 else 0,
            problems=tuple(problems),
        )
        return refused, None

    def _verdict(self, row: int, before: Point | None, point: Point) -> tuple[ImportRow, Point | None]:
        changes = differences(before, point)
        verdict = Verdict.NEW if before is None else Verdict.CHANGED if changes else Verdict.UNCHANGED
        meant = ImportRow(
            import_id=self.import_id,
            row=row,
            verdict=verdict,
            point_id=point.id,
            seen_version=before.version if before else 0,
            name=point.name,
            number=point.number,
            changes=changes,
        )
        return meant, point if verdict is not Verdict.UNCHANGED else None

    def _point(self, uow: UnitOfWork, given: Given, before: Point | None, present: "_Present") -> Point:
        flat = dict(told(before)) if before else dict(_NEW)
        if before is None:
            flat["organisation_id"] = self._organisations[""]
        flat |= given
        if "organisation" in given:
            flat["organisation_id"] = self._organisation(given["organisation"])
        if "datum" in given and "longitude" not in given and before is not None:
            raise Invalid("a datum is given together with a position", field="datum")
        if "longitude" in given and "datum" not in given:
            flat["datum"] = _NEW["datum"]
        if before is None and not flat["name"]:
            raise Invalid("a new point needs a name", field="name")
        words = words_of(flat)
        rules.check(words)
        words = self._completed(uow, words, present)
        return as_point(before.id if before else uow.new_id(), before.version + 1 if before else 1, words, before)

    def _completed(self, uow: UnitOfWork, words: PointWords, present: "_Present") -> PointWords:
        number = words.number
        if not number:
            while self.next_number in self.taken_later:
                self.next_number += 1
            number = self.next_number
            self.next_number += 1
        area_code = words.area_code or self._area_of(uow, words.organisation_id)
        code = words.code
        if not code:
            proposed, serial = rules.code_for(area_code, words.device_id, number), number
            while f"code {proposed}" in self._claimed or proposed.text in self._codes_in(uow, proposed.domain):
                serial += 1
                proposed = rules.code_beside(proposed, serial)
            code = str(proposed)
        return replace(words, number=number, code=code, area_code=area_code or area_of_code(code))

    def _check_rights(self, uow: UnitOfWork, before: Point | None, point: Point) -> None:
        if self._is_free_everywhere is None:
            wanted = (Permission.POINTS_EDIT, Permission.DEVICES_SEE)
            self._is_free_everywhere = all(self.by.reach(permission).is_everywhere for permission in wanted)
        if self._is_free_everywhere:
            return
        if before is not None and not self.by.may(Permission.POINTS_EDIT, before.place):
            raise Invalid("this code or number belongs to a point that you may not change", field="code")
        check_rights(uow, before, point, self.by)

    def _claim(self, row: int, point: Point, before: Point | None) -> None:
        claims = [(f"number {point.number}", "number"), (f"code {point.code}", "code")]
        if point.device_id:
            claims.append((f"channel {point.device_id} {point.channel_id}", "channel_id"))
        if before is not None:
            claims.append((f"point {before.id}", "code"))
        for claim, name in claims:
            if claim in self._claimed:
                raise Invalid(f"row {self._claimed[claim]} of this file has the same {claim.split()[0]}", field=name)
        self._claimed.update(dict.fromkeys((claim for claim, _ in claims), row))

    def _codes_in(self, uow: UnitOfWork, domain: str) -> set[str]:
        if domain not in self._codes:
            self._codes[domain] = uow.store(PointStore).codes_in(domain)
        return self._codes[domain]

    def _know_organisations(self, uow: UnitOfWork) -> None:
        store = uow.store(OrganisationStore)
        for organisation in store.all():
            self._organisations[organisation.id] = organisation.id
            doubled = organisation.name in self._organisations
            self._organisations[organisation.name] = None if doubled else organisation.id
        root = store.root()
        if root is None:
            raise Invalid("there is no organisation yet: finish the set-up first")
        self._organisations[""] = root.id

    def _organisation(self, name: str) -> str:
        if name not in self._organisations:
            raise Invalid(f"there is no organisation {name[:60]!r}", field="organisation")
        found = self._organisations[name]
        if found is None:
            raise Invalid(f"several organisations are called {name[:60]!r}: give the id", field="organisation")
        return found

    def _area_of(self, uow: UnitOfWork, organisation_id: str) -> str:
        if organisation_id not in self._areas:
            self._areas[organisation_id] = area_code_of(uow, organisation_id)
        return self._areas[organisation_id]

    def _header(self, name: str) -> str:
        return self.mapping.get("organisation" if name == "organisation_id" else name, name)


class _Present:
    """The points that stand where this lot of rows points at."""

    def __init__(self, points: Iterable[Point]) -> None:
        self._by_number: dict[int, Point] = {}
        self._by_code: dict[str, Point] = {}
        self._by_channel: dict[tuple[str, str], Point] = {}
        for point in points:
            self._by_number[point.number] = point
            self._by_code[point.code] = point
            self._by_channel[point.device_id, point.channel_id] = point

    def point_of(self, given: Given) -> Point | None:
        """The point that a row means. Raise Invalid when its code, number and channel belong to different ones."""
        by_code = self._by_code.get(given.get("code", ""))
        by_number = self._by_number.get(given.get("number", 0))
        if by_code and by_number and by_code.id != by_number.id:
            raise Invalid(f"the number {by_number.number} belongs to another point, {by_number.name!r}", field="number")
        meant = by_code or by_number
        holder = self._by_channel.get(_channel(given)) if given.get("channel_id") else None
        if holder is not None and (meant is None or holder.id != meant.id):
            raise Invalid(f"this channel belongs to point {holder.number} {holder.name!r}", field="channel_id")
        return meant


def _channel(given: Given) -> tuple[str, str]:
    return given.get("device_id", ""), given.get("channel_id", "")

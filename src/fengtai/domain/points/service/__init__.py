"""The register of points. One call, one unit, one audit line; points of accepted devices are made by subscription."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.model.areas import NO_AREAS, Area, AreaTree
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.rules import check_area_code
from fengtai.domain.points import rules
from fengtai.domain.points.model import Box, PlacedPoint, Point, PointPresence, PointQuery, PointWords, Term
from fengtai.domain.points.model.dossier import Revision
from fengtai.domain.points.model.words import folded, terms
from fengtai.domain.points.ports import PointHistory, PointStore
from fengtai.domain.points.service.dossiers import PointDossiers as PointDossiers
from fengtai.domain.points.service.edit import as_point, check_unique, completed, save
from fengtai.domain.points.service.exporting import PAGE, Language, cells, csv_table, xlsx_table
from fengtai.domain.points.service.from_devices import catalogue_changed, device_enrolled
from fengtai.domain.points.service.importing import RegisterImporter as RegisterImporter
from fengtai.domain.points.service.on_map import PointMap as PointMap
from fengtai.domain.points.service.presence import presences
from fengtai.domain.points.service.seen import check_rights, seen_point
from fengtai.vocabulary.errors import Conflict
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_ON_MAP = 5000
_SHORTEST_NAME = 2
_LOOKS = 20
"""How many pages are looked through for points in one state before a short page is answered."""


class PointRegister:
    def __init__(self, *, transactions: Transactions, areas: AreaTree = NO_AREAS) -> None:
        self._transactions, self._areas = transactions, areas

    def subscriptions(self) -> Mapping[str, Callable[[UnitOfWork, LoggedEvent], None]]:
        return {"devices.enrolled": device_enrolled, "devices.catalogue_changed": catalogue_changed}

    async def get(self, point_id: str, *, by: Actor) -> Point:
        """Raise NotFound for a point that is not there and, in the same words, for one out of reach."""
        return await self._transactions.read(lambda uow: seen_point(uow, point_id, by))

    async def page(self, *, after_number: int = 0, limit: int = 200, text: str = "") -> Sequence[Point]:
        """By number, all there are: for the platform itself. `text` is looked for as `find` does."""
        query = PointQuery(after_number=after_number, limit=limit)
        found, _ = await self._transactions.read(lambda uow: self._found(uow, query, text, None))
        return [placed.point for placed in found]

    async def find(
        self,
        query: PointQuery,
        *,
        text: str = "",
        organisation_id: str = "",
        presence: PointPresence | None = None,
        by: Actor,
    ) -> tuple[Sequence[PlacedPoint], int | None]:
        """Points by number, with their presence, and where to go on. Each word of `text` must be meant: by name,
        address, number, code, area or organisation. `organisation_id` lets through what is its own or lies below it.
        A page may be short although more follow."""

        def find(uow: UnitOfWork) -> tuple[Sequence[PlacedPoint], int | None]:
            return self._found(uow, _below(uow, within, organisation_id), text, presence)

        within = replace(query, within=by.reach(Permission.POINTS_SEE))
        return await self._transactions.read(find)

    async def in_box(self, box: Box, *, limit: int = MOST_ON_MAP, by: Actor) -> Sequence[PlacedPoint]:
        """The points that a map shows, with the presence of the devices that carry them, as of one moment."""
        rules.check_box(box)
        within = by.reach(Permission.POINTS_SEE)
        return await self._transactions.read(
            lambda uow: presences(uow, uow.store(PointStore).in_box(box, limit=limit, within=within))
        )

    async def nearest(
        self, position: Position, *, within_m: float = 1000.0, limit: int = 6
    ) -> Sequence[tuple[Point, float]]:
        return await self._transactions.read(
            lambda uow: uow.store(PointStore).nearest(position, within_m=within_m, limit=limit)
        )

    async def create(self, words: PointWords, *, why: str = "", by: Actor) -> Point:
        return await self._transactions.write(lambda uow: _save(uow, None, words, why, by))

    async def change(self, point_id: str, words: PointWords, *, version: int = 0, why: str = "", by: Actor) -> Point:
        """Raise Conflict when the point is not at `version` any more (0: whatever stands)."""

        def change(uow: UnitOfWork) -> Point:
            present = seen_point(uow, point_id, by, Permission.POINTS_EDIT)
            if version and version != present.version:
                raise Conflict(
                    f"point {present.number} has been changed meanwhile: it is at version {present.version}, "
                    f"not {version}; look at it again"
                )
            return _save(uow, present, words, why, by)

        return await self._transactions.write(change)

    async def history(
        self, point_id: str, *, before_version: int = 0, limit: int = 100, by: Actor
    ) -> Sequence[Revision]:
        def read(uow: UnitOfWork) -> Sequence[Revision]:
            seen_point(uow, point_id, by)
            return uow.store(PointHistory).of(point_id, before_version=before_version, limit=limit)

        return await self._transactions.read(read)

    async def exported(self, *, organisation_id: str, area: str, text: str, by: Actor) -> PointQuery:
        """What an export holds; written down before the first byte goes out."""

        def work(uow: UnitOfWork) -> PointQuery:
            query = PointQuery(
                limit=PAGE,
                area_prefix=check_area_code(area, field="area"),
                terms=self._meant(uow, text),
                within=by.reach(Permission.POINTS_SEE),
            )
            uow.store(AuditLog).append(
                by.entry("point.export", "points", organisation_id=organisation_id, area=area, text=text)
            )
            return _below(uow, query, organisation_id)

        return await self._transactions.write(work)

    def as_csv(self, query: PointQuery, language: Language) -> AsyncIterator[bytes]:
        return csv_table(self._lines(query, language), language)

    async def as_xlsx(self, query: PointQuery, language: Language) -> bytes:
        lines: list[Sequence[str]] = []
        async for page in self._lines(query, language):
            lines += page
        return await self._transactions.read(lambda _: xlsx_table(lines, language))  # in a thread of readers

    async def _lines(self, query: PointQuery, language: Language) -> AsyncIterator[Sequence[Sequence[str]]]:
        further: int | None = 0
        while further is not None:
            lines, further = await self._transactions.read(
                partial(_page_of_lines, query=replace(query, after_number=further), language=language)
            )
            yield lines

    def area(self, code: str) -> Area:
        """The names along an area code; of an unknown or abolished one it says so."""
        return self._areas.area(code)

    def _found(
        self, uow: UnitOfWork, query: PointQuery, text: str, presence: PointPresence | None
    ) -> tuple[Sequence[PlacedPoint], int | None]:
        query = replace(query, terms=self._meant(uow, text))
        if presence is None:
            points, further = uow.store(PointStore).page(query)
            return presences(uow, points), further
        kept: list[PlacedPoint] = []
        further = None
        for _ in range(_LOOKS):
            points, further = uow.store(PointStore).page(query)
            for placed in presences(uow, points):
                if placed.presence is presence:
                    kept.append(placed)
                    if len(kept) == query.limit:
                        return kept, placed.point.number
            if further is None:
                break
            query = replace(query, after_number=further)
        return kept, further

    def _meant(self, uow: UnitOfWork, text: str) -> tuple[Term, ...]:
        """The words, each with the organisations and areas that are called so."""
        words = terms(text)
        if not words:
            return ()
        names = [(folded(one.name), one.id) for one in uow.store(OrganisationStore).all()]
        return tuple(
            replace(
                word,
                organisation_ids=frozenset(one for name, one in names if word.text in name),
                area_codes=tuple(self._areas.named(word.text)),
            )
            if len(word.text) >= _SHORTEST_NAME and not word.digits
            else word
            for word in words
        )


def _below(uow: UnitOfWork, query: PointQuery, organisation_id: str) -> PointQuery:
    if not organisation_id:
        return query
    return replace(query, organisation_ids=uow.store(OrganisationStore).subtree_ids(organisation_id))


def _page_of_lines(
    uow: UnitOfWork, query: PointQuery, language: Language
) -> tuple[Sequence[Sequence[str]], int | None]:
    organisations = {one.id: one.name for one in uow.store(OrganisationStore).all()}
    points, further = uow.store(PointStore).page(query)
    return [cells(point, organisations, language) for point in points], further


def _save(uow: UnitOfWork, present: Point | None, words: PointWords, why: str, by: Actor) -> Point:
    rules.check(words)
    words = completed(uow, present, words)
    point = as_point(present.id if present else uow.new_id(), present.version + 1 if present else 1, words, present)
    check_rights(uow, present, point, by)
    check_unique(uow, point)
    entry = by.entry(
        f"point.{'change' if present else 'create'}",
        f"point:{point.id}",
        number=point.number,
        code=point.code,
        name=point.name,
        device_id=point.device_id,
        channel_id=point.channel_id,
        records=point.records,
        version=point.version,
        why=why,
    )
    return save(uow, present, point, entry=entry, by_name=by.name, why=why)

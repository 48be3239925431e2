"""The map of the whole city: a sheet of all placed points kept in memory, caught up with the event log before each answer.

The sheet is a copy that nobody relies upon: it is read from the register when it is first asked for, after an import, and
when too much has happened since; what it tells of single points is read from the register again (docs/design/map.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.devices.model import Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.points.model import PlacedPoint, PointPresence
from fengtai.domain.points.model.maps import AreaPage, MapView, MapWish, PlacedRow
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.rules import check_box
from fengtai.domain.points.rules.map_sheet import MapSheet, Standing, Told, sheet_of
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.events import EventReader
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_CORNERS = 100
MOST_CHANGES = 20_000
"""events since the last look, from which on reading everything anew is quicker"""
ROWS_AT_ONCE = 5_000
WAIT_SECONDS = 0.1
_NEVER = 2**62
"""an event that does not come: waiting for it takes the time that was said"""
_DEVICE_EVENTS = ("devices.came_online", "devices.went_offline", "devices.enrolled")


@dataclass(frozen=True, slots=True)
class _Drawn:
    sheet: MapSheet
    seq: int
    """of the last event that it knows of"""


class PointMap:
    def __init__(self, *, transactions: Transactions, events: EventReader) -> None:
        self._transactions, self._events = transactions, events
        self._drawn: _Drawn | None = None
        self._is_drawing = False

    async def tick(self) -> None:
        """Once, so that the first who looks does not wait for the sheet."""
        if self._drawn is None:
            await self._sheet()

    async def view(self, wish: MapWish, *, zoom: float, by: Actor) -> MapView:
        """What a frame shows. Bounded: some hundred points, some thousand clusters."""
        _check(wish)
        sheet, reach = await self._sheet(), by.reach(Permission.POINTS_SEE)

        def look(uow: UnitOfWork) -> MapView:
            overview = sheet.overview(sheet.found(wish, reach), zoom)
            points = _points(uow, overview.single, by)
            return MapView(total=overview.total, unwell=overview.unwell, clusters=overview.clusters, points=points)

        return await self._transactions.read(look)

    async def listed(self, wish: MapWish, *, after_number: int, limit: int, by: Actor) -> AreaPage:
        """The points of an area, by number: the twin of the map for those who do not see it, and what is selected."""
        _check(wish)
        sheet, reach = await self._sheet(), by.reach(Permission.POINTS_SEE)

        def look(uow: UnitOfWork) -> AreaPage:
            at = sheet.found(wish, reach)
            start = int(sheet.numbers[at].searchsorted(after_number, side="right"))
            page = sheet.told(at[start : start + limit])
            return AreaPage(
                total=int(at.size),
                unwell=sheet.unwell(at),
                points=_points(uow, page, by),
                further=page[-1].number if start + limit < at.size else None,
            )

        return await self._transactions.read(look)

    async def _sheet(self) -> MapSheet:
        """As of now: what was committed before this question is in the answer. Drawn by one, however many wait."""
        while self._is_drawing:
            await self._events.changed(_NEVER, seconds=WAIT_SECONDS)
        drawn, newest = self._drawn, await self._events.newest()
        if drawn is None or newest - drawn.seq > MOST_CHANGES:
            return await self._redraw(newest)
        sheet, seq = drawn.sheet, drawn.seq
        points, devices = set[str](), set[str]()
        while seq < newest and (events := await self._events.after(seq, limit=ROWS_AT_ONCE)):
            seq = events[-1].seq
            for event in events:
                if event.kind == "points.imported":
                    return await self._redraw(newest)
                if event.kind == "points.changed":
                    points.add(str(event.payload["point_id"]))
                elif event.kind in _DEVICE_EVENTS:
                    devices.add(str(event.payload["device_id"]))
        if points or devices:
            sheet = await self._transactions.read(lambda uow: _caught_up(uow, sheet, points, devices))
        return self._keep(_Drawn(sheet, seq))

    async def _redraw(self, newest: int) -> MapSheet:
        if self._is_drawing:  # somebody was quicker
            return await self._sheet()
        self._is_drawing = True
        try:
            return self._keep(_Drawn(await self._transactions.read(_all), newest))
        finally:
            self._is_drawing = False

    def _keep(self, drawn: _Drawn) -> MapSheet:
        """Two may have been at it at once: the newer one stays."""
        if self._drawn is None or self._drawn.seq <= drawn.seq:
            self._drawn = drawn
        return drawn.sheet


def _all(uow: UnitOfWork) -> MapSheet:
    rows: list[PlacedRow] = []
    standing: dict[str, PointPresence] = {}
    after = 0
    while page := uow.store(PointStore).placed(after_number=after, limit=ROWS_AT_ONCE):
        rows += page
        after = page[-1].number
        standing |= _standing(uow, {row.device_id for row in page})
    return sheet_of(rows, standing)


def _caught_up(uow: UnitOfWork, sheet: MapSheet, points: set[str], devices: set[str]) -> MapSheet:
    if devices:
        sheet = sheet.with_standing(devices, _standing(uow, devices))
    if points:
        rows = uow.store(PointStore).placed(after_number=0, limit=len(points), ids=points)
        sheet = sheet.with_changes(rows, points, _standing(uow, {row.device_id for row in rows}))
    return sheet


def _standing(uow: UnitOfWork, device_ids: set[str]) -> Standing:
    found = uow.store(DeviceStore).standings(sorted(device_ids - {""}))
    return {
        device_id: PointPresence.ONLINE
        if one.presence is Presence.ONLINE and one.enrolment is Enrolment.ACCEPTED
        else PointPresence.OFFLINE
        for device_id, one in found.items()
    }


def _points(uow: UnitOfWork, told: Sequence[Told], by: Actor) -> list[PlacedPoint]:
    """Read again: what has changed since the sheet was made is not shown to somebody who may not see it any more."""
    points = {point.id: point for point in uow.store(PointStore).by_ids([one.id for one in told])}
    return [
        PlacedPoint(point=point, presence=one.presence)
        for one in told
        if (point := points.get(one.id)) and point.position and by.may(Permission.POINTS_SEE, point.place)
    ]


def _check(wish: MapWish) -> None:
    check_box(wish.box)
    if wish.corners and not 3 <= len(wish.corners) <= MOST_CORNERS:
        raise Invalid(f"an area has 3 to {MOST_CORNERS} corners", field="corners")

"""Layouts of the wall: named, kept for a person, or shared by whoever may give rights. A layout opens nothing: each of its
pictures is asked for like any other, and points that somebody may not see are empty panes to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.model import MOST_ON_A_WALL, PANES, WallLayout
from fengtai.domain.live.ports import WallLayouts
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_OF_ONE_PERSON = 50
LONGEST_NAME = 60
SHORTEST_TURN_SECONDS, LONGEST_TURN_SECONDS = 5, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class WallWords:
    """What a person says of a layout."""

    name: str
    shared: bool
    panes: int
    point_ids: tuple[str, ...]
    turn_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLayout:
    layout: WallLayout
    points: Mapping[str, Point]
    """those whose live picture this person may see"""


class WallDesk:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def all(self, by: Actor) -> Sequence[SeenLayout]:
        """One's own, and shared ones with at least one point that one may see; by name."""

        def look(uow: UnitOfWork) -> Sequence[SeenLayout]:
            seen = [_seen(uow, layout, by) for layout in uow.store(WallLayouts).of(by.user_id)]
            return [one for one in seen if one.layout.owner_id == by.user_id or one.points]

        return await self._transactions.read(look)

    async def keep(self, words: WallWords, by: Actor) -> SeenLayout:
        """A new one. Raise Invalid, Conflict when the name is taken or there are too many, NotAllowed to share."""

        def save(uow: UnitOfWork) -> SeenLayout:
            if (
                len([one for one in uow.store(WallLayouts).of(by.user_id) if one.owner_id == by.user_id])
                >= MOST_OF_ONE_PERSON
            ):
                raise Conflict(f"a person keeps at most {MOST_OF_ONE_PERSON} layouts: remove one first")
            return _save(
                uow,
                WallLayout(id=uow.new_id(), owner_id=by.user_id, owner_name=by.name, version=0, **_fields(words)),
                by,
            )

        return await self._transactions.write(save)

    async def change(self, layout_id: str, words: WallWords, *, version: int, by: Actor) -> SeenLayout:
        """Raise NotFound for what is not one's own, Conflict when it is not at `version` any more."""

        def save(uow: UnitOfWork) -> SeenLayout:
            present = _own(uow, layout_id, by)
            if version != present.version:
                raise Conflict(f"the layout {present.name} has been changed meanwhile: look at it again")
            return _save(uow, replace(present, **_fields(words)), by)

        return await self._transactions.write(save)

    async def remove(self, layout_id: str, by: Actor) -> None:
        def drop(uow: UnitOfWork) -> None:
            present = _own(uow, layout_id, by)
            uow.store(WallLayouts).remove(layout_id)
            if present.shared:
                uow.store(AuditLog).append(by.entry("live.layout_remove", f"layout:{layout_id}", name=present.name))

        await self._transactions.write(drop)


def _fields(words: WallWords) -> dict[str, Any]:
    return {name: getattr(words, name) for name in ("name", "shared", "panes", "point_ids", "turn_seconds")}


def _own(uow: UnitOfWork, layout_id: str, by: Actor) -> WallLayout:
    layout = uow.store(WallLayouts).get(layout_id)
    if layout is None or layout.owner_id != by.user_id:
        raise NotFound(f"you keep no layout {layout_id}")
    return layout


def _save(uow: UnitOfWork, layout: WallLayout, by: Actor) -> SeenLayout:
    layout = replace(layout, name=layout.name.strip(), version=layout.version + 1)
    _check(layout)
    if layout.shared:
        by.require(Permission.GRANTS_EDIT)
    others = [one for one in uow.store(WallLayouts).of(by.user_id) if one.id != layout.id]
    if any(one.name == layout.name and one.owner_id == by.user_id for one in others):
        raise Conflict(f"you keep a layout called {layout.name} already: choose another name, or change that one")
    wanted = [one for one in layout.point_ids if one]
    seen = _seen(uow, layout, by)
    if missing := [one for one in wanted if one not in seen.points]:
        raise NotFound(f"there is no point {missing[0]}")
    uow.store(WallLayouts).save(layout)
    if layout.shared:
        uow.store(AuditLog).append(
            by.entry("live.layout_share", f"layout:{layout.id}", name=layout.name, points=len(wanted))
        )
    return seen


def _seen(uow: UnitOfWork, layout: WallLayout, by: Actor) -> SeenLayout:
    points = uow.store(PointStore).by_ids([one for one in layout.point_ids if one])
    return SeenLayout(
        layout=layout, points={point.id: point for point in points if by.may(Permission.LIVE_SEE, point.place)}
    )


def _check(layout: WallLayout) -> None:
    if not layout.name or len(layout.name) > LONGEST_NAME or not layout.name.isprintable():
        raise Invalid(f"a layout has a name of at most {LONGEST_NAME} characters", field="name")
    if layout.panes not in PANES:
        raise Invalid(f"a wall has {', '.join(map(str, PANES))} panes", field="panes")
    points = [one for one in layout.point_ids if one]
    if len(layout.point_ids) > MOST_ON_A_WALL or len(set(points)) != len(points):
        raise Invalid(f"a layout holds at most {MOST_ON_A_WALL} points, each of them once", field="point_ids")
    if layout.turn_seconds and not SHORTEST_TURN_SECONDS <= layout.turn_seconds <= LONGEST_TURN_SECONDS:
        raise Invalid(
            f"a turn takes {SHORTEST_TURN_SECONDS} to {LONGEST_TURN_SECONDS} seconds; 0: no turns", field="turn_seconds"
        )
    if not layout.turn_seconds and len(layout.point_ids) > layout.panes:
        raise Invalid(
            "there are more points than panes: say after how many seconds they take turns", field="turn_seconds"
        )

"""Routes of points: the register, dossiers, imports and exports. The fixed addresses stand before `/{point_id}`."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.organisations.rules import check_area_code
from fengtai.domain.points.api.dossiers import add_dossiers, add_uploads
from fengtai.domain.points.api.imports import add_imports
from fengtai.domain.points.api.on_map import add_map
from fengtai.domain.points.api.views import (
    Id,
    MapPoint,
    PointForm,
    PointHistoryPage,
    PointPage,
    PointView,
    map_view,
    point_view,
    revision_view,
)
from fengtai.domain.points.model import Box, Point, PointClass, PointPresence, PointQuery
from fengtai.domain.points.model.dossier import LegalClass
from fengtai.domain.points.service import PointDossiers, PointMap, PointRegister, RegisterImporter
from fengtai.vocabulary.clock import Clock

HISTORY_LIMIT = 100


class Wanted:
    """The question of a list, from the query string."""

    def __init__(
        self,
        after_number: int = Query(0, ge=0, le=2**31 - 1),
        limit: int = Query(200, ge=1, le=1000),
        organisation_id: Annotated[str, Field(max_length=32)] = "",
        area: str = Query("", max_length=12, description="beginning of an area code"),
        point_class: Literal["1", "2", "3", "9"] | None = None,
        legal_class: LegalClass | None = None,
        bound: bool | None = None,
        complete: bool | None = None,
    ) -> None:
        if area:
            check_area_code(area, field="area")
        self.query = PointQuery(
            after_number=after_number,
            limit=limit,
            area_prefix=area,
            point_class=PointClass(int(point_class)) if point_class else None,
            legal_class=legal_class,
            bound=bound,
            complete=complete,
        )
        self.organisation_id = organisation_id


def router(
    points: PointRegister,
    dossiers: PointDossiers,
    imports: RegisterImporter,
    on_map: PointMap,
    clock: Clock,
    who: Callable[..., Actor],
) -> APIRouter:
    routes = APIRouter(tags=["points"])
    _add_lists(routes, points, clock, who)
    add_map(routes, on_map, who)
    add_uploads(routes, dossiers, who)
    add_imports(routes, imports, points, who)
    _add_points(routes, points, clock, who)
    add_dossiers(routes, dossiers, who)
    return routes


def _add_lists(routes: APIRouter, points: PointRegister, clock: Clock, who: Callable[..., Actor]) -> None:
    @routes.get("/api/points", openapi_extra=needs(Permission.POINTS_SEE))
    async def list_points(
        wanted: Wanted = Depends(),
        text: str = Query("", max_length=100, description="name, address, number, code, area or organisation"),
        presence: PointPresence | None = None,
        by: Actor = Depends(who),
    ) -> PointPage:
        found, further = await points.find(
            wanted.query, text=text, organisation_id=wanted.organisation_id, presence=presence, by=by
        )
        today = _today(clock)
        items = [point_view(each.point, points.area(each.point.area_code), today, each.presence) for each in found]
        return PointPage(items=items, next=further)

    @routes.get("/api/points/map", openapi_extra=needs(Permission.POINTS_SEE))
    async def points_on_map(
        west: float, south: float, east: float, north: float, by: Actor = Depends(who)
    ) -> list[MapPoint]:
        placed = await points.in_box(Box(west=west, south=south, east=east, north=north), by=by)
        return [map_view(each) for each in placed]


def _add_points(routes: APIRouter, points: PointRegister, clock: Clock, who: Callable[..., Actor]) -> None:
    def view(point: Point) -> PointView:
        return point_view(point, points.area(point.area_code), _today(clock))

    @routes.get("/api/points/{point_id}", openapi_extra=needs(Permission.POINTS_SEE))
    async def get_point(point_id: Id, by: Actor = Depends(who)) -> PointView:
        return view(await points.get(point_id, by=by))

    @routes.post("/api/points", status_code=201, openapi_extra=needs(Permission.POINTS_EDIT))
    async def create_point(form: PointForm, by: Actor = Depends(who)) -> PointView:
        return view(await points.create(form.words(), why=form.why, by=by))

    @routes.put("/api/points/{point_id}", openapi_extra=needs(Permission.POINTS_EDIT))
    async def change_point(point_id: Id, form: PointForm, by: Actor = Depends(who)) -> PointView:
        return view(await points.change(point_id, form.words(), version=form.version, why=form.why, by=by))

    @routes.get("/api/points/{point_id}/history", openapi_extra=needs(Permission.POINTS_SEE))
    async def point_history(
        point_id: Id, before_version: int = Query(0, ge=0, le=2**31 - 1), by: Actor = Depends(who)
    ) -> PointHistoryPage:
        found = await points.history(point_id, before_version=before_version, limit=HISTORY_LIMIT, by=by)
        return PointHistoryPage(
            items=[revision_view(revision) for revision in found],
            next=found[-1].version if len(found) == HISTORY_LIMIT else None,
        )


def _today(clock: Clock) -> date:
    return clock.now().utc.date()

"""Routes of points."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.points.model import Box, PlacedPoint, Point, PointClass, PointPresence, PointWords
from fengtai.domain.points.service import PointRegister
from fengtai.vocabulary.places import Position


class PointPlace(BaseModel):
    longitude: float
    latitude: float


class PointForm(BaseModel):
    name: str = Field(max_length=120)
    number: int = Field(0, description="0: the next free one, or the present one")
    code: str = Field("", max_length=20, description="empty: one is proposed, or the present one is kept")
    organisation_id: str = Field("", max_length=32)
    point_class: PointClass = PointClass.THREE
    position: PointPlace | None = None
    view_degrees: int | None = None
    view_angle_degrees: int | None = None
    address: str = Field("", max_length=500)
    device_id: str = Field("", max_length=20)
    channel_id: str = Field("", max_length=20)
    records: bool = True
    audio: bool = False
    retention_days: int = 30


class PointView(BaseModel):
    id: str
    number: int
    code: str
    name: str
    organisation_id: str
    point_class: PointClass
    position: PointPlace | None
    view_degrees: int | None
    view_angle_degrees: int | None
    address: str
    device_id: str
    channel_id: str
    records: bool
    audio: bool
    retention_days: int


class PointPage(BaseModel):
    items: list[PointView]
    next: int | None = Field(description="give it as after_number")


class MapPoint(BaseModel):
    id: str
    number: int
    name: str
    longitude: float
    latitude: float
    point_class: PointClass
    view_degrees: int | None
    view_angle_degrees: int | None
    presence: PointPresence


def router(points: PointRegister, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["points"])

    @routes.get("/api/points", openapi_extra=needs(Permission.POINTS_SEE))
    async def list_points(
        after_number: int = Query(0, ge=0, le=2**31 - 1), limit: int = Query(200, ge=1, le=1000), text: str = ""
    ) -> PointPage:
        found = await points.page(after_number=after_number, limit=limit, text=text)
        return PointPage(
            items=[_view(point) for point in found], next=found[-1].number if len(found) == limit else None
        )

    @routes.get("/api/points/map", openapi_extra=needs(Permission.POINTS_SEE))
    async def points_on_map(west: float, south: float, east: float, north: float) -> list[MapPoint]:
        placed = await points.in_box(Box(west=west, south=south, east=east, north=north))
        return [_map_view(each) for each in placed]

    @routes.get("/api/points/{point_id}", openapi_extra=needs(Permission.POINTS_SEE))
    async def get_point(point_id: str) -> PointView:
        return _view(await points.get(point_id))

    @routes.post("/api/points", status_code=201, openapi_extra=needs(Permission.POINTS_EDIT))
    async def create_point(form: PointForm, by: Actor = Depends(who)) -> PointView:
        return _view(await points.create(_words(form), by=by))

    @routes.put("/api/points/{point_id}", openapi_extra=needs(Permission.POINTS_EDIT))
    async def change_point(point_id: str, form: PointForm, by: Actor = Depends(who)) -> PointView:
        return _view(await points.change(point_id, _words(form), by=by))

    return routes


def _words(form: PointForm) -> PointWords:
    return PointWords(
        name=form.name,
        number=form.number,
        code=form.code,
        organisation_id=form.organisation_id,
        point_class=form.point_class,
        position=Position(form.position.longitude, form.position.latitude) if form.position else None,
        view_degrees=form.view_degrees,
        view_angle_degrees=form.view_angle_degrees,
        address=form.address,
        device_id=form.device_id,
        channel_id=form.channel_id,
        records=form.records,
        audio=form.audio,
        retention_days=form.retention_days,
    )


def _view(point: Point) -> PointView:
    place = point.position
    return PointView(
        id=point.id,
        number=point.number,
        code=point.code,
        name=point.name,
        organisation_id=point.organisation_id,
        point_class=point.point_class,
        position=PointPlace(longitude=place.longitude, latitude=place.latitude) if place else None,
        view_degrees=point.view_degrees,
        view_angle_degrees=point.view_angle_degrees,
        address=point.address,
        device_id=point.device_id,
        channel_id=point.channel_id,
        records=point.records,
        audio=point.audio,
        retention_days=point.retention_days,
    )


def _map_view(placed: PlacedPoint) -> MapPoint:
    point = placed.point
    assert point.position is not None  # the store looks inside a box
    return MapPoint(
        id=point.id,
        number=point.number,
        name=point.name,
        longitude=point.position.longitude,
        latitude=point.position.latitude,
        point_class=point.point_class,
        view_degrees=point.view_degrees,
        view_angle_degrees=point.view_angle_degrees,
        presence=placed.presence,
    )

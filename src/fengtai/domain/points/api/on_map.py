"""Routes of the map: a frame by zoom, and the points of an area as a list."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.points.api.views import MapPoint, map_view
from fengtai.domain.points.model import Box, PointPresence
from fengtai.domain.points.model.maps import Cluster, MapWish
from fengtai.domain.points.service import PointMap
from fengtai.vocabulary.errors import Invalid

Degrees = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]


class MapCluster(BaseModel):
    longitude: float
    latitude: float
    count: int
    offline: int
    unbound: int
    classes: dict[int, int] = Field(description="how many of each class (GB/T 28181 PointType)")


class MapFrame(BaseModel):
    total: int = Field(description="points in the frame, one by one or in clusters")
    unwell: int = Field(description="of them, offline or without a device")
    clusters: list[MapCluster]
    points: list[MapPoint]


class AreaPoints(BaseModel):
    items: list[MapPoint]
    next: int | None
    total: int
    unwell: int


class Framed:
    """Frame and filters, from the query string."""

    def __init__(
        self,
        west: Degrees,
        south: Degrees,
        east: Degrees,
        north: Degrees,
        presence: Annotated[list[PointPresence], Query(max_length=3)] = [],  # noqa: B006 - read by FastAPI only
        point_class: Annotated[list[int], Query(max_length=4)] = [],  # noqa: B006
    ) -> None:
        self.wish = MapWish(
            box=Box(west=west, south=south, east=east, north=north),
            presences=frozenset(presence),
            classes=frozenset(point_class),
        )


def add_map(routes: APIRouter, on_map: PointMap, who: Callable[..., Actor]) -> None:
    @routes.get("/api/points/map/frame", openapi_extra=needs(Permission.POINTS_SEE))
    async def map_frame(
        zoom: Annotated[float, Query(ge=0, le=24, allow_inf_nan=False)],
        framed: Framed = Depends(),
        by: Actor = Depends(who),
    ) -> MapFrame:
        seen = await on_map.view(framed.wish, zoom=zoom, by=by)
        return MapFrame(
            total=seen.total,
            unwell=seen.unwell,
            clusters=[_cluster_view(cluster) for cluster in seen.clusters],
            points=[map_view(placed) for placed in seen.points],
        )

    @routes.get("/api/points/map/list", openapi_extra=needs(Permission.POINTS_SEE))
    async def points_in_area(
        framed: Framed = Depends(),
        corners: Annotated[str, Query(max_length=4000, description="of an area: longitude,latitude;…")] = "",
        after_number: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        by: Actor = Depends(who),
    ) -> AreaPoints:
        wish = MapWish(
            box=framed.wish.box,
            corners=_corners(corners),
            presences=framed.wish.presences,
            classes=framed.wish.classes,
        )
        page = await on_map.listed(wish, after_number=after_number, limit=limit, by=by)
        items = [map_view(placed) for placed in page.points]
        return AreaPoints(items=items, next=page.further, total=page.total, unwell=page.unwell)


def _corners(text: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [pair.split(",") for pair in text.split(";") if pair]
        return tuple((float(longitude), float(latitude)) for longitude, latitude in pairs)
    except ValueError as error:
        raise Invalid(
            "the corners of an area are given as longitude,latitude;longitude,latitude;…", field="corners"
        ) from error


def _cluster_view(cluster: Cluster) -> MapCluster:
    return MapCluster(
        longitude=cluster.longitude,
        latitude=cluster.latitude,
        count=cluster.count,
        offline=cluster.offline,
        unbound=cluster.unbound,
        classes=cluster.classes,
    )

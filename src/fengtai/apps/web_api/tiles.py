"""The customer's own map over HTTP: what it is, and its tiles. Every signed-in person may see the backdrop."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Path
from fastapi.responses import Response
from pydantic import BaseModel, Field

from fengtai.apps.tiles.tile_book import Basemap, TileBook, TileDatum
from fengtai.apps.tiles.tile_checks import DEEPEST_ZOOM, VECTOR, inflated
from fengtai.domain.access.model import signed_in
from fengtai.vocabulary.errors import NotFound

_KEPT = "private, max-age=604800, immutable"
"""the address names the version of the map"""


class BasemapView(BaseModel):
    version: str
    attribution: str
    approval_number: str = Field(description="审图号; shown on the map always")
    datum: TileDatum = Field(description="gcj02: positions are converted before they are drawn")
    is_vector: bool
    min_zoom: int
    max_zoom: int
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north")
    width: int = Field(description="px of a tile")
    layers: list[str] = Field(description="of vector tiles")

    @classmethod
    def of(cls, basemap: Basemap) -> "BasemapView":
        return cls(
            **{name: getattr(basemap, name) for name in cls.model_fields if name != "layers"},
            layers=list(basemap.layers),
        )


class MapView(BaseModel):
    basemap: BasemapView | None = Field(description="null: the invented demo city")


Coordinate = Annotated[int, Path(ge=0, lt=1 << DEEPEST_ZOOM)]


def tile_routes(book: TileBook) -> APIRouter:
    routes = APIRouter(prefix="/api/map", tags=["map"])

    @routes.get("", openapi_extra=signed_in())
    async def map_in_use() -> MapView:
        basemap = await asyncio.to_thread(book.basemap)
        return MapView(basemap=None if basemap is None else BasemapView.of(basemap))

    @routes.get("/tiles/{version}/{zoom}/{column}/{row}", openapi_extra=signed_in(), response_class=Response)
    async def tile(
        version: Annotated[str, Path(max_length=32)],
        zoom: Annotated[int, Path(ge=0, le=DEEPEST_ZOOM)],
        column: Coordinate,
        row: Coordinate,
        accept_encoding: Annotated[str, Header(include_in_schema=False)] = "",
    ) -> Response:
        """A tile as it was brought in; 204 where the map has none."""
        kept = await asyncio.to_thread(book.tile, version, zoom, column, row)
        if kept is None:
            basemap = await asyncio.to_thread(book.basemap)
            if basemap is None or basemap.version != version:
                raise NotFound("this map is not in use (any more)")
            return Response(status_code=204, headers={"Cache-Control": _KEPT})
        headers, content = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}, kept.content
        if kept.media_type == VECTOR and "gzip" in accept_encoding:
            headers["Content-Encoding"] = "gzip"
        elif kept.media_type == VECTOR:
            content = inflated(content)
        return Response(content, media_type=kept.media_type, headers=headers)

    return routes

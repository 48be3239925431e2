"""Routes of the wall's layouts."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.live.model import MOST_ON_A_WALL
from fengtai.domain.live.service import WallDesk
from fengtai.domain.live.service.walls import LONGEST_NAME, SeenLayout, WallWords


class LayoutForm(BaseModel):
    name: str = Field(max_length=LONGEST_NAME)
    shared: bool = Field(False, description="for everybody; needs grants.edit")
    panes: int = Field(description="1, 4, 6, 8, 9, 13 or 16")
    point_ids: list[Annotated[str, Field(max_length=32)]] = Field(
        max_length=MOST_ON_A_WALL, description="by pane; empty words for empty panes"
    )
    turn_seconds: int = Field(0, description="after which the next points take their turn; 0: they stand")

    def words(self) -> WallWords:
        return WallWords(
            **{
                **self.model_dump(include={"name", "shared", "panes", "turn_seconds"}),
                "point_ids": tuple(self.point_ids),
            }
        )


class LayoutChange(LayoutForm):
    version: int = Field(ge=1, description="the one that was read")


class LayoutPoint(BaseModel):
    id: str
    number: int
    name: str


class LayoutView(BaseModel):
    id: str
    name: str
    shared: bool
    mine: bool
    owner_name: str
    panes: int
    points: list[LayoutPoint | None] = Field(description="by pane; null: empty, or not for this person to see")
    turn_seconds: int
    version: int

    @classmethod
    def of(cls, seen: SeenLayout, by: Actor) -> "LayoutView":
        layout = seen.layout
        points = [seen.points.get(point_id) for point_id in layout.point_ids]
        return cls(
            id=layout.id,
            name=layout.name,
            shared=layout.shared,
            mine=layout.owner_id == by.user_id,
            owner_name=layout.owner_name,
            panes=layout.panes,
            points=[LayoutPoint(id=one.id, number=one.number, name=one.name) if one else None for one in points],
            turn_seconds=layout.turn_seconds,
            version=layout.version,
        )


class LayoutsView(BaseModel):
    items: list[LayoutView]


def add_walls(routes: APIRouter, walls: WallDesk, who: Callable[..., Actor]) -> None:
    see: dict[str, Any] = needs(Permission.LIVE_SEE)

    @routes.get("/layouts", openapi_extra=see)
    async def layouts(by: Actor = Depends(who)) -> LayoutsView:
        return LayoutsView(items=[LayoutView.of(seen, by) for seen in await walls.all(by)])

    @routes.post("/layouts", status_code=201, openapi_extra=see)
    async def keep_layout(form: LayoutForm, by: Actor = Depends(who)) -> LayoutView:
        return LayoutView.of(await walls.keep(form.words(), by), by)

    @routes.put("/layouts/{layout_id}", openapi_extra=see)
    async def change_layout(layout_id: str, form: LayoutChange, by: Actor = Depends(who)) -> LayoutView:
        return LayoutView.of(await walls.change(layout_id, form.words(), version=form.version, by=by), by)

    @routes.delete("/layouts/{layout_id}", status_code=204, openapi_extra=see)
    async def remove_layout(layout_id: str, by: Actor = Depends(who)) -> None:
        await walls.remove(layout_id, by)

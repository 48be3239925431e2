"""Routes of the change of shifts."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.incidents.api.moments import Moment
from fengtai.domain.incidents.model import HandedItem, HandedKind, HandOver, HandOverState
from fengtai.domain.incidents.service import HandOverDesk
from fengtai.domain.incidents.service.hand_over import OpenMatters


class HandedItemView(BaseModel):
    key: str
    kind: HandedKind
    id: str
    facts: dict[str, str]


class OpenMattersView(BaseModel):
    items: list[HandedItemView]
    dark_devices: int
    left_out: dict[str, int]
    on_duty: list[str]


class HandOverView(BaseModel):
    id: str
    state: HandOverState
    version: int
    post: str
    written_by: str
    written_by_name: str
    written_at: Moment
    notes: str
    on_duty: list[str]
    items: list[HandedItemView]
    dark_devices: int
    left_out: dict[str, int]
    accepted_by: str
    accepted_by_name: str
    accepted_at: Moment | None
    remark: str


class HandOverPage(BaseModel):
    items: list[HandOverView]
    next: str | None


class HandOverWords(BaseModel):
    notes: str = Field("", max_length=4000)


class Acceptance(BaseModel):
    seen: list[str] = Field(max_length=2000, description="keys of the items that were looked at: all of them")
    remark: str = Field("", max_length=4000)
    version: int


class Withdrawal(BaseModel):
    version: int


def add_hand_overs(routes: APIRouter, desk: HandOverDesk, who: Callable[..., Actor]) -> None:
    see, handle = needs(Permission.INCIDENTS_SEE), needs(Permission.INCIDENTS_HANDLE)

    @routes.get("/api/hand-over-draft", openapi_extra=handle)
    async def open_matters(by: Actor = Depends(who)) -> OpenMattersView:
        """What a hand-over written now would hold."""
        return _matters(await desk.draft(by=by))

    @routes.get("/api/hand-overs", openapi_extra=see)
    async def list_hand_overs(
        after: str = Query("", max_length=32), limit: int = Query(50, ge=1, le=200), by: Actor = Depends(who)
    ) -> HandOverPage:
        found = await desk.page(after=after, limit=limit, by=by)
        return HandOverPage(items=[_view(one) for one in found], next=found[-1].id if len(found) == limit else None)

    @routes.get("/api/hand-overs/{hand_over_id}", openapi_extra=see)
    async def one_hand_over(hand_over_id: str, by: Actor = Depends(who)) -> HandOverView:
        return _view(await desk.get(hand_over_id, by=by))

    @routes.post("/api/hand-overs", status_code=201, openapi_extra=handle)
    async def write_hand_over(words: HandOverWords, by: Actor = Depends(who)) -> HandOverView:
        return _view(await desk.write(words.notes, by=by))

    @routes.post("/api/hand-overs/{hand_over_id}/accept", openapi_extra=handle)
    async def accept_hand_over(hand_over_id: str, form: Acceptance, by: Actor = Depends(who)) -> HandOverView:
        return _view(await desk.accept(hand_over_id, seen=form.seen, remark=form.remark, version=form.version, by=by))

    @routes.post("/api/hand-overs/{hand_over_id}/withdraw", openapi_extra=handle)
    async def withdraw_hand_over(hand_over_id: str, form: Withdrawal, by: Actor = Depends(who)) -> HandOverView:
        return _view(await desk.withdraw(hand_over_id, version=form.version, by=by))


def _matters(matters: OpenMatters) -> OpenMattersView:
    return OpenMattersView(
        items=[_item(item) for item in matters.items],
        dark_devices=matters.dark_devices,
        left_out=dict(matters.left_out),
        on_duty=list(matters.on_duty),
    )


def _item(item: HandedItem) -> HandedItemView:
    return HandedItemView(key=item.key, kind=item.kind, id=item.id, facts=dict(item.facts))


def _view(one: HandOver) -> HandOverView:
    values = {name: getattr(one, name) for name in HandOverView.model_fields if name not in ("items", "on_duty")}
    return HandOverView(**values, items=[_item(item) for item in one.items], on_duty=list(one.on_duty))

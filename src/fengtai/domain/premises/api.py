"""Routes of protected premises and panel accounts."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.premises.model import (
    AccountWords,
    Keyholder,
    PanelAccount,
    Premises,
    PremisesWords,
    Zone,
)
from fengtai.domain.premises.service import PremisesRegister
from fengtai.vocabulary.places import Position


class PremisesPlace(BaseModel):
    longitude: float
    latitude: float


class ZoneView(BaseModel):
    number: str = Field(max_length=12)
    partition: str = Field("", max_length=12)
    name: str = Field("", max_length=120)
    point_ids: list[str] = []


class KeyholderView(BaseModel):
    id: str = Field("", max_length=32)
    name: str = Field(max_length=120)
    phone: str = Field(max_length=40)
    order: int = 1
    note: str = Field("", max_length=500)


class PremisesForm(BaseModel):
    name: str = Field(max_length=120)
    address: str = Field("", max_length=500)
    organisation_id: str = Field("", max_length=32)
    position: PremisesPlace | None = None
    kind: str = Field("", max_length=80)
    note: str = Field("", max_length=2000)
    point_ids: list[str] = []
    zones: list[ZoneView] = []
    keyholders: list[KeyholderView] = []
    steps: list[str] = []


class PremisesView(PremisesForm):
    id: str


class PremisesPage(BaseModel):
    items: list[PremisesView]
    next: str | None


class PanelAccountForm(BaseModel):
    channel: str = Field(max_length=32)
    number: str = Field(max_length=40)
    premises_id: str = Field(max_length=32)
    receiver: str = Field("", max_length=40)
    line: str = Field("", max_length=40)
    key: str | None = Field(
        None, max_length=64, description="hexadecimal; left out: unchanged, empty: taken away. Never shown again."
    )
    heartbeat_seconds: int = 0
    grace_seconds: int = 30


class PanelAccountView(BaseModel):
    id: str
    channel: str
    number: str
    premises_id: str
    receiver: str
    line: str
    has_key: bool
    heartbeat_seconds: int
    grace_seconds: int


class PanelAccountPage(BaseModel):
    items: list[PanelAccountView]
    next: str | None = None


def router(premises: PremisesRegister, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["premises"])

    @routes.get("/api/premises", openapi_extra=needs(Permission.PREMISES_SEE))
    async def list_premises(
        after: str = Query("", max_length=64),
        limit: int = Query(200, ge=1, le=1000),
        text: str = Query("", max_length=200),
        by: Actor = Depends(who),
    ) -> PremisesPage:
        found = await premises.page(after=after, limit=limit, text=text, by=by)
        return PremisesPage(items=[_view(each) for each in found], next=found[-1].id if len(found) == limit else None)

    @routes.get("/api/premises/{premises_id}", openapi_extra=needs(Permission.PREMISES_SEE))
    async def get_premises(premises_id: str, by: Actor = Depends(who)) -> PremisesView:
        return _view(await premises.get(premises_id, by=by))

    @routes.post("/api/premises", status_code=201, openapi_extra=needs(Permission.PREMISES_EDIT))
    async def create_premises(form: PremisesForm, by: Actor = Depends(who)) -> PremisesView:
        return _view(await premises.create(_words(form), by=by))

    @routes.put("/api/premises/{premises_id}", openapi_extra=needs(Permission.PREMISES_EDIT))
    async def change_premises(premises_id: str, form: PremisesForm, by: Actor = Depends(who)) -> PremisesView:
        return _view(await premises.change(premises_id, _words(form), by=by))

    @routes.get("/api/panel-accounts", openapi_extra=needs(Permission.PREMISES_SEE))
    async def list_panel_accounts(
        channel: str = Query("", max_length=32),
        after: str = Query("", max_length=32, description="id of the last one that was read"),
        limit: int = Query(1000, ge=1, le=5000),
        by: Actor = Depends(who),
    ) -> PanelAccountPage:
        """In the order of their ids, which is that of their making."""
        accounts = sorted(await premises.accounts(channel, by=by), key=lambda account: account.id)
        page = [account for account in accounts if account.id > after][:limit]
        following = page[-1].id if page and page[-1].id != accounts[-1].id else None
        return PanelAccountPage(items=[_account_view(account) for account in page], next=following)

    @routes.post("/api/panel-accounts", status_code=201, openapi_extra=needs(Permission.PREMISES_EDIT))
    async def create_panel_account(form: PanelAccountForm, by: Actor = Depends(who)) -> PanelAccountView:
        return _account_view(await premises.create_account(_account_words(form), by=by))

    @routes.put("/api/panel-accounts/{account_id}", openapi_extra=needs(Permission.PREMISES_EDIT))
    async def change_panel_account(
        account_id: str, form: PanelAccountForm, by: Actor = Depends(who)
    ) -> PanelAccountView:
        return _account_view(await premises.change_account(account_id, _account_words(form), by=by))

    return routes


def _words(form: PremisesForm) -> PremisesWords:
    return PremisesWords(
        name=form.name,
        address=form.address,
        organisation_id=form.organisation_id,
        position=Position(form.position.longitude, form.position.latitude) if form.position else None,
        kind=form.kind,
        note=form.note,
        point_ids=tuple(form.point_ids),
        zones=tuple(
            Zone(number=zone.number, partition=zone.partition, name=zone.name, point_ids=tuple(zone.point_ids))
            for zone in form.zones
        ),
        keyholders=tuple(
            Keyholder(id=each.id, name=each.name, phone=each.phone, order=each.order, note=each.note)
            for each in form.keyholders
        ),
        steps=tuple(form.steps),
    )


def _view(premises: Premises) -> PremisesView:
    place = premises.position
    return PremisesView(
        id=premises.id,
        name=premises.name,
        address=premises.address,
        organisation_id=premises.organisation_id,
        position=PremisesPlace(longitude=place.longitude, latitude=place.latitude) if place else None,
        kind=premises.kind,
        note=premises.note,
        point_ids=list(premises.point_ids),
        zones=[
            ZoneView(number=zone.number, partition=zone.partition, name=zone.name, point_ids=list(zone.point_ids))
            for zone in premises.zones
        ],
        keyholders=[
            KeyholderView(id=each.id, name=each.name, phone=each.phone, order=each.order, note=each.note)
            for each in premises.keyholders
        ],
        steps=list(premises.steps),
    )


def _account_words(form: PanelAccountForm) -> AccountWords:
    return AccountWords(
        channel=form.channel,
        number=form.number,
        premises_id=form.premises_id,
        receiver=form.receiver,
        line=form.line,
        key_hex=form.key,
        heartbeat_seconds=form.heartbeat_seconds,
        grace_seconds=form.grace_seconds,
    )


def _account_view(account: PanelAccount) -> PanelAccountView:
    return PanelAccountView(
        id=account.id,
        channel=account.channel,
        number=account.number,
        premises_id=account.premises_id,
        receiver=account.receiver,
        line=account.line,
        has_key=bool(account.sealed_key),
        heartbeat_seconds=account.heartbeat_seconds,
        grace_seconds=account.grace_seconds,
    )

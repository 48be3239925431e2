"""Routes of units."""

from collections.abc import Callable

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.duty.model import Unit, UnitState, UnitWords
from fengtai.domain.duty.service import UnitBoard


class UnitPlace(BaseModel):
    longitude: float
    latitude: float


class UnitForm(BaseModel):
    name: str = Field(max_length=120)
    call_sign: str = Field(max_length=40)
    kind: str = Field("patrol", max_length=80)
    organisation_id: str = Field("", max_length=32)
    state: UnitState = UnitState.FREE


class UnitView(BaseModel):
    id: str
    name: str
    call_sign: str
    kind: str
    organisation_id: str
    state: UnitState
    version: int
    position: UnitPlace | None
    incident_id: str
    incident_number: str
    dispatched_by: str


class UnitPage(BaseModel):
    items: list[UnitView]
    next: str | None = None


def router(units: UnitBoard, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["units"])

    @routes.get("/api/units", openapi_extra=needs(Permission.UNITS_SEE))
    async def list_units(by: Actor = Depends(who)) -> UnitPage:
        return UnitPage(items=[_view(unit) for unit in await units.all(by=by)])

    @routes.post("/api/units", status_code=201, openapi_extra=needs(Permission.UNITS_EDIT))
    async def create_unit(form: UnitForm, by: Actor = Depends(who)) -> UnitView:
        return _view(await units.create(_words(form), by=by))

    @routes.put("/api/units/{unit_id}", openapi_extra=needs(Permission.UNITS_EDIT))
    async def change_unit(unit_id: str, form: UnitForm, by: Actor = Depends(who)) -> UnitView:
        return _view(await units.change(unit_id, _words(form), by=by))

    return routes


def _words(form: UnitForm) -> UnitWords:
    return UnitWords(
        name=form.name,
        call_sign=form.call_sign,
        kind=form.kind,
        organisation_id=form.organisation_id,
        state=form.state,
    )


def _view(unit: Unit) -> UnitView:
    place = unit.position
    return UnitView(
        id=unit.id,
        name=unit.name,
        call_sign=unit.call_sign,
        kind=unit.kind,
        organisation_id=unit.organisation_id,
        state=unit.state,
        version=unit.version,
        position=UnitPlace(longitude=place.longitude, latitude=place.latitude) if place else None,
        incident_id=unit.incident_id,
        incident_number=unit.incident_number,
        dispatched_by=unit.dispatched_by,
    )

"""Routes of organisations."""

from collections.abc import Callable

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.service import OrganisationRegister


class OrganisationView(BaseModel):
    id: str
    name: str
    level: Level
    parent_id: str
    area_code: str


class OrganisationPage(BaseModel):
    items: list[OrganisationView]
    next: str | None = None


class NewOrganisation(BaseModel):
    name: str = Field(max_length=120)
    level: Level
    parent_id: str = Field(max_length=32)
    area_code: str = Field("", max_length=8)


class OrganisationWords(BaseModel):
    name: str = Field(max_length=120)
    area_code: str = Field("", max_length=8)


def router(organisations: OrganisationRegister, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["organisations"])

    @routes.get("/api/organisations", openapi_extra=needs(Permission.ORGANISATIONS_SEE))
    async def list_organisations() -> OrganisationPage:
        return OrganisationPage(items=[_view(organisation) for organisation in await organisations.list()])

    @routes.post("/api/organisations", status_code=201, openapi_extra=needs(Permission.ORGANISATIONS_EDIT))
    async def create_organisation(wanted: NewOrganisation, by: Actor = Depends(who)) -> OrganisationView:
        made = await organisations.create(
            name=wanted.name, level=wanted.level, parent_id=wanted.parent_id, area_code=wanted.area_code, by=by
        )
        return _view(made)

    @routes.put("/api/organisations/{organisation_id}", openapi_extra=needs(Permission.ORGANISATIONS_EDIT))
    async def change_organisation(
        organisation_id: str, wanted: OrganisationWords, by: Actor = Depends(who)
    ) -> OrganisationView:
        changed = await organisations.change(organisation_id, name=wanted.name, area_code=wanted.area_code, by=by)
        return _view(changed)

    return routes


def _view(organisation: Organisation) -> OrganisationView:
    return OrganisationView(
        id=organisation.id,
        name=organisation.name,
        level=organisation.level,
        parent_id=organisation.parent_id,
        area_code=organisation.area_code,
    )

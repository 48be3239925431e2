"""Routes of organisations and of administrative areas."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.organisations.model import Level, Organisation, OrganisationRevision, TenantKind
from fengtai.domain.organisations.model.areas import Area, AreaStatus
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.vocabulary.clock import from_ms

Id = Annotated[str, Field(max_length=32)]
Why = Annotated[str, Field(max_length=500, description="kept in the history")]
Version = Annotated[int, Field(ge=0, le=2**31 - 1, description="the one that was read; 0: whatever stands")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AreaView(BaseModel):
    code: str
    name: str
    path: list[str]
    status: AreaStatus
    successor: str


class AreaPage(BaseModel):
    items: list[AreaView]
    next: None = None


class OrganisationView(BaseModel):
    id: str
    name: str
    level: Level
    parent_id: str
    area_code: str
    area: AreaView | None
    tenant_kind: TenantKind
    credit_code: str
    version: int


class OrganisationPage(BaseModel):
    items: list[OrganisationView]
    next: str | None = None


class NewOrganisation(Asked):
    name: str = Field(max_length=120)
    level: Level
    parent_id: Id
    area_code: str = Field("", max_length=12)
    tenant_kind: TenantKind = TenantKind.POLICE
    credit_code: str = Field("", max_length=18)


class OrganisationWords(Asked):
    name: str = Field(max_length=120)
    area_code: str = Field("", max_length=12)
    tenant_kind: TenantKind | None = None
    credit_code: str | None = Field(None, max_length=18)
    version: Version = 0
    why: Why = ""


class NewParent(Asked):
    parent_id: Id
    version: Version = 0
    why: Why = ""


class ChangeView(BaseModel):
    field: str
    before: str
    after: str


class RevisionView(BaseModel):
    version: int
    at: str
    by: str
    why: str
    changes: list[ChangeView]


class RevisionPage(BaseModel):
    items: list[RevisionView]
    next: int | None = Field(description="give it as before_version")


def router(organisations: OrganisationRegister, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["organisations"])
    _add_organisations(routes, organisations, who)
    _add_areas(routes, organisations)
    return routes


def _add_organisations(routes: APIRouter, organisations: OrganisationRegister, who: Callable[..., Actor]) -> None:
    def view(organisation: Organisation) -> OrganisationView:
        return _view(organisation, organisations)

    @routes.get("/api/organisations", openapi_extra=needs(Permission.ORGANISATIONS_SEE))
    async def list_organisations(by: Actor = Depends(who)) -> OrganisationPage:
        return OrganisationPage(items=[view(organisation) for organisation in await organisations.list(by=by)])

    @routes.post("/api/organisations", status_code=201, openapi_extra=needs(Permission.ORGANISATIONS_EDIT))
    async def create_organisation(wanted: NewOrganisation, by: Actor = Depends(who)) -> OrganisationView:
        return view(await organisations.create(**wanted.__dict__, by=by))

    @routes.put("/api/organisations/{organisation_id}", openapi_extra=needs(Permission.ORGANISATIONS_EDIT))
    async def change_organisation(
        organisation_id: Id, wanted: OrganisationWords, by: Actor = Depends(who)
    ) -> OrganisationView:
        return view(await organisations.change(organisation_id, **wanted.__dict__, by=by))

    @routes.put("/api/organisations/{organisation_id}/parent", openapi_extra=needs(Permission.ORGANISATIONS_EDIT))
    async def move_organisation(organisation_id: Id, wanted: NewParent, by: Actor = Depends(who)) -> OrganisationView:
        """To another parent, with all that is below."""
        return view(await organisations.move(organisation_id, **wanted.__dict__, by=by))

    @routes.get("/api/organisations/{organisation_id}/history", openapi_extra=needs(Permission.ORGANISATIONS_SEE))
    async def organisation_history(
        organisation_id: Id, before_version: int = Query(0, ge=0, le=2**31 - 1), by: Actor = Depends(who)
    ) -> RevisionPage:
        found = await organisations.history(organisation_id, before_version=before_version, by=by)
        return RevisionPage(
            items=[_revision(revision) for revision in found], next=found[-1].version if len(found) == 100 else None
        )


def _add_areas(routes: APIRouter, organisations: OrganisationRegister) -> None:
    @routes.get("/api/areas", openapi_extra=needs(Permission.ORGANISATIONS_SEE))
    async def areas_below(below: str = Query("", max_length=12)) -> AreaPage:
        """The areas right below a code; the provinces when none is given."""
        return AreaPage(items=[area_view(area) for area in organisations.areas_below(below)])

    @routes.get("/api/areas/{code}", openapi_extra=needs(Permission.ORGANISATIONS_SEE))
    async def area(code: Annotated[str, Field(max_length=12)]) -> AreaView:
        """What is known of a code; an unknown or abolished one is told to be so."""
        return area_view(organisations.area(code))


def area_view(area: Area) -> AreaView:
    return AreaView(code=area.code, name=area.name, path=list(area.path), status=area.status, successor=area.successor)


def _view(organisation: Organisation, organisations: OrganisationRegister) -> OrganisationView:
    code = organisation.area_code
    return OrganisationView(
        id=organisation.id,
        name=organisation.name,
        level=organisation.level,
        parent_id=organisation.parent_id,
        area_code=code,
        area=area_view(organisations.area(code)) if code else None,
        tenant_kind=organisation.tenant_kind,
        credit_code=organisation.credit_code,
        version=organisation.version,
    )


def _revision(revision: OrganisationRevision) -> RevisionView:
    at = from_ms(revision.at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return RevisionView(
        version=revision.version,
        at=at,
        by=revision.by,
        why=revision.why,
        changes=[
            ChangeView(field=name, before=str(before), after=str(after))
            for name, (before, after) in revision.changes.items()
        ],
    )

"""Routes of grants: list, give, take back, and why somebody may do something."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, Field

from fengtai.domain.access.api.approvals import ApprovalView
from fengtai.domain.access.api.forms import Asked, Id, iso
from fengtai.domain.access.model import Actor, Effect, Grant, GrantTerms, Permission, Place, Role, needs
from fengtai.domain.access.rules import PERMISSIONS_OF_ROLE
from fengtai.domain.access.service import RightsDesk, Why

PointClassNumber = Literal[1, 2, 3, 9]
AreaCode = Annotated[str, Field(max_length=12, pattern="^[0-9]*$")]


class GrantAsked(Asked):
    role: Role
    effect: Effect = Effect.ALLOW
    permissions: Annotated[list[Permission], Field(max_length=len(Permission))] = Field(default_factory=list)
    """some of the role's; empty: all of them"""
    organisation_id: Annotated[str, Field(max_length=32)] = ""
    area_code: AreaCode = ""
    point_classes: Annotated[list[PointClassNumber], Field(max_length=4)] = Field(default_factory=list)
    valid_until: AwareDatetime | None = None
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class TakeBackAsked(Asked):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class GrantView(BaseModel):
    id: str
    user_id: str
    role: Role
    effect: Effect
    permissions: list[Permission]
    organisation_id: str
    area_code: str
    point_classes: list[int]
    valid_until: str | None
    granted_by: str
    granted_at: str
    reason: str
    ended_at: str | None
    ended_by: str
    end_reason: str

    @classmethod
    def of(cls, grant: Grant) -> "GrantView":
        terms = grant.terms
        return cls(
            id=grant.id,
            user_id=grant.user_id,
            role=terms.role,
            effect=terms.effect,
            permissions=sorted(terms.permissions, key=lambda permission: permission.value),
            organisation_id=terms.organisation_id,
            area_code=terms.area_code,
            point_classes=sorted(terms.point_classes),
            valid_until=iso(terms.valid_until) if terms.valid_until else None,
            granted_by=grant.granted_by,
            granted_at=iso(grant.granted_at),
            reason=grant.reason,
            ended_at=iso(grant.ended_at) if grant.ended_at else None,
            ended_by=grant.ended_by,
            end_reason=grant.end_reason,
        )


class GrantsView(BaseModel):
    items: list[GrantView]
    next: str | None = None


class WhyView(BaseModel):
    """The answer to "why can this person see that?"."""

    user_id: str
    name: str
    allowed: bool
    permission: Permission
    words: str
    grants: list[GrantView]

    @classmethod
    def of(cls, why: Why) -> "WhyView":
        return cls(
            user_id=why.person.id,
            name=why.person.display_name,
            allowed=why.decision.allowed,
            permission=why.decision.permission,
            words=why.words,
            grants=[GrantView.of(grant) for grant in why.grants],
        )


class WhoView(BaseModel):
    items: list[WhyView]
    next: None = None


class RoleView(BaseModel):
    role: Role
    permissions: list[Permission]


class RolesView(BaseModel):
    items: list[RoleView]
    next: None = None


def add_grants(routes: APIRouter, rights: RightsDesk, who: Callable[..., Actor]) -> None:
    see, edit = needs(Permission.GRANTS_SEE), needs(Permission.GRANTS_EDIT)

    @routes.get("/api/roles", openapi_extra=see)
    async def roles() -> RolesView:
        """The table of roles: what each may do where it is granted."""
        return RolesView(
            items=[
                RoleView(role=role, permissions=sorted(held, key=lambda permission: permission.value))
                for role, held in PERMISSIONS_OF_ROLE.items()
            ]
        )

    @routes.get("/api/grants", openapi_extra=see)
    async def grants(
        user_id: Annotated[str, Query(max_length=64)] = "",
        ended: bool = False,
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        by: Actor = Depends(who),
    ) -> GrantsView:
        """Newest first; with `ended` also those that were taken back or whose time is over."""
        found = await rights.grants(by=by, user_id=user_id, with_ended=ended, after=after, limit=limit)
        return GrantsView(
            items=[GrantView.of(grant) for grant in found], next=found[-1].id if len(found) == limit else None
        )

    @routes.post(
        "/api/people/{user_id}/grants",
        status_code=201,
        openapi_extra=edit,
        response_model=GrantView,
        responses={202: {"model": ApprovalView, "description": "A second person has to agree first"}},
    )
    async def give(user_id: Id, asked: GrantAsked, by: Actor = Depends(who)) -> object:
        """201: given. 202: it waits for another administrator, under /api/approvals."""
        given = await rights.give(user_id, _terms(asked), asked.reason, by=by)
        if isinstance(given, Grant):
            return GrantView.of(given)
        return JSONResponse(ApprovalView.of(given, by).model_dump(mode="json"), status_code=202)

    @routes.post("/api/grants/{grant_id}/end", openapi_extra=edit)
    async def take_back(grant_id: Id, asked: TakeBackAsked, by: Actor = Depends(who)) -> GrantView:
        return GrantView.of(await rights.take_back(grant_id, asked.reason, by=by))

    @routes.get("/api/people/{user_id}/why", openapi_extra=see)
    async def why(
        user_id: Id,
        permission: Permission,
        organisation_id: Annotated[str, Query(max_length=32)] = "",
        point_id: Annotated[str, Query(max_length=32)] = "",
        area_code: Annotated[str, Query(max_length=12, pattern="^[0-9]*$")] = "",
        point_class: Annotated[int, Query(ge=0, le=9)] = 0,
        by: Actor = Depends(who),
    ) -> WhyView:
        """May this person do that there, and by which grants? Without a place: anywhere at all?"""
        place = Place(organisation_id, area_code, point_class)
        return WhyView.of(
            await rights.why(user_id, permission, place if any(place) else None, point_id=point_id, by=by)
        )

    @routes.get("/api/points/{point_id}/who", openapi_extra=see)
    async def who_may(point_id: Id, permission: Permission = Permission.LIVE_SEE, by: Actor = Depends(who)) -> WhoView:
        """Everybody who may do that at this point, and by which grants."""
        return WhoView(items=[WhyView.of(one) for one in await rights.who(permission, point_id, by=by)])


def _terms(asked: GrantAsked) -> GrantTerms:
    until: datetime | None = asked.valid_until
    return GrantTerms(
        role=asked.role,
        effect=asked.effect,
        permissions=frozenset(asked.permissions),
        organisation_id=asked.organisation_id,
        area_code=asked.area_code,
        point_classes=frozenset(asked.point_classes),
        valid_until=until.astimezone(UTC) if until else None,
    )

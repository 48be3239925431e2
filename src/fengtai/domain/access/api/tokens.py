"""Routes of API tokens."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Cursor, Id, Limit, iso
from fengtai.domain.access.api.own_keys import Proof
from fengtai.domain.access.model import Actor, ApiToken, Permission, needs, signed_in
from fengtai.domain.access.service import TokenDesk


class TokenAsked(Asked):
    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    permissions: Annotated[list[Permission], Field(max_length=len(Permission))]
    days: Annotated[int, Field(ge=1, le=365)]
    password: Proof = ""


class TokenView(BaseModel):
    id: str
    purpose: str
    permissions: list[Permission]
    made_at: str
    expires_at: str
    last_used_at: str | None
    last_used_ip: str


class TokensView(BaseModel):
    items: list[TokenView]
    next: None = None


class NewTokenView(TokenView):
    token: str
    """shown this once"""


class TokenOfView(TokenView):
    user_id: str
    name: str
    display_name: str


class TokensOfAllView(BaseModel):
    items: list[TokenOfView]
    next: str | None = Field(description="give it as after")


def add_tokens(routes: APIRouter, desk: TokenDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/own/tokens", openapi_extra=signed_in())
    async def own_tokens(by: Actor = Depends(who)) -> TokensView:
        return TokensView(items=[_view(token) for token in await desk.own(by)])

    @routes.post("/api/own/tokens", status_code=201, openapi_extra=needs(Permission.TOKENS_EDIT))
    async def make_token(asked: TokenAsked, by: Actor = Depends(who)) -> NewTokenView:
        """For one program and one purpose; never more rights than one has oneself at the moment of use."""
        token, text = await desk.make(
            purpose=asked.purpose, permissions=asked.permissions, days=asked.days, password=asked.password, by=by
        )
        return NewTokenView(**_view(token).model_dump(), token=text)

    @routes.delete("/api/own/tokens/{token_id}", status_code=204, openapi_extra=signed_in())
    async def withdraw_own_token(token_id: Id, by: Actor = Depends(who)) -> None:
        await desk.withdraw_own(token_id, by=by)

    @routes.get("/api/tokens", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def tokens(after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)) -> TokensOfAllView:
        """Of people within reach, newest first."""
        found = await desk.page(by=by, after=after, limit=limit)
        return TokensOfAllView(
            items=[
                TokenOfView(
                    **_view(token).model_dump(), user_id=person.id, name=person.name, display_name=person.display_name
                )
                for token, person in found
            ],
            next=found[-1][0].id if len(found) == limit else None,
        )

    @routes.delete("/api/tokens/{token_id}", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def withdraw_token(token_id: Id, by: Actor = Depends(who)) -> None:
        await desk.withdraw(token_id, by=by)


def _view(token: ApiToken) -> TokenView:
    return TokenView(
        id=token.id,
        purpose=token.purpose,
        permissions=sorted(token.permissions, key=lambda permission: permission.value),
        made_at=iso(token.made_at),
        expires_at=iso(token.expires_at),
        last_used_at=iso(token.last_used_at) if token.last_used_at else None,
        last_used_ip=token.last_used_ip,
    )

"""Routes of identity providers: the browser's way there and back, and what administrators enter."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Id, source_ip_of
from fengtai.domain.access.api.own_session import Post, set_session_cookie
from fengtai.domain.access.model import Actor, IdentityProvider, Permission, Role, needs, public
from fengtai.domain.access.service import PasskeyDesk, ProviderDesk, SecondStep
from fengtai.vocabulary.errors import FengtaiError, Kind, Unauthenticated

BROWSER_COOKIE = "fengtai_provider"
RETURN_PATH = "/api/session/provider/return"
TOLD = {
    Kind.UNAUTHENTICATED: "not-good",
    Kind.FORBIDDEN: "not-entered",
    Kind.UNAVAILABLE: "unavailable",
    Kind.TOO_MANY: "too-many",
}
"""The sign-in page is told one of these words and never a sentence, because anybody can write a link."""

Text = Annotated[str, Field(max_length=500)]
Short = Annotated[str, Field(min_length=1, max_length=120)]


class ProviderAsked(Asked):
    name: Short
    issuer: Annotated[str, Field(min_length=1, max_length=500)]
    client_id: Annotated[str, Field(min_length=1, max_length=500)]
    client_secret: Annotated[str, Field(max_length=1000)] | None = None
    """absent: as it is; empty: none"""
    scopes: Annotated[list[Short], Field(min_length=1, max_length=20, default_factory=lambda: ["openid", "profile"])]
    name_claim: Short = "preferred_username"
    roles_claim: Annotated[str, Field(max_length=120)] = ""
    role_of: Annotated[dict[Text, Role], Field(max_length=100, default_factory=dict)]
    links_by_name: bool = False
    makes_people: bool = False
    counts_as_two: bool = False
    enabled: bool = True


class ProviderView(BaseModel):
    id: str
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    scopes: list[str]
    name_claim: str
    roles_claim: str
    role_of: dict[str, Role]
    links_by_name: bool
    makes_people: bool
    counts_as_two: bool
    enabled: bool
    return_address: str
    """to be entered at the provider"""


class ProvidersView(BaseModel):
    items: list[ProviderView]
    next: None = None


def add_providers(routes: APIRouter, desk: ProviderDesk, passkeys: PasskeyDesk, who: Callable[..., Actor]) -> None:
    def back_to(request: Request) -> str:
        return _return_address(request, passkeys.site.origins)

    _add_way(routes, desk, back_to)

    @routes.get("/api/identity-providers", openapi_extra=needs(Permission.SYSTEM_EDIT))
    async def providers(request: Request) -> ProvidersView:
        back = back_to(request)
        return ProvidersView(items=[_view(provider, back) for provider in await desk.all()])

    @routes.post("/api/identity-providers", status_code=201, openapi_extra=needs(Permission.SYSTEM_EDIT))
    async def add_provider(asked: ProviderAsked, request: Request, by: Actor = Depends(who)) -> ProviderView:
        entered = await desk.enter(_entered("", asked), asked.client_secret or "", by=by)
        return _view(entered, back_to(request))

    @routes.put("/api/identity-providers/{provider_id}", openapi_extra=needs(Permission.SYSTEM_EDIT))
    async def change_provider(
        provider_id: Id, asked: ProviderAsked, request: Request, by: Actor = Depends(who)
    ) -> ProviderView:
        entered = await desk.enter(_entered(provider_id, asked), asked.client_secret, by=by)
        return _view(entered, back_to(request))

    @routes.delete(
        "/api/identity-providers/{provider_id}", status_code=204, openapi_extra=needs(Permission.SYSTEM_EDIT)
    )
    async def remove_provider(provider_id: Id, by: Actor = Depends(who)) -> None:
        await desk.remove(provider_id, by=by)


def _add_way(routes: APIRouter, desk: ProviderDesk, back_to: Callable[[Request], str]) -> None:
    @routes.get(
        RETURN_PATH, status_code=303, response_class=RedirectResponse, openapi_extra=public(), response_model=None
    )
    async def come_back(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4096)] = "",
        iss: Annotated[str, Query(max_length=500)] = "",
    ) -> RedirectResponse:
        """Where the provider sends the browser. Answers with the console, signed in or told why not."""
        browser_key = request.cookies.get(BROWSER_COOKIE, "")
        try:
            arrived = await desk.arrive(
                state=state, code=code, issuer=iss, browser_key=browser_key, source_ip=source_ip_of(request)
            )
        except FengtaiError as error:
            answer = _to_sign_in(refused=TOLD.get(error.kind, TOLD[Unauthenticated.kind]))
        else:
            if isinstance(arrived, SecondStep):
                answer = _to_sign_in(second=arrived.ticket, ways=",".join(arrived.ways))
            else:
                answer = RedirectResponse("/", status_code=303)
                set_session_cookie(answer, arrived, request)
        answer.delete_cookie(BROWSER_COOKIE, path=RETURN_PATH, httponly=True, samesite="lax")
        return answer

    @routes.get(
        "/api/session/provider/{provider_id}/leave",
        status_code=303,
        response_class=RedirectResponse,
        openapi_extra=public(),
        response_model=None,
    )
    async def leave(provider_id: Id, request: Request, post: Post = "") -> RedirectResponse:
        """Sends the browser to the provider, with a cookie by which only this browser can come back."""
        try:
            departure = await desk.depart(
                provider_id,
                redirect_uri=back_to(request),
                source_ip=source_ip_of(request),
                post=post,
            )
        except FengtaiError as error:
            return _to_sign_in(refused=TOLD.get(error.kind, TOLD[Kind.UNAVAILABLE]))
        answer = RedirectResponse(departure.address, status_code=303)
        answer.set_cookie(
            BROWSER_COOKIE,
            departure.browser_key,
            httponly=True,
            samesite="lax",  # it comes back from another site, which a strict one would not survive
            secure=request.url.scheme == "https",
            path=RETURN_PATH,
            max_age=300,
        )
        return answer


def _to_sign_in(**told: str) -> RedirectResponse:
    """In the fragment, which browsers send to nobody."""
    return RedirectResponse(f"/sign-in#{urlencode(told)}", status_code=303)


def _return_address(request: Request, known_origins: tuple[str, ...]) -> str:
    """Under the origin by which this browser reached us: one that the settings name (a proxy's), else our own."""
    host = request.headers.get("host", "")
    named = next((origin for origin in known_origins if urlsplit(origin).netloc == host), "")
    return f"{named or f'{request.url.scheme}://{host}'}{RETURN_PATH}"


def _entered(provider_id: str, asked: ProviderAsked) -> IdentityProvider:
    return IdentityProvider(
        id=provider_id,
        name=asked.name.strip(),
        issuer=asked.issuer.strip(),
        client_id=asked.client_id.strip(),
        secret_sealed=b"",
        scopes=tuple(dict.fromkeys(asked.scopes)),
        name_claim=asked.name_claim.strip(),
        roles_claim=asked.roles_claim.strip(),
        role_of=dict(asked.role_of),
        links_by_name=asked.links_by_name,
        makes_people=asked.makes_people,
        counts_as_two=asked.counts_as_two,
        enabled=asked.enabled,
    )


def _view(provider: IdentityProvider, back: str) -> ProviderView:
    return ProviderView(
        id=provider.id,
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        has_secret=bool(provider.secret_sealed),
        scopes=list(provider.scopes),
        name_claim=provider.name_claim,
        roles_claim=provider.roles_claim,
        role_of=dict(provider.role_of),
        links_by_name=provider.links_by_name,
        makes_people=provider.makes_people,
        counts_as_two=provider.counts_as_two,
        enabled=provider.enabled,
        return_address=back,
    )

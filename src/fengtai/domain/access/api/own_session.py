"""Routes of one's own session: sign in, the second step, sign out."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import SESSION_COOKIE, Asked, Name, Password, iso, source_ip_of
from fengtai.domain.access.model import Actor, Due, Permission, Role, public, signed_in
from fengtai.domain.access.service import AccessDesk, SecondFactorDesk, SecondStep, SignedIn, Way

Post = Annotated[str, Field(max_length=64)]
Ticket = Annotated[str, Field(min_length=1, max_length=128)]


class SessionView(BaseModel):
    user_id: str
    name: str
    display_name: str
    roles: list[Role]
    permissions: list[Permission]
    post: str
    expires_at: str
    proven_by: str
    due: list[Due]
    """what has to be done first; until then there are no permissions"""


class SignInView(SessionView):
    token: str


class SecondStepView(BaseModel):
    ticket: str
    ways: list[Way]
    expires_at: str


class SignInAsked(Asked):
    name: Name
    password: Password
    post: Post = ""


class SecondStepAsked(Asked):
    ticket: Ticket
    code: Annotated[str, Field(min_length=1, max_length=64)]


def add_own_session(routes: APIRouter, desk: AccessDesk, factors: SecondFactorDesk, who: Callable[..., Actor]) -> None:
    @routes.post(
        "/api/session",
        openapi_extra=public(),
        response_model=SignInView,
        responses={
            202: {"model": SecondStepView, "description": "The password is right; a second factor is asked for"}
        },
    )
    async def sign_in(asked: SignInAsked, request: Request) -> Response:
        """200: signed in. 202: a second factor is asked for, at `/api/session/second` or by a passkey."""
        signed = await desk.sign_in(asked.name, asked.password, source_ip=source_ip_of(request), post=asked.post)
        if isinstance(signed, SecondStep):
            view = SecondStepView(ticket=signed.ticket, ways=list(signed.ways), expires_at=iso(signed.expires_at))
            return JSONResponse(view.model_dump(mode="json"), status_code=202)
        return signed_in_answer(signed, request)

    @routes.post("/api/session/second", openapi_extra=public(), response_model=SignInView)
    async def second_step(asked: SecondStepAsked, request: Request) -> Response:
        """Finish a sign-in by the code of an authenticator app or a recovery code."""
        signed = await factors.second_step(asked.ticket, asked.code, source_ip=source_ip_of(request))
        return signed_in_answer(signed, request)

    @routes.get("/api/session", openapi_extra=signed_in())
    async def own_session(by: Actor = Depends(who)) -> SessionView:
        return session_view(await desk.session(by))

    @routes.delete("/api/session", status_code=204, openapi_extra=signed_in())
    async def sign_out(request: Request, response: Response, by: Actor = Depends(who)) -> None:
        await desk.sign_out(by)
        response.delete_cookie(
            SESSION_COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )


def signed_in_answer(signed: SignedIn, request: Request) -> Response:
    """The session, with its cookie: for every way of signing in by a call."""
    view = SignInView(**session_view(signed).model_dump(), token=signed.token)
    answer = JSONResponse(view.model_dump(mode="json"))
    set_session_cookie(answer, signed, request)
    return answer


def set_session_cookie(answer: Response, signed: SignedIn, request: Request) -> None:
    answer.set_cookie(
        SESSION_COOKIE,
        signed.token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
        max_age=int((signed.session.ends_at - signed.session.started_at).total_seconds()),
    )


def session_view(signed: SignedIn) -> SessionView:
    return SessionView(
        user_id=signed.person.id,
        name=signed.person.name,
        display_name=signed.person.display_name,
        roles=sorted(signed.actor.roles, key=lambda role: role.value),
        permissions=sorted(signed.actor.permissions, key=lambda permission: permission.value),
        post=signed.session.post,
        expires_at=iso(signed.session.ends_at),
        proven_by=signed.session.proven_by,
        due=sorted(signed.session.due, key=lambda due: due.value),
    )

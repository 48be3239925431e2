"""Routes of the first set-up, one's own session, people and sessions."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from fengtai.domain.access.model import Actor, Permission, Person, Role, Session, needs, public, signed_in
from fengtai.domain.access.ports import SetupChecks
from fengtai.domain.access.service import AccessDesk, NewPerson, SignedIn

SESSION_COOKIE = "fengtai_session"

Name = Annotated[str, Field(min_length=1, max_length=64)]
Password = Annotated[str, Field(min_length=1, max_length=256)]
Id = Annotated[str, Field(max_length=64)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SetupCheckView(BaseModel):
    id: str
    ok: bool
    detail: str
    fix: str


class SetupView(BaseModel):
    needed: bool
    checks: list[SetupCheckView]


class FirstPerson(Asked):
    name: Name
    password: Password


class SetupAsked(Asked):
    token: Annotated[str, Field(max_length=64)]
    administrator: FirstPerson
    auditor: FirstPerson


class Done(BaseModel):
    done: Literal[True] = True


class SignInAsked(Asked):
    name: Name
    password: Password
    post: Annotated[str, Field(max_length=64)] = ""


class SessionView(BaseModel):
    user_id: str
    name: str
    display_name: str
    roles: list[Role]
    permissions: list[Permission]
    post: str
    expires_at: str


class SignInView(SessionView):
    token: str


class PasswordAsked(Asked):
    old: Password
    new: Password


class PersonView(BaseModel):
    id: str
    name: str
    display_name: str
    roles: list[Role]
    disabled: bool
    created_at: str


class PeopleView(BaseModel):
    items: list[PersonView]
    next: None = None


class PersonAsked(Asked):
    name: Name
    display_name: Annotated[str, Field(max_length=120)] = ""
    password: Password
    roles: Annotated[list[Role], Field(max_length=len(Role))]


class PersonChangeAsked(Asked):
    display_name: Annotated[str, Field(max_length=120)]
    roles: Annotated[list[Role], Field(max_length=len(Role))]
    disabled: bool


class NewPasswordAsked(Asked):
    password: Password


class OpenSessionView(BaseModel):
    id: str
    user_id: str
    name: str
    display_name: str
    post: str
    source_ip: str
    started_at: str
    seen_at: str
    expires_at: str


class OpenSessionsView(BaseModel):
    items: list[OpenSessionView]
    next: None = None


def router(desk: AccessDesk, checks: SetupChecks, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["access"])
    _add_setup(routes, desk, checks)
    _add_own_session(routes, desk, who)
    _add_people(routes, desk, who)
    return routes


def _add_setup(routes: APIRouter, desk: AccessDesk, checks: SetupChecks) -> None:
    @routes.get("/api/setup", openapi_extra=public())
    async def setup_state() -> SetupView:
        """Is the first set-up needed? Its checks are told only until it is done."""
        needed = await desk.is_new()
        results = checks.results() if needed else ()
        return SetupView(
            needed=needed,
            checks=[SetupCheckView(id=c.id, ok=c.ok, detail=c.detail, fix=c.fix) for c in results],
        )

    @routes.post("/api/setup", status_code=201, openapi_extra=public())
    async def set_up(asked: SetupAsked, request: Request) -> Done:
        await desk.set_up(
            asked.token,
            administrator=NewPerson(asked.administrator.name, asked.administrator.password),
            auditor=NewPerson(asked.auditor.name, asked.auditor.password),
            source_ip=_source_ip(request),
        )
        return Done()


def _add_own_session(routes: APIRouter, desk: AccessDesk, who: Callable[..., Actor]) -> None:
    @routes.post("/api/session", openapi_extra=public())
    async def sign_in(asked: SignInAsked, request: Request, response: Response) -> SignInView:
        signed = await desk.sign_in(asked.name, asked.password, source_ip=_source_ip(request), post=asked.post)
        response.set_cookie(
            SESSION_COOKIE,
            signed.token,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
            max_age=int((signed.session.ends_at - signed.session.started_at).total_seconds()),
        )
        return SignInView(**_session_view(signed).model_dump(), token=signed.token)

    @routes.get("/api/session", openapi_extra=signed_in())
    async def own_session(by: Actor = Depends(who)) -> SessionView:
        return _session_view(await desk.session(by))

    @routes.delete("/api/session", status_code=204, openapi_extra=signed_in())
    async def sign_out(request: Request, response: Response, by: Actor = Depends(who)) -> None:
        await desk.sign_out(by)
        response.delete_cookie(
            SESSION_COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )

    @routes.post("/api/session/password", status_code=204, openapi_extra=signed_in())
    async def change_password(asked: PasswordAsked, by: Actor = Depends(who)) -> None:
        await desk.change_password(old=asked.old, new=asked.new, by=by)


def _add_people(routes: APIRouter, desk: AccessDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/people", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def people() -> PeopleView:
        return PeopleView(items=[_person_view(person) for person in await desk.people()])

    @routes.post("/api/people", status_code=201, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def add_person(asked: PersonAsked, by: Actor = Depends(who)) -> PersonView:
        return _person_view(
            await desk.add_person(
                name=asked.name, display_name=asked.display_name, password=asked.password, roles=asked.roles, by=by
            )
        )

    @routes.put("/api/people/{user_id}", openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def change_person(user_id: Id, asked: PersonChangeAsked, by: Actor = Depends(who)) -> PersonView:
        return _person_view(
            await desk.change_person(
                user_id, display_name=asked.display_name, roles=asked.roles, disabled=asked.disabled, by=by
            )
        )

    @routes.put("/api/people/{user_id}/password", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def reset_password(user_id: Id, asked: NewPasswordAsked, by: Actor = Depends(who)) -> None:
        await desk.reset_password(user_id, asked.password, by=by)

    @routes.get("/api/sessions", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def sessions() -> OpenSessionsView:
        return OpenSessionsView(items=[_open_session_view(*pair) for pair in await desk.sessions()])

    @routes.delete("/api/sessions/{session_id}", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def revoke(session_id: Id, by: Actor = Depends(who)) -> None:
        await desk.revoke(session_id, by=by)


def _source_ip(request: Request) -> str:
    return request.client.host if request.client else ""


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _session_view(signed: SignedIn) -> SessionView:
    return SessionView(
        user_id=signed.person.id,
        name=signed.person.name,
        display_name=signed.person.display_name,
        roles=sorted(signed.actor.roles, key=lambda role: role.value),
        permissions=sorted(signed.actor.permissions, key=lambda permission: permission.value),
        post=signed.session.post,
        expires_at=_iso(signed.session.ends_at),
    )


def _person_view(person: Person) -> PersonView:
    return PersonView(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        roles=sorted(person.roles, key=lambda role: role.value),
        disabled=person.disabled,
        created_at=_iso(person.created_at),
    )


def _open_session_view(session: Session, person: Person) -> OpenSessionView:
    return OpenSessionView(
        id=session.id,
        user_id=person.id,
        name=person.name,
        display_name=person.display_name,
        post=session.post,
        source_ip=session.source_ip,
        started_at=_iso(session.started_at),
        seen_at=_iso(session.seen_at),
        expires_at=_iso(session.ends_at),
    )

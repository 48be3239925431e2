"""Routes of people and of the sessions of all."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import Asked, Id, Name, Password, iso
from fengtai.domain.access.model import Actor, Permission, Person, Role, Session, needs
from fengtai.domain.access.service import AccessDesk, PasswordDesk


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
    proven_by: str
    started_at: str
    seen_at: str
    expires_at: str


class OpenSessionsView(BaseModel):
    items: list[OpenSessionView]
    next: None = None


def add_people(routes: APIRouter, desk: AccessDesk, passwords: PasswordDesk, who: Callable[..., Actor]) -> None:
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
        await passwords.reset(user_id, asked.password, by=by)

    @routes.get("/api/sessions", openapi_extra=needs(Permission.PEOPLE_SEE))
    async def sessions() -> OpenSessionsView:
        return OpenSessionsView(items=[_open_session_view(*pair) for pair in await desk.sessions()])

    @routes.delete("/api/sessions/{session_id}", status_code=204, openapi_extra=needs(Permission.PEOPLE_EDIT))
    async def revoke(session_id: Id, by: Actor = Depends(who)) -> None:
        await desk.revoke(session_id, by=by)


def _person_view(person: Person) -> PersonView:
    return PersonView(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        roles=sorted(person.roles, key=lambda role: role.value),
        disabled=person.disabled,
        created_at=iso(person.created_at),
    )


def _open_session_view(session: Session, person: Person) -> OpenSessionView:
    return OpenSessionView(
        id=session.id,
        user_id=person.id,
        name=person.name,
        display_name=person.display_name,
        post=session.post,
        source_ip=session.source_ip,
        proven_by=session.proven_by,
        started_at=iso(session.started_at),
        seen_at=iso(session.seen_at),
        expires_at=iso(session.ends_at),
    )

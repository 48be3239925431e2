"""Routes of people and of the sessions of all."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from fengtai.domain.access.api.forms import (
    Asked,
    Cursor,
    Id,
    Limit,
    Name,
    Password,
    SessionFacts,
    iso,
    session_facts,
)
from fengtai.domain.access.model import Actor, Permission, Person, Role, Session, needs
from fengtai.domain.access.service import AccessDesk, PasswordDesk, PeopleDesk, PersonWords


class PersonView(BaseModel):
    id: str
    name: str
    display_name: str
    roles: list[Role]
    disabled: bool
    created_at: str
    organisation_id: str = Field(description="where the person belongs; empty: the city's")


class PeopleView(BaseModel):
    items: list[PersonView]
    next: str | None = Field(description="give it as after")


class PersonAsked(Asked):
    name: Name
    display_name: Annotated[str, Field(max_length=120)] = ""
    password: Password
    roles: Annotated[list[Role], Field(max_length=len(Role))]
    """given for the organisation with all that stands below it"""
    organisation_id: Annotated[str, Field(max_length=32, description="empty: the city")] = ""


class PersonChangeAsked(Asked):
    display_name: Annotated[str, Field(max_length=120)]
    roles: Annotated[list[Role], Field(max_length=len(Role))]
    disabled: bool
    organisation_id: Annotated[str, Field(max_length=32, description="empty: as it is")] = ""


class NewPasswordAsked(Asked):
    password: Password


class OpenSessionView(SessionFacts):
    user_id: str
    name: str
    display_name: str


class OpenSessionsView(BaseModel):
    items: list[OpenSessionView]
    next: str | None = Field(description="give it as after")


def add_people(
    routes: APIRouter, desk: AccessDesk, people: PeopleDesk, passwords: PasswordDesk, who: Callable[..., Actor]
) -> None:
    see, edit = needs(Permission.PEOPLE_SEE), needs(Permission.PEOPLE_EDIT)

    @routes.get("/api/people", openapi_extra=see)
    async def list_people(after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)) -> PeopleView:
        """Of organisations within reach, by name."""
        found = await people.page(by=by, after=after, limit=limit)
        items = [_person_view(person) for _, person in found]
        return PeopleView(items=items, next=found[-1][0] if len(found) == limit else None)

    @routes.post("/api/people", status_code=201, openapi_extra=edit)
    async def add_person(asked: PersonAsked, by: Actor = Depends(who)) -> PersonView:
        """Roles that need a second person are missing in the answer: they stand under /api/approvals."""
        words = PersonWords(
            display_name=asked.display_name, roles=frozenset(asked.roles), organisation_id=asked.organisation_id
        )
        return _person_view(await people.add(name=asked.name, password=asked.password, words=words, by=by))

    @routes.get("/api/people/{user_id}", openapi_extra=see)
    async def get_person(user_id: Id, by: Actor = Depends(who)) -> PersonView:
        return _person_view(await people.get(user_id, by=by))

    @routes.put("/api/people/{user_id}", openapi_extra=edit)
    async def change_person(user_id: Id, asked: PersonChangeAsked, by: Actor = Depends(who)) -> PersonView:
        words = PersonWords(
            display_name=asked.display_name,
            roles=frozenset(asked.roles),
            organisation_id=asked.organisation_id,
            disabled=asked.disabled,
        )
        return _person_view(await people.change(user_id, words, by=by))

    @routes.put("/api/people/{user_id}/password", status_code=204, openapi_extra=edit)
    async def reset_password(user_id: Id, asked: NewPasswordAsked, by: Actor = Depends(who)) -> None:
        await passwords.reset(user_id, asked.password, by=by)

    @routes.get("/api/sessions", openapi_extra=see)
    async def sessions(after: Cursor = "", limit: Limit = 100, by: Actor = Depends(who)) -> OpenSessionsView:
        """Of people within reach, newest first. A page may be shorter than its limit; the last one has no next."""
        found, further = await desk.sessions(by=by, after=after, limit=limit)
        return OpenSessionsView(items=[_open_session_view(*pair) for pair in found], next=further or None)

    @routes.delete("/api/sessions/{session_id}", status_code=204, openapi_extra=edit)
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
        organisation_id=person.organisation_id,
    )


def _open_session_view(session: Session, person: Person) -> OpenSessionView:
    return OpenSessionView(
        **session_facts(session), user_id=person.id, name=person.name, display_name=person.display_name
    )

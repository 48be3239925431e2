"""The place of people and of what belongs to an organisation, inside a unit of work; also for the services above."""

from dataclasses import replace

from fengtai.domain.access.model import (
    Actor,
    KeysChanged,
    Permission,
    Person,
    PersonChanged,
    PersonSignedIn,
    Place,
    RightsChanged,
    SessionEnded,
)
from fengtai.domain.access.ports import PersonStore
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.organisations.service import area_code_of
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


def place_of_organisation(uow: UnitOfWork, organisation_id: str) -> Place:
    """Empty for what belongs to none. The area is its own, else that of the nearest above; nobody knows that of an
    organisation that is not there any more."""
    if not organisation_id:
        return Place()
    try:
        return Place(organisation_id, area_code_of(uow, organisation_id))
    except NotFound:
        return Place(organisation_id)


def city_place(uow: UnitOfWork) -> Place:
    """Of what nobody has assigned yet: it is the city's, so that those who serve one district are not shown it."""
    root = uow.store(OrganisationStore).root()
    return Place(root.id, root.area_code) if root else Place()


def may_belong_to(uow: UnitOfWork, organisation_id: str, by: Actor, permission: Permission) -> str:
    """To whom this person may give a thing; the root when they name nobody. Raise NotFound for an organisation that is not
    there or out of reach, NotAllowed for one where they may not edit such things."""
    if not organisation_id:
        place = city_place(uow)
        by.require(permission, place)
        return place.organisation_id
    uow.store(OrganisationStore).get(organisation_id)
    unknown = NotFound(f"there is no organisation {organisation_id}")
    by.must_do(
        permission, place_of_organisation(uow, organisation_id), see=Permission.ORGANISATIONS_SEE, unknown=unknown
    )
    return organisation_id


def place_of_person(uow: UnitOfWork, person: Person) -> Place:
    return place_of_organisation(uow, person.organisation_id) if person.organisation_id else city_place(uow)


def seen_person(
    uow: UnitOfWork,
    user_id: str,
    by: Actor,
    permission: Permission = Permission.PEOPLE_SEE,
    unknown: NotFound = NotFound("there is no such person"),
) -> Person:
    """Raise NotFound for somebody who is not there and, in the same words, for somebody out of reach; NotAllowed when
    they may be seen but not that done with them."""
    person = uow.store(PersonStore).get(user_id)
    by.must_do(permission, place_of_person(uow, person), see=Permission.PEOPLE_SEE, unknown=unknown)
    return person


def tell_of_person(
    uow: UnitOfWork, event: KeysChanged | PersonChanged | PersonSignedIn | RightsChanged | SessionEnded
) -> None:
    """Publish what has happened to a person, with the place where they belong."""
    place = place_of_person(uow, uow.store(PersonStore).get(event.user_id))
    uow.publish(replace(event, organisation_id=place.organisation_id, area_code=place.area_code))

"""The place of what belongs to an organisation, inside a unit of work; for the services above."""

from fengtai.domain.access.model import Actor, Permission, Place
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

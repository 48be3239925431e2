"""Organisations on every engine."""

from dataclasses import replace

import pytest

from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.errors import NotFound

CITY = Organisation(id="a1", name="风台市", level=Level.CITY, area_code="210100")
EAST = Organisation(id="a2", name="东区", level=Level.DISTRICT, parent_id="a1", area_code="210102")
HARBOUR = Organisation(id="a3", name="Harbour station", level=Level.STATION, parent_id="a2")


def save(units, *organisations):
    for organisation in organisations:
        units.run(lambda uow, each=organisation: uow.store(OrganisationStore).save(each))


def test_an_organisation_comes_back_as_it_was_saved(units):
    save(units, CITY, EAST)
    assert units.read(lambda uow: uow.store(OrganisationStore).get("a2")) == EAST


def test_saving_again_changes_it(units):
    save(units, CITY, replace(CITY, name="风台"))
    assert units.read(lambda uow: uow.store(OrganisationStore).all()) == [replace(CITY, name="风台")]


def test_an_unknown_one_is_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(OrganisationStore).get("nobody"))


def test_the_root_is_the_one_without_a_parent(units):
    assert units.read(lambda uow: uow.store(OrganisationStore).root()) is None
    save(units, EAST, CITY)
    assert units.read(lambda uow: uow.store(OrganisationStore).root()) == CITY


def test_all_are_listed_root_first_then_by_name(units):
    save(units, HARBOUR, EAST, CITY)
    assert units.read(lambda uow: uow.store(OrganisationStore).all()) == [CITY, HARBOUR, EAST]

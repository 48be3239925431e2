"""Organisations on every engine."""

from dataclasses import replace

import pytest

from fengtai.domain.organisations.model import Level, Organisation, OrganisationRevision, TenantKind
from fengtai.domain.organisations.ports import OrganisationHistory, OrganisationStore
from fengtai.vocabulary.errors import NotFound

CITY = Organisation(id="a1", name="风台市", level=Level.CITY, area_code="210100")
EAST = Organisation(id="a2", name="东区", level=Level.DISTRICT, parent_id="a1", area_code="210102")
HARBOUR = Organisation(
    id="a3",
    name="Harbour station",
    level=Level.STATION,
    parent_id="a2",
    tenant_kind=TenantKind.ALARM_COMPANY,
    credit_code="91210100MA0000000X",
    version=4,
)


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


def test_a_subtree_is_the_organisation_and_all_below(units):
    save(units, CITY, EAST, HARBOUR)
    assert units.read(lambda uow: uow.store(OrganisationStore).subtree_ids("a2")) == {"a2", "a3"}
    assert units.read(lambda uow: uow.store(OrganisationStore).subtree_ids("a1")) == {"a1", "a2", "a3"}
    assert units.read(lambda uow: uow.store(OrganisationStore).subtree_ids("nobody")) == frozenset()


def test_history_is_told_newest_first(units):
    def line(version):
        changes = {"name": (f"n{version - 1}", f"n{version}")}
        return OrganisationRevision(
            organisation_id="a1", version=version, at_ms=5, by="user:1", why="改名", changes=changes
        )

    for version in (2, 3, 4):
        units.run(lambda uow, v=version: uow.store(OrganisationHistory).add(line(v)))
    assert units.read(lambda uow: uow.store(OrganisationHistory).of("a1")) == [line(4), line(3), line(2)]
    assert units.read(lambda uow: uow.store(OrganisationHistory).of("a1", before_version=4, limit=1)) == [line(3)]
    assert units.read(lambda uow: uow.store(OrganisationHistory).of("a2")) == []

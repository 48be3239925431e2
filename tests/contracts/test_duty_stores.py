"""Units on every engine."""

from dataclasses import replace

import pytest

from fengtai.domain.duty.model import Unit, UnitState
from fengtai.domain.duty.ports import UnitStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position

PATROL = Unit(
    id="u1",
    name="巡组 1",
    call_sign="B-1",
    kind="patrol",
    organisation_id="o1",
    state=UnitState.DISPATCHED,
    version=3,
    position=Position(123.43, 41.8),
    incident_id="i1",
    incident_number="20261120-0001",
    dispatched_by="li",
)
GUARD = Unit(id="u2", name="保安 2", call_sign="A-2", kind="guard", organisation_id="o1")


def test_a_unit_comes_back_as_it_was_saved(units):
    units.run(lambda uow: uow.store(UnitStore).save(PATROL))
    assert units.read(lambda uow: uow.store(UnitStore).get("u1")) == PATROL
    freed = replace(PATROL, state=UnitState.FREE, position=None, incident_id="", incident_number="", dispatched_by="")
    units.run(lambda uow: uow.store(UnitStore).save(freed))
    assert units.read(lambda uow: uow.store(UnitStore).get("u1")) == freed


def test_units_are_listed_by_call_sign(units):
    for unit in (PATROL, GUARD):
        units.run(lambda uow, each=unit: uow.store(UnitStore).save(each))
    assert units.read(lambda uow: uow.store(UnitStore).all()) == [GUARD, PATROL]


def test_an_unknown_unit_is_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(UnitStore).get("nobody"))

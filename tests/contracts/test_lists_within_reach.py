"""Lists are limited to places in reach by the store itself, before pages are cut; every engine, every list."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from tests.contracts.conftest import Units
from tests.house.test_foreign_ids import CODES, NOON, ORGANISATIONS, furnish, furnish_access

from fengtai.domain.access.model import Effect, Grant, GrantTerms, OrganisationTree, Permission, Reach, Role
from fengtai.domain.access.ports import ApprovalStore, PersonStore
from fengtai.domain.access.rules import compiled
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.duty.ports import UnitStore
from fengtai.domain.incidents.ports import IncidentStore
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.points.model import Box, PointQuery
from fengtai.domain.points.model.words import terms
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.places import Position
from fengtai.vocabulary.transactions import UnitOfWork

TREE = OrganisationTree(ORGANISATIONS)
Listing = Callable[[UnitOfWork, Reach], Iterable[Any]]
LISTS: dict[str, Listing] = {
    "points": lambda uow, within: uow.store(PointStore).page(PointQuery(within=within))[0],
    "points by word": lambda uow, within: uow.store(PointStore).page(PointQuery(within=within, terms=terms("3402")))[0],
    "premises": lambda uow, within: uow.store(PremisesStore).page(within=within),
    "accounts": lambda uow, within: uow.store(PanelAccountStore).all(within=within),
    "people": lambda uow, within: (person for _, person in uow.store(PersonStore).page(within)),
    "approvals": lambda uow, within: uow.store(ApprovalStore).page(within),
    "units": lambda uow, within: uow.store(UnitStore).all(within),
    "devices": lambda uow, within: uow.store(DeviceStore).page(within=within),
    "open alarms": lambda uow, within: uow.store(AlarmStore).open_page(within=within),
    "all alarms": lambda uow, within: uow.store(AlarmStore).newest_page(within=within),
    "incidents": lambda uow, within: uow.store(IncidentStore).page(only_open=True, within=within),
}


def reach(*terms: GrantTerms) -> Reach:
    grants = [
        Grant(id=str(number), user_id="u", terms=one, granted_by="a", granted_at=from_ms(0))
        for number, one in enumerate(terms)
    ]
    return compiled(grants, from_ms(1), TREE).reach(Permission.ALARMS_SEE)


def seen(units: Units, listing: Listing, within: Reach) -> set[str]:
    """The districts of what is listed."""
    codes = {code: district for district, code in CODES.items()}
    found = units.read(lambda uow: [one.id for one in listing(uow, within)])
    return {codes.get(one, one.rpartition("-")[2]) for one in found}


@pytest.fixture
def city(units: Units) -> Units:
    for organisation in ORGANISATIONS:
        units.run(lambda uow, one=organisation: uow.store(OrganisationStore).save(one))
    for district in ("east", "west"):
        units.run(lambda uow, one=district: furnish(uow, one))
        units.run(lambda uow, one=district: furnish_access(uow, one, NOON))
    return units


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_what_lies_in_reach(city: Units, name: str) -> None:
    everything = GrantTerms(role=Role.OPERATOR)
    east = GrantTerms(role=Role.OPERATOR, organisation_id="east")
    west_area = GrantTerms(role=Role.OPERATOR, area_code="310104")
    not_east = GrantTerms(role=Role.OPERATOR, effect=Effect.FORBID, organisation_id="east")
    wanted = {
        (everything,): {"east", "west"},
        (GrantTerms(role=Role.OPERATOR, organisation_id="city"),): {"east", "west"},
        (east,): {"east"},
        (west_area,): {"west"},
        (east, west_area): {"east", "west"},
        (everything, not_east): {"west"},
        (east, not_east): set(),
        (): set(),
    }
    for terms_, districts in wanted.items():
        assert seen(city, LISTS[name], reach(*terms_)) == districts, terms_


def test_signals_of_alarms_in_reach_are_listed_newest_first(city: Units) -> None:
    city.run(lambda uow: uow.store(AlarmStore).link([("raised-east", 3), ("alarm-east", 7), ("raised-west", 5)]))
    within = reach(GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    assert city.read(lambda uow: list(uow.store(AlarmStore).signals_within(within))) == [7, 3]
    assert city.read(lambda uow: list(uow.store(AlarmStore).signals_within(within, before=7))) == [3]
    assert city.read(lambda uow: list(uow.store(AlarmStore).signals_within(within, limit=1))) == [7]


def test_a_map_holds_what_lies_in_reach(city: Units) -> None:
    def place(uow: UnitOfWork) -> None:
        for point_id in ("point-east", "point-west"):
            point = uow.store(PointStore).get(point_id)
            uow.store(PointStore).save(replace(point, position=Position(121.5, 31.2)))

    city.run(place)
    box = Box(west=121, south=31, east=122, north=32)
    within = reach(GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    found = city.read(lambda uow: [one.id for one in uow.store(PointStore).in_box(box, limit=9, within=within)])
    assert found == ["point-east"]

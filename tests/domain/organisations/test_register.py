"""The tree of organisations."""

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.model import Level
from fengtai.domain.organisations.service import OrganisationRegister, area_code_of
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid, NotFound

CHIEF = acting(Role.ADMINISTRATOR, name="zhao", user_id="7")


@pytest.fixture
def transactions():
    return MemoryTransactions(HandClock(), memory_stores())


@pytest.fixture
def register(transactions):
    return OrganisationRegister(transactions=transactions)


async def test_the_root_is_made_once(register, transactions):
    first = await register.ensure_root("风台市", area_code="210100")
    assert await register.ensure_root("another name") == first
    assert [entry.actor for entry in transactions.offered(AuditLog).entries] == ["system:set-up"]


async def test_a_district_stands_under_the_city_and_a_station_under_either(register, transactions):
    city = await register.ensure_root("风台市", area_code="2101")
    east = await register.create(name="东区", level=Level.DISTRICT, parent_id=city.id, area_code="210102", by=CHIEF)
    harbour = await register.create(name="港口所", level=Level.STATION, parent_id=east.id, by=CHIEF)
    await register.create(name="直属所", level=Level.STATION, parent_id=city.id, by=CHIEF)

    assert len(await register.list(by=CHIEF)) == 4
    assert transactions.look(lambda uow: area_code_of(uow, harbour.id)) == "210102"
    assert [entry.actor for entry in transactions.offered(AuditLog).entries][1:] == ["user:7"] * 3


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"level": Level.CITY}, "level"),
        ({"name": "  "}, "name"),
        ({"area_code": "21010"}, "area_code"),
        ({"area_code": "２１"}, "area_code"),
        ({"parent_id": ""}, "parent_id"),
    ],
)
async def test_what_cannot_be_an_organisation_is_refused_by_its_field(register, words, field):
    city = await register.ensure_root("风台市")
    wanted = {"name": "东区", "level": Level.DISTRICT, "parent_id": city.id} | words
    with pytest.raises(Invalid) as refused:
        await register.create(**wanted, by=CHIEF)
    assert refused.value.field == field
    assert len(await register.list(by=CHIEF)) == 1


async def test_name_and_area_code_may_change(register):
    city = await register.ensure_root("风台市")
    changed = await register.change(city.id, name="烽台市", area_code="210100", by=CHIEF)
    assert (changed.name, changed.level, changed.area_code) == ("烽台市", Level.CITY, "210100")
    with pytest.raises(NotFound):
        await register.change("nobody", name="x", area_code="", by=CHIEF)

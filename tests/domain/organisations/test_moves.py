"""Organisations are changed and moved: versions, circles, history."""

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.organisations import rules
from fengtai.domain.organisations.model import Level, TenantKind
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid

LI = acting(Role.ADMINISTRATOR, name="李", user_id="7")


class City:
    def __init__(self) -> None:
        self.transactions = MemoryTransactions(HandClock(), memory_stores())
        self.register = OrganisationRegister(transactions=self.transactions)

    async def grow(self) -> "City":
        self.root = await self.register.ensure_root("风台市", area_code="2101")
        self.east = await self.made("东区", Level.DISTRICT, self.root)
        self.west = await self.made("西区", Level.DISTRICT, self.root)
        self.post = await self.made("钟楼所", Level.STATION, self.east)
        return self

    async def made(self, name, level, parent, **more):
        return await self.register.create(name=name, level=level, parent_id=parent.id, by=LI, **more)

    async def parents(self) -> dict[str, str]:
        names = {one.id: one.name for one in await self.register.list(by=LI)}
        return {one.name: names.get(one.parent_id, "") for one in await self.register.list(by=LI)}


@pytest.fixture
async def city():
    return await City().grow()


async def test_a_station_moves_to_another_district_and_leaves_its_trace(city):
    moved = await city.register.move(city.post.id, parent_id=city.west.id, version=1, why="辖区调整", by=LI)
    assert (moved.version, (await city.parents())["钟楼所"]) == (2, "西区")
    (line,) = await city.register.history(city.post.id, by=LI)
    assert (line.changes, line.why, line.by) == ({"parent_id": (city.east.id, city.west.id)}, "辖区调整", "user:7")
    told = city.transactions.told("organisations.changed")[-1]
    assert told.payload == {"organisation_id": city.post.id}


async def test_nothing_is_moved_below_itself(city):
    company = await city.made("物业公司", Level.UNIT, city.post)
    branch = await city.made("物业分公司", Level.UNIT, company)
    for target in (branch, company):
        with pytest.raises(Conflict, match="circle"):
            await city.register.move(company.id, parent_id=target.id, by=LI)
    with pytest.raises(Conflict, match="circle"):
        await city.register.move(city.east.id, parent_id=city.post.id, by=LI)
    with pytest.raises(Conflict, match="root"):
        await city.register.move(city.root.id, parent_id=city.east.id, by=LI)
    with pytest.raises(Invalid, match="cannot stand under"):
        await city.register.move(city.east.id, parent_id=city.west.id, by=LI)


async def test_a_change_of_what_was_changed_meanwhile_is_refused(city):
    await city.register.change(city.east.id, name="东城区", area_code="", version=1, by=LI)
    with pytest.raises(Conflict, match="at version 2, not 1"):
        await city.register.change(city.east.id, name="东", area_code="", version=1, by=LI)
    with pytest.raises(Conflict, match="at version 2, not 1"):
        await city.register.move(city.east.id, parent_id=city.root.id, version=1, by=LI)


async def test_a_change_that_changes_nothing_is_not_written_down(city):
    same = await city.register.change(city.east.id, name="东区", area_code="", by=LI)
    assert (same.version, await city.register.history(city.east.id, by=LI)) == (1, [])


async def test_kind_and_credit_code_are_kept_and_checked(city):
    made = await city.made(
        "某公司", Level.UNIT, city.root, tenant_kind=TenantKind.OPERATOR, credit_code="91350100m000100y43"
    )
    assert (made.tenant_kind, made.credit_code) == (TenantKind.OPERATOR, "91350100M000100Y43")
    with pytest.raises(Invalid, match="mistyped"):
        await city.made("某公司", Level.UNIT, city.root, credit_code="91350100M000100Y34")


async def test_a_subtree_is_known_by_rule_as_by_store(city):
    all_of_them = await city.register.list(by=LI)
    assert rules.subtree(city.east.id, all_of_them) == {city.east.id, city.post.id}
    assert rules.subtree(city.root.id, all_of_them) == {one.id for one in all_of_them}

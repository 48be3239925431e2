"""Layouts of the wall: a person's own, and those that a chief puts before everybody."""

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting, acting_in

from fengtai.apps.schema import memory_stores
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.access.model import GrantTerms, NotAllowed, OrganisationTree, Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.api.walls import add_walls
from fengtai.domain.live.model import PANES
from fengtai.domain.live.service import WallDesk
from fengtai.domain.live.service.walls import MOST_OF_ONE_PERSON, WallWords
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.points.model import Point, PointClass
from fengtai.domain.points.ports import PointStore
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound

LI = acting(Role.OPERATOR, name="Li", user_id="li")
WANG = acting(Role.OPERATOR, name="Wang", user_id="wang")
CHIEF = acting(Role.CHIEF, name="Chief", user_id="chief")
CITY = OrganisationTree([Organisation(id=one, name=one, level=Level.CITY) for one in ("east", "west")])
DONG = acting_in(CITY, GrantTerms(role=Role.OPERATOR, organisation_id="west"), name="Dong", user_id="dong")
GATES = WallWords(name="大门", shared=False, panes=4, point_ids=("gate", "", "yard"))


@pytest.fixture
def transactions() -> MemoryTransactions:
    transactions = MemoryTransactions(HandClock(), memory_stores())
    for number, (name, organisation) in enumerate((("gate", "east"), ("yard", "west"), ("roof", "east")), start=1):
        point = Point(
            id=name,
            number=number,
            code=f"3402000000132000000{number}",
            name=name,
            organisation_id=organisation,
            point_class=PointClass.ONE,
        )
        transactions.run(lambda uow, point=point: uow.store(PointStore).save(point))
    return transactions


@pytest.fixture
def walls(transactions) -> WallDesk:
    return WallDesk(transactions=transactions)


def told(seen) -> tuple[str, list[str], list[str]]:
    return seen.layout.name, list(seen.layout.point_ids), sorted(seen.points)


async def test_a_layout_is_kept_changed_and_removed_by_its_owner(walls):
    kept = await walls.keep(GATES, LI)
    assert told(kept) == ("大门", ["gate", "", "yard"], ["gate", "yard"])
    changed = await walls.change(
        kept.layout.id, WallWords(name="大门", shared=False, panes=1, point_ids=("roof",)), version=1, by=LI
    )
    assert (changed.layout.panes, changed.layout.version) == (1, 2)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await walls.change(kept.layout.id, GATES, version=1, by=LI)
    await walls.remove(kept.layout.id, LI)
    assert await walls.all(LI) == []


async def test_nobody_sees_changes_or_removes_what_another_keeps(walls):
    kept = await walls.keep(GATES, LI)
    assert await walls.all(WANG) == []
    for act in (walls.change(kept.layout.id, GATES, version=1, by=WANG), walls.remove(kept.layout.id, WANG)):
        with pytest.raises(NotFound):
            await act


async def test_a_chief_shares_and_each_sees_the_points_that_they_may_see(walls, transactions):
    shared = WallWords(name="市中心", shared=True, panes=4, point_ids=("gate", "yard"))
    with pytest.raises(NotAllowed):
        await walls.keep(shared, LI)
    kept = await walls.keep(shared, CHIEF)

    assert [told(seen) for seen in await walls.all(LI)] == [("市中心", ["gate", "yard"], ["gate", "yard"])]
    assert [told(seen)[2] for seen in await walls.all(DONG)] == [["yard"]]
    lines = transactions.look(lambda uow: list(uow.store(AuditLog).following(0, 99, 9)))
    assert [line.entry.action for line in lines if line.entry] == ["live.layout_share"]

    await walls.change(
        kept.layout.id, WallWords(name="市中心", shared=True, panes=4, point_ids=("gate",)), version=1, by=CHIEF
    )
    assert await walls.all(DONG) == []


async def test_a_point_out_of_reach_cannot_be_put_into_a_layout(walls):
    with pytest.raises(NotFound, match="there is no point gate"):
        await walls.keep(GATES, DONG)


@pytest.mark.parametrize(
    "words",
    [
        {"name": " "},
        {"name": "a\nb"},
        {"panes": 5},
        {"point_ids": ("gate", "gate")},
        {"point_ids": ("gate", "yard"), "panes": 1},
        {"point_ids": ("",) * 65, "panes": 16, "turn_seconds": 9},
        {"turn_seconds": 1},
    ],
)
async def test_what_is_no_layout_is_refused(walls, words):
    with pytest.raises(Invalid):
        await walls.keep(WallWords(**{"name": "x", "shared": False, "panes": 4, "point_ids": (), **words}), LI)


async def test_names_are_single_and_layouts_bounded(walls):
    for number in range(MOST_OF_ONE_PERSON):
        await walls.keep(WallWords(name=f"{number}", shared=False, panes=PANES[number % 7], point_ids=()), LI)
    with pytest.raises(Conflict, match="at most"):
        await walls.keep(GATES, LI)
    first = (await walls.all(LI))[0].layout
    with pytest.raises(Conflict, match="already"):
        await walls.change(
            first.id, WallWords(name="1", shared=False, panes=1, point_ids=()), version=first.version, by=LI
        )


async def test_the_routes_tell_panes_by_place_and_hide_what_is_not_seen(walls):
    await walls.keep(WallWords(name="市中心", shared=True, panes=9, point_ids=("gate", "", "yard")), CHIEF)
    app = FastAPI()
    add_problem_answers(app)
    add_walls(app.router, walls, lambda: DONG)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test") as console:
        (layout,) = (await console.get("/layouts")).json()["items"]
        assert layout["points"] == [None, None, {"id": "yard", "number": 2, "name": "yard"}]
        assert (layout["mine"], layout["owner_name"]) == (False, "Chief")
        mine = {"name": "院", "panes": 16, "point_ids": ["yard"], "turn_seconds": 0}
        made = (await console.post("/layouts", json=mine)).json()
        again = await console.put(f"/layouts/{made['id']}", json=mine | {"version": 1, "panes": 13})
        assert (again.status_code, again.json()["panes"], again.json()["version"]) == (200, 13, 2)
        assert (await console.put(f"/layouts/{made['id']}", json=mine | {"version": 1})).status_code == 409
        assert (await console.delete(f"/layouts/{made['id']}")).status_code == 204
        assert (await console.delete(f"/layouts/{layout['id']}")).status_code == 404

"""The map of the whole city: gathered by zoom, limited by rights, and never behind what was committed."""

import asyncio
import random
from dataclasses import replace

import pytest
from tests.domain.acting import acting, acting_in

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import GrantTerms, OrganisationTree, Permission, Place, Role
from fengtai.domain.devices.model import Device, DeviceCameOnline, DeviceWentOffline, Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.points.model import Box, Point, PointChanged, PointClass, PointPresence
from fengtai.domain.points.model.imports import PointsImported
from fengtai.domain.points.model.maps import MapWish, PlacedRow
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.rules.map_sheet import MOST_SINGLE, sheet_of
from fengtai.domain.points.service import PointMap
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.places import Position

CHIEF = acting(Role.CHIEF, name="li", user_id="1")
CITY = Box(west=118.0, south=31.0, east=119.0, north=32.0)
EVERYWHERE = CHIEF.reach(Permission.POINTS_SEE)
DEVICE = "34020000001320000001"
GATE = Point(
    id="gate",
    number=1,
    code="34020000001320000001",
    name="东门",
    organisation_id="east",
    point_class=PointClass.ONE,
    position=Position(118.37, 31.33),
    device_id=DEVICE,
    channel_id=DEVICE,
)


class City:
    def __init__(self) -> None:
        self.transactions = MemoryTransactions(HandClock(), memory_stores())
        self.map = PointMap(transactions=self.transactions, events=self.transactions)

    def has(self, *points: Point) -> None:
        def save(uow) -> None:
            for point in points:
                uow.store(PointStore).save(point)
                uow.publish(PointChanged(point_id=point.id))

        self.transactions.run(save)

    def device_is(self, presence: Presence) -> None:
        def save(uow) -> None:
            uow.store(DeviceStore).save(Device(id=DEVICE, enrolment=Enrolment.ACCEPTED, presence=presence))
            event = DeviceCameOnline if presence is Presence.ONLINE else DeviceWentOffline
            told = {"enrolment": "accepted"} if event is DeviceCameOnline else {"reason": "silent"}
            uow.publish(event(device_id=DEVICE, **told))

        self.transactions.run(save)

    async def shown(self, by=CHIEF, **wanted) -> list[tuple[str, str]]:
        seen = await self.map.view(MapWish(box=CITY, **wanted), zoom=12, by=by)
        return [(placed.point.name, placed.presence.value) for placed in seen.points]


@pytest.fixture
def city() -> City:
    return City()


def test_a_crowd_is_gathered_and_nobody_is_lost():
    dice = random.Random(7)
    rows = [
        PlacedRow(f"p{n}", n, dice.gauss(118.37, 0.1), dice.gauss(31.33, 0.1), Place("o", "34", n % 3 + 1), f"d{n}")
        for n in range(1, 20_001)
    ]
    sheet = sheet_of(rows, {f"d{n}": PointPresence.ONLINE if n % 4 else PointPresence.OFFLINE for n in range(20_001)})
    at = sheet.found(MapWish(box=Box(west=-180, south=-90, east=180, north=90)), EVERYWHERE)

    for zoom in (0, 3.5, 9, 12, 15, 24):
        seen = sheet.overview(at, zoom)
        assert sum(cluster.count for cluster in seen.clusters) + len(seen.single) == 20_000
        assert len(seen.single) <= MOST_SINGLE
        assert len(seen.clusters) <= 4_000
        offline = sum(one.presence is PointPresence.OFFLINE for one in seen.single)
        assert sum(cluster.offline for cluster in seen.clusters) + offline == seen.unwell == 5_000
        assert all(sum(cluster.classes.values()) == cluster.count for cluster in seen.clusters)


def test_a_cluster_stays_where_it_is_while_the_map_is_moved():
    rows = [PlacedRow(f"p{n}", n, 118.3 + n % 40 / 200, 31.3 + n // 40 / 200, Place("o"), "") for n in range(1600)]
    sheet = sheet_of(rows, {})
    left = sheet.found(MapWish(box=Box(west=118.25, south=31.25, east=118.55, north=31.55)), EVERYWHERE)
    right = sheet.found(MapWish(box=Box(west=118.29, south=31.25, east=118.6, north=31.55)), EVERYWHERE)
    assert sheet.overview(left, 11).clusters == sheet.overview(right, 11).clusters


async def test_what_was_just_committed_is_on_the_map(city):
    assert await city.shown() == []
    city.has(GATE)
    assert await city.shown() == [("东门", "unbound")]
    city.device_is(Presence.ONLINE)
    assert await city.shown() == [("东门", "online")]
    city.device_is(Presence.OFFLINE)
    city.has(replace(GATE, name="正门"), replace(GATE, id="yard", number=2, name="后院", device_id="", channel_id=""))
    assert await city.shown() == [("正门", "offline"), ("后院", "unbound")]
    city.has(replace(GATE, position=None))
    assert await city.shown() == [("后院", "unbound")]


async def test_it_is_drawn_once_however_many_ask_for_it_at_the_same_time(city):
    city.has(GATE)
    asked: list[int] = []
    read = city.transactions.read

    async def counted(work):
        asked.append(1)
        await asyncio.sleep(0)
        return await read(work)

    city.transactions.read = counted
    seen = await asyncio.gather(*(city.shown() for _ in range(5)))
    assert seen == [[("东门", "unbound")]] * 5
    assert len(asked) == 1 + 5  # the sheet, and the points of each answer


async def test_an_import_is_seen_whole(city):
    await city.shown()

    def bring(uow) -> None:
        for number in range(1, 4):
            uow.store(PointStore).save(replace(GATE, id=f"p{number}", number=number, name=f"{number}"))
        uow.publish(PointsImported(import_id="i", new=3, changed=0))

    city.transactions.run(bring)
    assert [name for name, _ in await city.shown()] == ["1", "2", "3"]


async def test_state_and_class_are_filtered(city):
    city.device_is(Presence.ONLINE)
    city.has(GATE, replace(GATE, id="yard", number=2, name="后院", device_id="", point_class=PointClass.THREE))
    assert await city.shown(presences=frozenset({PointPresence.ONLINE})) == [("东门", "online")]
    assert await city.shown(classes=frozenset({3})) == [("后院", "unbound")]
    assert await city.shown(classes=frozenset({2, 9})) == []


async def test_who_is_responsible_for_one_district_sees_and_counts_only_that(city):
    city.has(GATE, replace(GATE, id="yard", number=2, name="后院", organisation_id="west"))
    tree = OrganisationTree([Organisation(id=one, name=one, level=Level.CITY) for one in ("east", "west")])
    dong = acting_in(tree, GrantTerms(role=Role.OPERATOR, organisation_id="west"))

    seen = await city.map.view(MapWish(box=CITY), zoom=12, by=dong)
    assert ([placed.point.name for placed in seen.points], seen.total, seen.unwell) == (["后院"], 1, 1)
    listed = await city.map.listed(MapWish(box=CITY), after_number=0, limit=10, by=dong)
    assert ([placed.point.name for placed in listed.points], listed.total) == (["后院"], 1)


async def test_an_area_drawn_by_hand_is_listed_by_number_page_by_page(city):
    city.has(
        *(
            replace(GATE, id=f"p{n}", number=n, name=f"{n}", position=Position(118.1 + n / 100, 31.5))
            for n in range(1, 8)
        )
    )
    triangle = ((118.115, 31.4), (118.165, 31.4), (118.14, 31.9))  # at 31.5 it is 40 thousandths wide
    first = await city.map.listed(MapWish(box=CITY, corners=triangle), after_number=0, limit=2, by=CHIEF)
    assert ([placed.point.number for placed in first.points], first.total, first.further) == ([2, 3], 5, 3)
    rest = await city.map.listed(MapWish(box=CITY, corners=triangle), after_number=3, limit=9, by=CHIEF)
    assert ([placed.point.number for placed in rest.points], rest.further) == ([4, 5, 6], None)


async def test_an_area_of_two_corners_is_none(city):
    with pytest.raises(Invalid):
        await city.map.listed(MapWish(box=CITY, corners=((1, 1), (2, 2))), after_number=0, limit=2, by=CHIEF)

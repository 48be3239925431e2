"""The register of points: made by people, and by themselves from devices."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import CatalogueChanged, Channel, Device, DeviceEnrolled, Enrolment, Presence
from fengtai.domain.devices.ports import ChannelStore, DeviceStore
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import Box, PointWords
from fengtai.domain.points.service import PointRegister
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.places import Position

ENGINEER = acting(Role.ENGINEER, name="sun", user_id="5")
RECORDER = "34020000001110000001"
GATE = PointWords(name="东门", position=Position(123.43, 41.8), device_id=RECORDER, channel_id="34020000001310000001")


class Town:
    def __init__(self) -> None:
        self.transactions = MemoryTransactions(HandClock(), memory_stores())
        self.points = PointRegister(transactions=self.transactions)
        self._handled = 0

    async def set_up(self, area_code: str = "210102") -> None:
        await OrganisationRegister(transactions=self.transactions).ensure_root("风台市", area_code=area_code)

    def device(self, enrolment=Enrolment.ACCEPTED, presence=Presence.ONLINE, device_id=RECORDER) -> None:
        device = Device(id=device_id, enrolment=enrolment, presence=presence)
        self.transactions.run(lambda uow: uow.store(DeviceStore).save(device))

    def catalogue(self, *channels: Channel) -> None:
        def work(uow):
            uow.store(ChannelStore).save_all(channels)
            uow.publish(CatalogueChanged(device_id=channels[0].device_id, channels=len(channels), complete=True))

        self.transactions.run(work)
        self.events_told()

    def enrolled(self, *, make_points: bool, enrolment=Enrolment.ACCEPTED, device_id=RECORDER) -> None:
        self.device(enrolment, device_id=device_id)
        event = DeviceEnrolled(device_id=device_id, enrolment=enrolment.value, make_points=make_points)
        self.transactions.run(lambda uow: uow.publish(event))
        self.events_told()

    def events_told(self) -> None:
        handlers = self.points.subscriptions()
        for event in self.transactions.events[self._handled :]:
            if event.kind in handlers:
                self.transactions.run(lambda uow, each=event: handlers[each.kind](uow, each))
        self._handled = len(self.transactions.events)

    async def told(self) -> list[tuple[int, str, str]]:
        return [(point.number, point.code, point.name) for point in await self.points.page()]


def camera(serial: int, device_id: str = RECORDER, **more) -> Channel:
    words = {"name": f"摄像机 {serial}", "longitude": 123.43, "latitude": 41.8} | more
    return Channel(device_id=device_id, id=f"3402000000131000000{serial}", **words)


@pytest.fixture
async def town():
    made = Town()
    await made.set_up()
    return made


async def test_number_and_code_are_proposed(town):
    first = await town.points.create(GATE, by=ENGINEER)
    second = await town.points.create(PointWords(name="计划中"), by=ENGINEER)
    assert (first.number, first.code) == (1, "21010200001320000001")
    assert (second.number, second.code) == (2, "21010200001320000002")
    assert [event.payload["point_id"] for event in town.transactions.told("points.changed")] == [first.id, second.id]
    assert [entry.action for entry in town.transactions.offered(AuditLog).entries[1:]] == ["point.create"] * 2


async def test_without_an_area_code_the_device_gives_the_domain_or_a_code_must_be_given():
    town = Town()
    await town.set_up(area_code="")
    assert (await town.points.create(GATE, by=ENGINEER)).code == "34020000001320000001"
    with pytest.raises(Invalid) as refused:
        await town.points.create(PointWords(name="计划中"), by=ENGINEER)
    assert refused.value.field == "code"
    assert (await town.points.create(PointWords(name="计划中", code="21010200001320000007"), by=ENGINEER)).number == 2


async def test_a_proposed_code_is_never_one_that_is_taken(town):
    await town.points.create(PointWords(name="先来", number=9, code="21010200001320000010"), by=ENGINEER)
    assert (await town.points.create(PointWords(name="后到"), by=ENGINEER)).code == "21010200001320000011"


async def test_a_change_keeps_number_and_code_unless_told_otherwise(town):
    made = await town.points.create(replace(GATE, number=42), by=ENGINEER)
    changed = await town.points.change(made.id, replace(GATE, name="正门"), by=ENGINEER)
    assert (changed.number, changed.code, changed.name) == (42, made.code, "正门")
    with pytest.raises(NotFound):
        await town.points.change("nobody", GATE, by=ENGINEER)


@pytest.mark.parametrize(
    ("twin", "what"),
    [
        ({"number": 1, "device_id": "", "channel_id": ""}, "number 1"),
        ({"code": "21010200001320000001", "device_id": "", "channel_id": ""}, "code 21010200001320000001"),
        ({}, "channel"),
    ],
)
async def test_number_code_and_channel_belong_to_one_point(town, twin, what):
    await town.points.create(GATE, by=ENGINEER)
    with pytest.raises(Conflict, match=rf"{what}.* point 1 '东门'"):
        await town.points.create(replace(GATE, **twin), by=ENGINEER)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"name": " "}, "name"),
        ({"number": -1}, "number"),
        ({"code": "12"}, "code"),
        ({"view_degrees": 360}, "view_degrees"),
        ({"view_angle_degrees": 0}, "view_angle_degrees"),
        ({"retention_days": 29}, "retention_days"),
        ({"channel_id": ""}, "channel_id"),
    ],
)
async def test_what_cannot_be_a_point_is_refused_by_its_field(town, words, field):
    with pytest.raises(Invalid) as refused:
        await town.points.create(replace(GATE, **words), by=ENGINEER)
    assert refused.value.field == field


async def test_the_map_shows_presence_of_the_device(town):
    await town.points.create(GATE, by=ENGINEER)
    await town.points.create(PointWords(name="计划中", position=Position(123.431, 41.8)), by=ENGINEER)
    box = Box(west=123, south=41, east=124, north=42)

    async def shown():
        return [(each.point.number, each.presence.value) for each in await town.points.in_box(box, by=ENGINEER)]

    assert await shown() == [(1, "unbound"), (2, "unbound")]
    town.device()
    assert await shown() == [(1, "online"), (2, "unbound")]
    town.device(presence=Presence.OFFLINE)
    assert await shown() == [(1, "offline"), (2, "unbound")]
    town.device(enrolment=Enrolment.PENDING)
    assert await shown() == [(1, "offline"), (2, "unbound")]


async def test_a_box_that_is_none_is_refused(town):
    with pytest.raises(Invalid):
        await town.points.in_box(Box(west=2, south=0, east=1, north=1), by=ENGINEER)
    with pytest.raises(Invalid):
        await town.points.in_box(Box(west=float("nan"), south=0, east=1, north=1), by=ENGINEER)


async def test_the_nearest_bound_points_are_found(town):
    await town.points.create(GATE, by=ENGINEER)
    ((point, metres),) = await town.points.nearest(Position(123.431, 41.8))
    assert (point.name, round(metres)) == ("东门", 83)


async def test_accepting_a_device_makes_a_point_per_camera_channel(town):
    town.device(Enrolment.PENDING)
    alarm_input = Channel(device_id=RECORDER, id="34020000001340000001", name="报警输入")
    nonsense = Channel(device_id=RECORDER, id="cam-1", name="未编码")
    town.catalogue(camera(1), camera(2, longitude=0.0, latitude=0.0), camera(3, stale=True), alarm_input, nonsense)
    assert await town.told() == []

    town.enrolled(make_points=True)
    assert await town.told() == [(1, "34020000001310000001", "摄像机 1"), (2, "34020000001310000002", "摄像机 2")]
    first, second = await town.points.page()
    assert (first.position, second.position) == (Position(123.43, 41.8), None)
    assert (first.device_id, first.channel_id) == (RECORDER, "34020000001310000001")
    audited = town.transactions.offered(AuditLog).entries[-1]
    assert (audited.actor, audited.details["numbers"]) == ("system:points", [1, 2])


async def test_a_catalogue_that_comes_later_and_grows_makes_points_once(town):
    town.enrolled(make_points=True)
    town.catalogue(camera(1))
    town.catalogue(camera(1), camera(2))
    town.catalogue(camera(1), camera(2))
    assert [number for number, _, _ in await town.told()] == [1, 2]


async def test_without_being_asked_no_point_is_made(town):
    town.enrolled(make_points=False)
    town.catalogue(camera(1))
    assert await town.told() == []


async def test_a_refused_device_makes_no_more_points(town):
    town.enrolled(make_points=True)
    town.enrolled(make_points=False, enrolment=Enrolment.REFUSED)
    town.catalogue(camera(1))
    assert await town.told() == []


async def test_two_devices_with_the_same_channel_code_get_two_points(town):
    other = "34020000001110000002"
    town.enrolled(make_points=True)
    town.catalogue(camera(1))
    town.enrolled(make_points=True, device_id=other)
    town.catalogue(camera(1, device_id=other))
    assert await town.told() == [(1, "34020000001310000001", "摄像机 1"), (2, "34020000001310000002", "摄像机 1")]

"""What a gateway asks of devices on real sockets, and what it makes of their answers and notices."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from fengtai.domain.audit.ports import AuditLog, AuditQuery
from fengtai.domain.devices.model import Device, Manner, Order, OrderOutcome, Topic, TopicReport
from fengtai.gateways.gb28181.running import Running
from fengtai.protocols.gb28181 import CatalogItem, CatalogueChange, DeviceFaults, Fix
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Unavailable

from .conftest import CAMERA, CAMERAS, DEVICE, ENGINEER, House, Visit
from .test_devices_on_sockets import until

NOON = HandClock().now()
MAKES = ["hikvision", "dahua", "uniview", "tiandy", "platform", "generic"]


async def until_known(house: House, true: Callable[[Device], object]) -> Device:
    async with asyncio.timeout(5):
        while True:
            found = await house.devices.known([DEVICE])
            if DEVICE in found and true(found[DEVICE]):
                return found[DEVICE]
            await asyncio.sleep(0.002)


async def until_channels(house: House, true: Callable[[dict[str, str]], object]) -> None:
    """Name by id, "-" before those that are off, "!" before stale ones."""
    await until_known(house, lambda _known: True)
    async with asyncio.timeout(5):
        while True:
            channels = (await house.devices.get(DEVICE, by=ENGINEER)).channels
            shown = {one.id: f"{'!' if one.stale else ''}{'' if one.on else '-'}{one.name}" for one in channels}
            if true(shown):
                return
            await asyncio.sleep(0.002)


def state(gateway: Running, topic: Topic) -> TopicReport | None:
    return next((one for one in gateway.subscriptions(DEVICE) if one.topic is topic), None)


@pytest.fixture
async def everything(house: House) -> AsyncIterator[Running]:
    running = await house.open()
    yield running
    await running.stop()


async def test_a_recorder_is_subscribed_to_what_makes_sense_for_it(gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port)
    await until(lambda: (known := state(gateway, Topic.CATALOGUE)) is not None and known.state == "active")
    assert device.topics() == {"Catalog", "Alarm"}
    catalogue = state(gateway, Topic.CATALOGUE)
    assert catalogue is not None
    assert catalogue.expires_at is not None
    assert state(gateway, Topic.POSITION) is None


async def test_a_device_that_waits_for_its_acceptance_is_not_subscribed_to_before(house: House, visit: Visit) -> None:
    gateway = await house.open(enrol="pending")
    try:
        device = await visit(gateway.port)
        await until_known(house, lambda known: known.manufacturer)
        assert device.topics() == set()
        await house.devices.accept(DEVICE, make_points=False, by=ENGINEER)
        await until(lambda: device.topics() == {"Catalog", "Alarm"})
    finally:
        await gateway.stop()


async def test_subscriptions_are_there_again_after_a_restart(house: House, visit: Visit) -> None:
    first = await house.open()
    device = await visit(first.port, keepalive_seconds=0.05, retry_seconds=0.05)
    await until(lambda: device.topics() == {"Catalog", "Alarm"})
    await first.stop()
    device.endpoint.subscriptions.forget()

    second = await house.open(first.port)
    try:
        await until(lambda: device.topics() == {"Catalog", "Alarm"})
        assert second.status()["registrations"] == 0
    finally:
        await second.stop()


async def test_a_refusal_is_remembered_over_a_restart_until_somebody_asks(house: House, visit: Visit) -> None:
    first = await house.open()
    device = await visit(
        first.port, keepalive_seconds=0.05, retry_seconds=0.05, faults=DeviceFaults(refuses_subscribe=405)
    )
    await until(lambda: (known := state(first, Topic.ALARM)) is not None and known.state == "refused")
    await until_refusals(house, 2)
    await first.stop()

    second = await house.open(first.port)
    try:
        refused = state(second, Topic.ALARM)
        assert refused is not None
        assert (refused.state, "405" in refused.cause) == ("refused", True)
        await until(lambda: second.status()["devices_online"] == 1)
        heard = device.endpoint.subscriptions.asked
        assert await device.raise_alarm(CAMERA, 5, 6, 1, "x")  # it talks, and is not asked
        assert device.endpoint.subscriptions.asked == heard
        await second.subscribe_again(DEVICE)
        await until(lambda: device.endpoint.subscriptions.asked == heard + 2)
    finally:
        await second.stop()


async def until_refusals(house: House, count: int) -> None:
    async with asyncio.timeout(5):
        while len(await house.devices.topic_refusals()) != count:
            await asyncio.sleep(0.002)


async def test_the_last_catalogue_can_be_read_as_it_came(gateway: Running, visit: Visit) -> None:
    await visit(gateway.port, items_a_part=2)
    await until(lambda: gateway.status()["catalogues"] == 1)
    messages = gateway.raw_catalogue(DEVICE)
    assert len(messages) == 3
    assert "东门 1".encode("gb18030") in messages[0]
    assert gateway.raw_catalogue(CAMERA) == ()


async def test_a_person_chooses_what_is_subscribed_to(house: House, gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port)
    await until(lambda: device.topics() == {"Catalog", "Alarm"})
    manner = Manner(topics=frozenset((Topic.POSITION,)))
    await house.devices.choose_manner(DEVICE, manner, makes=MAKES, by=ENGINEER)
    await until(lambda: device.topics() == {"MobilePosition"})


async def test_a_refusal_is_seen_and_may_be_tried_again(gateway: Running, visit: Visit) -> None:
    await visit(gateway.port, faults=DeviceFaults(refuses_subscribe=405))
    await until(lambda: (known := state(gateway, Topic.ALARM)) is not None and known.state == "refused")
    refused = state(gateway, Topic.ALARM)
    assert refused is not None
    assert "405" in refused.cause
    await gateway.subscribe_again(DEVICE)
    asked_again = state(gateway, Topic.ALARM)
    assert asked_again is not None
    assert asked_again.state == "asking"


async def test_notices_change_the_catalogue_by_difference(house: House, gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port)
    await until_channels(house, lambda shown: len(shown) == 6)
    await until(lambda: "Catalog" in device.topics())
    new = CatalogItem(id="34020000001320000099", name="新门")
    changes = [
        CatalogueChange(event="OFF", item=CAMERAS[0]),
        CatalogueChange(event="DEL", item=CAMERAS[1]),
        CatalogueChange(event="UPDATE", item=CatalogItem(id=CAMERAS[2].id, name="renamed")),
        CatalogueChange(event="ADD", item=new),
    ]
    device.tell(lambda endpoint, now: endpoint.tell_catalogue(changes, now))
    await until_channels(
        house,
        lambda shown: (
            shown[CAMERAS[0].id] == "-东门 1"
            and shown[CAMERAS[1].id] == "!-东门 2"
            and shown[CAMERAS[2].id] == "renamed"
            and shown.get(new.id) == "新门"
            and shown[CAMERAS[3].id] == "东门 4"
        ),
    )


async def test_the_status_notices_of_a_make_that_invents_them_are_not_believed(
    house: House, gateway: Running, visit: Visit
) -> None:
    device = await visit(gateway.port, manufacturer="Hikvision")
    await until(lambda: "Catalog" in device.topics())
    await until(lambda: gateway.status()["catalogues"] == 1)
    device.tell(lambda endpoint, now: endpoint.tell_catalogue([CatalogueChange(event="OFF", item=CAMERAS[0])], now))
    await until(lambda: gateway.status()["catalogues"] == 2)  # asked again instead
    await until_channels(house, lambda shown: shown[CAMERAS[0].id] == "东门 1")


async def test_a_vehicle_says_where_it_is_and_only_the_last_place_is_kept(
    house: House, gateway: Running, visit: Visit
) -> None:
    device = await visit(gateway.port)
    await until_channels(house, lambda shown: len(shown) == 6)
    for longitude in (118.30, 118.31, 118.32):
        fixes = [Fix(target_id=CAMERA, longitude=longitude, latitude=31.3, speed_kmh=30.0)]
        device.tell(lambda endpoint, now, fixes=fixes: endpoint.tell_positions(fixes, now, unasked=True))
    unknown = [Fix(target_id="34020000001329999999", longitude=1.0, latitude=1.0)]
    device.tell(lambda endpoint, now: endpoint.tell_positions(unknown, now, unasked=True))

    async with asyncio.timeout(5):
        while not (kept := await house.devices.positions(DEVICE, by=ENGINEER)) or kept[0].longitude != 118.32:
            await asyncio.sleep(0.002)
    assert [(one.channel_id, one.longitude, one.speed_kmh) for one in kept] == [(CAMERA, 118.32, 30.0)]
    events = house.transactions.told("devices.moved")
    assert events[-1].payload == {
        "device_id": DEVICE,
        "channel_ids": [CAMERA],
        "organisation_id": "",
    }  # no place in the log: no track


async def test_an_order_is_carried_out_answered_and_audited(house: House, gateway: Running, visit: Visit) -> None:
    device = await visit(gateway.port)
    await device.registered()
    report = await house.devices.carry_out(DEVICE, "", Order.GUARD, commands=gateway, by=ENGINEER)
    assert report.outcome is OrderOutcome.DONE
    assert device.on_guard
    assert (await house.devices.known([DEVICE]))[DEVICE].on_guard is True
    report = await house.devices.carry_out(DEVICE, "", Order.UNGUARD, commands=gateway, by=ENGINEER)
    assert (await house.devices.known([DEVICE]))[DEVICE].on_guard is False
    report = await house.devices.carry_out(DEVICE, CAMERA, Order.RESET_ALARM, commands=gateway, by=ENGINEER)
    assert report.outcome is OrderOutcome.DONE


async def test_an_order_to_an_absent_device_fails_and_that_is_audited(house: House, gateway: Running) -> None:
    await house.devices.enter(DEVICE, name="gate", password="", by=ENGINEER)
    with pytest.raises(Unavailable):
        await house.devices.carry_out(DEVICE, "", Order.GUARD, commands=gateway, by=ENGINEER)
    entries = house.transactions.look(lambda uow: uow.store(AuditLog).page(AuditQuery(limit=2)))
    assert [(one.entry.action, one.entry.outcome.value) for one in entries] == [
        ("device.guard", "failed"),
        ("device.guard", "intent"),
    ]


async def test_a_catalogue_that_never_ends_is_cut_and_that_is_told(house: House, visit: Visit) -> None:
    gateway = await house.open(most_catalogue_items=500)
    await visit(gateway.port, faults=DeviceFaults(catalogue_never_ends=True))
    known = await until_known(house, lambda known: known.catalogue_note)
    assert "goes on after 500 items" in known.catalogue_note
    assert len((await house.devices.get(DEVICE, by=ENGINEER)).channels) == 500
    await gateway.stop()


@pytest.mark.parametrize(
    "faults",
    [
        DeviceFaults(declares="UTF-8"),
        DeviceFaults(declares="GB2312", encodes="utf-8"),
        DeviceFaults(counts_letters=True),
    ],
    ids=["gb-as-utf8", "utf8-as-gb", "length-in-letters"],
)
async def test_a_device_that_misnames_or_miscounts_its_letters_is_read(
    house: House, gateway: Running, visit: Visit, faults: DeviceFaults
) -> None:
    await visit(gateway.port, faults=faults)
    await until_channels(house, lambda shown: shown.get(CAMERA) == "东门 1" and len(shown) == 6)


async def test_a_device_that_moves_is_followed_with_its_subscriptions(
    house: House, gateway: Running, visit: Visit
) -> None:
    device = await visit(gateway.port)
    await until(lambda: device.topics() == {"Catalog", "Alarm"})
    before = (await until_known(house, lambda known: known.binding)).binding
    assert before is not None
    device.move()
    moved = await until_known(house, lambda known: known.binding and known.binding.port != before.port)
    assert moved.binding is not None
    report = await gateway.carry_out(DEVICE, DEVICE, Order.GUARD)
    assert report.outcome is OrderOutcome.DONE
    assert state(gateway, Topic.ALARM) is not None


Opened = Callable[..., Awaitable[Running]]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_device_that_belongs_elsewhere_is_sent_there_and_comes_back_when_refused(
    house: House, visit: Visit, transport: str, tmp_path
) -> None:
    other_house = House(tmp_path / "other")
    other = await other_house.open(id="34020000002000000002")
    gateway = await house.open()
    try:
        await house.devices.enter(DEVICE, name="gate", password="", by=ENGINEER)
        manner = Manner(redirect_to=f"34020000002000000002@127.0.0.1:{other.port}")
        await house.devices.choose_manner(DEVICE, manner, makes=MAKES, by=ENGINEER)
        device = await visit(gateway.port, transport=transport, retry_seconds=0.05)
        await until(lambda: other.status()["devices_online"] == 1)
        assert gateway.status()["registrations_redirected"] == 1
        assert gateway.status()["devices_online"] == 0
        assert (await house.devices.known([DEVICE]))[DEVICE].binding is None

        await house.devices.choose_manner(DEVICE, Manner(), makes=MAKES, by=ENGINEER)
        await other_house.devices.refuse(DEVICE, reason="not ours", by=ENGINEER)
        device.tell(lambda endpoint, now: endpoint.start(now))
        await until(lambda: gateway.status()["devices_online"] == 1)
    finally:
        await gateway.stop()
        await other.stop()


async def test_a_device_that_is_here_goes_when_it_is_sent(
    house: House, gateway: Running, visit: Visit, tmp_path
) -> None:
    other = await House(tmp_path / "other").open(id="34020000002000000002")
    try:
        device = await visit(gateway.port, keepalive_seconds=0.05, retry_seconds=0.05)
        await until(lambda: gateway.status()["devices_online"] == 1)
        await device.registered()
        manner = Manner(redirect_to=f"34020000002000000002@127.0.0.1:{other.port}")
        await house.devices.choose_manner(DEVICE, manner, makes=MAKES, by=ENGINEER)
        await until(lambda: other.status()["devices_online"] == 1)
        assert gateway.status()["devices_online"] == 0
        assert device.server == ("127.0.0.1", other.port)
    finally:
        await other.stop()


async def test_nobody_is_sent_from_us_to_us(house: House, visit: Visit) -> None:
    gateway = await house.open(redirect_to="34020000002000000001@127.0.0.1:9")
    try:
        device = await visit(gateway.port)
        await device.registered()
        assert gateway.status()["registrations_redirected"] == 0
    finally:
        await gateway.stop()


async def test_a_wrong_password_is_not_sent_anywhere(house: House, visit: Visit) -> None:
    gateway = await house.open(redirect_to="34020000002000000002@127.0.0.1:9")
    try:
        device = await visit(gateway.port, password="wrong")
        assert await device.refused() == 403
        assert gateway.status()["registrations_redirected"] == 0
    finally:
        await gateway.stop()


async def test_one_alarm_told_by_message_and_by_notify_has_one_key(
    house: House, gateway: Running, visit: Visit
) -> None:
    device = await visit(gateway.port)
    await until(lambda: "Alarm" in device.topics())
    for by_notify in (False, True, True):
        device.tell(
            lambda endpoint, now, by_notify=by_notify: endpoint.send_alarm(
                channel_id=CAMERA, method=5, type=6, priority=1, description="x", now=NOON, by_notify=by_notify
            )
        )
    await until(lambda: len(house.alarms.signals) == 3)
    assert len({signal.dedup_key for signal in house.alarms.signals}) == 1
    assert len({signal.sequence for signal in house.alarms.signals}) == 3

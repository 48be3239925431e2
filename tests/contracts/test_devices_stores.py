"""Devices and channels on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.contracts.conftest import Units

from fengtai.domain.devices.model import (
    Binding,
    Channel,
    Device,
    Enrolment,
    Manner,
    OpenCall,
    Presence,
    ReportedPosition,
    Standing,
    Topic,
    TopicRefusal,
)
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore, PositionStore, RefusalStore

AT = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
BINDING = Binding(transport="tcp", host="10.0.0.9", port=40001, expires_at=AT, edition="3.0", call_id="reg-1")
GATE = Device(
    id="34020000001180000005",
    name="东门 NVR",
    enrolment=Enrolment.ACCEPTED,
    presence=Presence.ONLINE,
    binding=BINDING,
    last_seen_at=AT,
    registered_at=AT - timedelta(days=1),
    manufacturer="Acme",
    model="X1",
    firmware="1.2",
    sealed_password=b"\x00\xff sealed",
    organisation_id="org",
    clock_error_ms=-1500,
    user_agent="Embedded Net DVR",
    manner=Manner(
        edition="2.0",
        make="hikvision",
        charset="utf-8",
        topics=frozenset((Topic.ALARM, Topic.CATALOGUE)),
        redirect_to="34020000002000000002@10.0.0.2:5060",
    ),
    on_guard=True,
    catalogue_at=AT,
    catalogue_note="the device announced 12 items and sent 10",
)
YARD = Device(id="34020000001180000006", name="Yard 100%")


def save(units: Units, *devices: Device) -> None:
    def work(uow) -> None:  # type: ignore[no-untyped-def]
        for device in devices:
            uow.store(DeviceStore).save(device)

    units.run(work)


def channel(serial: int, **changes: object) -> Channel:
    one = Channel(
        device_id=GATE.id, id=f"3402000000132{serial:07d}", name=f"门 {serial}", longitude=118.37, latitude=31.33
    )
    return replace(one, **changes)  # type: ignore[arg-type]


def test_a_device_comes_back_as_it_was_saved(units: Units) -> None:
    save(units, GATE, YARD)
    assert units.read(lambda uow: uow.store(DeviceStore).get(GATE.id)) == GATE
    assert units.read(lambda uow: uow.store(DeviceStore).get(YARD.id)) == YARD
    assert units.read(lambda uow: uow.store(DeviceStore).get("34020000001180000007")) is None

    changed = replace(GATE, binding=None, presence=Presence.OFFLINE, name="gate")
    save(units, changed)
    assert units.read(lambda uow: uow.store(DeviceStore).get(GATE.id)) == changed


def test_only_devices_with_a_binding_are_taken_up_at_the_start(units: Units) -> None:
    save(units, GATE, YARD)
    assert units.read(lambda uow: uow.store(DeviceStore).bound()) == [GATE]


def test_devices_of_which_somebody_chose_something_are_found(units: Units) -> None:
    none = replace(YARD, manner=Manner(topics=frozenset()))
    save(units, GATE, none, replace(YARD, id="34020000001180000007"))
    assert units.read(lambda uow: uow.store(DeviceStore).with_manner()) == [GATE, none]


def test_of_positions_only_the_last_is_kept(units: Units) -> None:
    one = ReportedPosition(
        device_id=GATE.id,
        channel_id=GATE.id,
        longitude=118.3,
        latitude=31.3,
        at=AT,
        device_time=AT - timedelta(seconds=3),
        speed_kmh=40.5,
        direction_degrees=270.0,
        altitude_m=-3.0,
    )
    other = ReportedPosition(device_id=GATE.id, channel_id="1", longitude=0.0, latitude=0.5, at=AT)
    foreign = replace(one, device_id=YARD.id)
    units.run(lambda uow: uow.store(PositionStore).save_all([one, other, foreign]))
    later = replace(one, longitude=118.4, at=AT + timedelta(seconds=5))
    units.run(lambda uow: uow.store(PositionStore).save_all([one, later]))
    units.run(lambda uow: uow.store(PositionStore).save_all([]))
    assert list(units.read(lambda uow: uow.store(PositionStore).of_device(GATE.id))) == [other, later]
    assert list(units.read(lambda uow: uow.store(PositionStore).of_device(YARD.id))) == [foreign]


def test_pages_follow_ids_and_find_text(units: Units) -> None:
    save(units, YARD, GATE)

    def ids(**question: object) -> list[str]:
        found = units.read(lambda uow: uow.store(DeviceStore).page(**question))  # type: ignore[arg-type]
        return [device.id for device in found]

    assert ids() == [GATE.id, YARD.id]
    assert ids(limit=1) == [GATE.id]
    assert ids(after_id=GATE.id) == [YARD.id]
    assert ids(text="东门") == [GATE.id]
    assert ids(text="YARD") == [YARD.id]
    assert ids(text="0%") == [YARD.id]
    assert ids(text="000006") == [YARD.id]
    assert ids(text="_") == []


def test_being_seen_is_written_in_batches_and_changes_nothing_else(units: Units) -> None:
    save(units, GATE, YARD)
    later = AT + timedelta(seconds=5)
    units.run(lambda uow: uow.store(DeviceStore).touch({GATE.id: later, "34020000001180000999": later}))
    units.run(lambda uow: uow.store(DeviceStore).touch({}))
    assert units.read(lambda uow: uow.store(DeviceStore).get(GATE.id)) == replace(GATE, last_seen_at=later)
    assert units.read(lambda uow: uow.store(DeviceStore).page(text="000999")) == []


def test_channels_are_kept_by_device_and_counted_without_stale_ones(units: Units) -> None:
    first, second = channel(1), channel(2, stale=True, on=False, longitude=None, latitude=None)
    other = replace(first, device_id=YARD.id, name="the same id on another device", ptz_type=3)
    save(units, GATE, YARD)
    units.run(lambda uow: uow.store(ChannelStore).save_all([second, first, other]))

    assert units.read(lambda uow: uow.store(ChannelStore).of_device(GATE.id)) == [first, second]
    assert units.read(lambda uow: uow.store(ChannelStore).of_device(YARD.id)) == [other]
    counts = units.read(lambda uow: uow.store(ChannelStore).counts([GATE.id, YARD.id, "34020000001180000999"]))
    assert dict(counts) == {GATE.id: 1, YARD.id: 1}
    assert dict(units.read(lambda uow: uow.store(ChannelStore).counts([]))) == {}

    renamed, third = replace(first, name="新"), channel(3)
    units.run(lambda uow: uow.store(ChannelStore).save_all([renamed, third]))
    assert units.read(lambda uow: uow.store(ChannelStore).of_device(GATE.id)) == [renamed, second, third]


def test_channels_are_found_by_id_and_written_by_the_thousand(units: Units) -> None:
    many = [channel(serial) for serial in range(1200)]
    units.run(lambda uow: uow.store(ChannelStore).save_all(many))
    units.run(lambda uow: uow.store(ChannelStore).save_all([replace(one, name="again") for one in many]))
    wanted = [one.id for one in many[:600]] + ["unknown"]
    found = units.read(lambda uow: uow.store(ChannelStore).get_all(GATE.id, wanted))
    assert len(found) == 600
    assert {one.name for one in found.values()} == {"again"}
    assert units.read(lambda uow: uow.store(ChannelStore).get_all(YARD.id, wanted)) == {}
    assert units.read(lambda uow: uow.store(ChannelStore).get_all(GATE.id, [])) == {}


def test_registrations_are_written_in_batches(units: Units) -> None:
    save(units, replace(GATE, binding=None, presence=Presence.OFFLINE, registered_at=None), YARD)
    unknown = "34020000001180000999"
    bindings = {GATE.id: BINDING, YARD.id: BINDING._replace(host="10.0.0.10", edition="2.0"), unknown: BINDING}
    later = AT + timedelta(seconds=5)

    def work(uow) -> None:  # type: ignore[no-untyped-def]
        uow.store(DeviceStore).appear_all({"34020000001180000007": BINDING}, Enrolment.PENDING, later)
        uow.store(DeviceStore).bind_all(bindings, later)
        uow.store(DeviceStore).appear_all({}, Enrolment.PENDING, later)
        uow.store(DeviceStore).bind_all({}, later)

    units.run(work)
    wanted = [GATE.id, YARD.id, "34020000001180000007", unknown]
    found = units.read(lambda uow: uow.store(DeviceStore).get_all(wanted))
    assert found[GATE.id] == replace(GATE, last_seen_at=later, registered_at=later)
    assert found[YARD.id].binding == bindings[YARD.id]
    assert found[YARD.id].name == YARD.name
    assert set(found) == {GATE.id, YARD.id, "34020000001180000007"}
    assert found["34020000001180000007"] == Device(
        id="34020000001180000007",
        enrolment=Enrolment.PENDING,
        presence=Presence.ONLINE,
        binding=BINDING,
        last_seen_at=later,
        registered_at=later,
    )
    standings = units.read(lambda uow: uow.store(DeviceStore).standings(wanted))
    assert standings[GATE.id] == Standing(Enrolment.ACCEPTED, Presence.ONLINE, GATE.sealed_password, "org")
    assert standings["34020000001180000007"] == Standing(Enrolment.PENDING, Presence.ONLINE, b"")
    assert set(standings) == set(found)


def test_open_calls_are_kept_until_they_are_over(units: Units) -> None:
    first = OpenCall(
        id="call-1@10.0.0.1",
        stream_id="s1",
        device_id=GATE.id,
        channel_id="34020000001320000001",
        local="<sip:34020000002000000001@3402000000>;tag=a",
        remote="<sip:34020000001320000001@3402000000>",
        target="sip:34020000001320000001@10.0.0.9:5060",
        route=("<sip:10.0.0.1;lr>", "<sip:10.0.0.2;lr>"),
        sequence=3,
        port=30012,
        ssrc=200001234,
        started_at=AT,
    )
    second = replace(first, id="call-0@10.0.0.1", route=(), started_at=AT + timedelta(seconds=1))

    def save_twice(uow) -> None:  # type: ignore[no-untyped-def]
        for call in (second, first, first):
            uow.store(CallStore).save(call)

    units.run(save_twice)
    assert list(units.read(lambda uow: uow.store(CallStore).all())) == [first, second]
    units.run(lambda uow: uow.store(CallStore).remove(first.id))
    units.run(lambda uow: uow.store(CallStore).remove("unknown"))
    assert list(units.read(lambda uow: uow.store(CallStore).all())) == [second]


def test_refusals_are_kept_until_they_are_asked_anew(units: Units) -> None:
    no = TopicRefusal(device_id=GATE.id, topic=Topic.ALARM, cause="the device refuses: 405 不支持", at=AT)
    other = replace(no, topic=Topic.POSITION)
    units.run(lambda uow: [uow.store(RefusalStore).save(one) for one in (other, no, replace(no, cause="489"))])
    assert units.run(lambda uow: uow.store(RefusalStore).all()) == [replace(no, cause="489"), other]
    units.run(lambda uow: [uow.store(RefusalStore).remove(GATE.id, topic) for topic in (Topic.ALARM, Topic.CATALOGUE)])
    assert units.run(lambda uow: uow.store(RefusalStore).all()) == [other]

"""Devices and channels on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.contracts.conftest import Units

from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, OpenCall, Presence, Standing
from fengtai.domain.devices.ports import CallStore, ChannelStore, DeviceStore

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


def test_registrations_are_written_in_batches(units: Units) -> None:
    save(units, replace(GATE, binding=None, presence=Presence.OFFLINE, registered_at=None), YARD)
    unknown = "34020000001180000999"
    bindings = {GATE.id: BINDING, YARD.id: replace(BINDING, host="10.0.0.10", edition="2.0"), unknown: BINDING}
    later = AT + timedelta(seconds=5)

    def work(uow) -> None:  # type: ignore[no-untyped-def]
        uow.store(DeviceStore).add_all([Device(id="34020000001180000007")])
        uow.store(DeviceStore).bind_all(bindings, later)
        uow.store(DeviceStore).add_all([])
        uow.store(DeviceStore).bind_all({}, later)

    units.run(work)
    wanted = [GATE.id, YARD.id, "34020000001180000007", unknown]
    found = units.read(lambda uow: uow.store(DeviceStore).get_all(wanted))
    assert found[GATE.id] == replace(GATE, last_seen_at=later, registered_at=later)
    assert found[YARD.id].binding == bindings[YARD.id]
    assert found[YARD.id].name == YARD.name
    assert set(found) == {GATE.id, YARD.id, "34020000001180000007"}
    standings = units.read(lambda uow: uow.store(DeviceStore).standings(wanted))
    assert standings[GATE.id] == Standing(Enrolment.ACCEPTED, Presence.ONLINE, GATE.sealed_password)
    assert standings["34020000001180000007"] == Standing(Enrolment.PENDING, Presence.OFFLINE, b"")
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

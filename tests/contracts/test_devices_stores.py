"""Devices and channels on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.contracts.conftest import Units

from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, Presence
from fengtai.domain.devices.ports import ChannelStore, DeviceStore

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

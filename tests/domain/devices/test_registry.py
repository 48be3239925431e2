"""Enrolment, presence and catalogues: what the gateway reports and what people decide."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fengtai.domain.access.model import Actor, Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, EnrolPolicy, Presence
from fengtai.domain.devices.rules import password_label
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.devices import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, Unavailable

DEVICE = "34020000001180000005"
ENGINEER = Actor(user_id="7", name="engineer", roles=frozenset({Role.ENGINEER}), permissions=frozenset())


class Office:
    def __init__(self, keys: Path) -> None:
        self.clock = HandClock()
        self.audit = MemoryAuditLog()
        stores = {port: twin() for port, twin in STORES.items()}
        self.transactions = MemoryTransactions(self.clock, {**stores, AuditLog: self.audit})
        self.vault = FileVault(keys)
        self.devices = DeviceRegistry(transactions=self.transactions, vault=self.vault)

    async def registers(self, policy: EnrolPolicy = EnrolPolicy.PENDING, *, host: str = "10.0.0.9") -> Device:
        expires = self.clock.now().utc + timedelta(hours=1)
        binding = Binding(transport="udp", host=host, port=5060, expires_at=expires)
        return await self.devices.registered(DEVICE, binding, policy=policy)

    async def device(self) -> Device:
        return (await self.devices.get(DEVICE)).device

    def told(self) -> list[str]:
        return [event.kind.removeprefix("devices.") for event in self.transactions.events]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "keys")


def channels(*serials: int, name: str = "gate") -> list[Channel]:
    return [Channel(device_id=DEVICE, id=f"3402000000132{serial:07d}", name=name) for serial in serials]


@pytest.mark.parametrize(
    ("policy", "enrolment"),
    [(EnrolPolicy.PENDING, Enrolment.PENDING), (EnrolPolicy.ACCEPT, Enrolment.ACCEPTED)],
)
async def test_a_device_that_nobody_entered_is_enrolled_by_the_policy(
    office: Office, policy: EnrolPolicy, enrolment: Enrolment
) -> None:
    device = await office.registers(policy)
    assert (device.enrolment, device.presence) == (enrolment, Presence.ONLINE)
    assert office.told() == ["enrolled", "came_online"]


async def test_unknown_devices_may_be_refused(office: Office) -> None:
    admission = await office.devices.admission(DEVICE, EnrolPolicy.REFUSE)
    assert not admission.allowed
    assert "nobody entered" in admission.reason
    assert (await office.devices.admission(DEVICE, EnrolPolicy.PENDING)).allowed


async def test_a_refused_device_is_not_bound_even_when_it_knows_the_secret(office: Office) -> None:
    await office.registers()
    await office.devices.refuse(DEVICE, reason="stolen", by=ENGINEER)
    assert (await office.registers()).enrolment is Enrolment.REFUSED
    device = await office.device()
    assert (device.presence, device.binding) == (Presence.OFFLINE, None)


async def test_renewing_tells_nobody(office: Office) -> None:
    await office.registers()
    before = office.told()
    device = await office.registers(host="10.0.0.10")
    assert office.told() == before
    assert device.binding is not None
    assert device.binding.host == "10.0.0.10"


async def test_a_device_entered_by_hand_has_its_own_secret_for_ever(office: Office) -> None:
    await office.devices.enter(DEVICE, name="Gate", password="own-secret", by=ENGINEER)
    admission = await office.devices.admission(DEVICE, EnrolPolicy.ACCEPT)
    assert office.vault.open(admission.sealed_password, label=password_label(DEVICE)) == b"own-secret"
    assert b"own-secret" not in admission.sealed_password

    device = await office.registers()
    assert (device.enrolment, device.name) == (Enrolment.ACCEPTED, "Gate")
    assert device.sealed_password == admission.sealed_password


async def test_a_password_of_its_own_ends_what_registered_with_the_shared_one(office: Office) -> None:
    await office.registers()
    await office.devices.enter(DEVICE, name="", password="own-secret", by=ENGINEER)
    device = await office.device()
    assert (device.presence, device.binding) == (Presence.OFFLINE, None)
    assert office.told()[-2:] == ["went_offline", "enrolled"]


async def test_accepting_and_refusing_are_audited_and_told(office: Office) -> None:
    await office.registers()
    with pytest.raises(Unavailable, match="The device is pending"):
        await office.devices.check_playable(DEVICE)

    await office.devices.accept(DEVICE, make_points=True, by=ENGINEER)
    await office.devices.check_playable(DEVICE)
    assert office.transactions.told("devices.enrolled")[-1].payload == {
        "device_id": DEVICE,
        "enrolment": "accepted",
        "make_points": True,
    }

    await office.devices.refuse(DEVICE, reason="stolen", by=ENGINEER)
    assert not (await office.devices.admission(DEVICE, EnrolPolicy.ACCEPT)).allowed
    assert (await office.device()).presence is Presence.OFFLINE
    with pytest.raises(Unavailable, match="The device is refused"):
        await office.devices.check_playable(DEVICE)


async def test_offline_is_told_once(office: Office) -> None:
    await office.registers()
    await office.devices.went_offline(DEVICE, "keepalives are missing")
    await office.devices.unregistered(DEVICE)
    assert office.told().count("went_offline") == 1
    assert list(await office.devices.bindings()) == []


async def test_bindings_are_what_a_restart_takes_up(office: Office) -> None:
    device = await office.registers()
    assert list(await office.devices.bindings()) == [device]
    seen = office.clock.advance(5).utc
    await office.devices.seen({DEVICE: seen})
    assert (await office.device()).last_seen_at == seen


async def test_a_catalogue_is_committed_by_difference(office: Office) -> None:
    await office.registers()
    await office.devices.catalogue_arrived(DEVICE, channels(1, 2, 2, 3), complete=True)
    await office.devices.catalogue_arrived(DEVICE, channels(1, 2, 3), complete=True)
    assert office.told().count("catalogue_changed") == 1

    await office.devices.catalogue_arrived(DEVICE, channels(1), complete=False)
    assert office.told().count("catalogue_changed") == 1, "a partial catalogue takes nothing away"

    await office.devices.catalogue_arrived(DEVICE, channels(1, name="new"), complete=True)
    found = (await office.devices.get(DEVICE)).channels
    assert [(one.name, one.stale, one.on) for one in found] == [
        ("new", False, True),
        ("gate", True, False),
        ("gate", True, False),
    ]
    assert [count for _, count in await office.devices.page()] == [1]

    await office.devices.catalogue_arrived(DEVICE, channels(1, 2, 3, name="new"), complete=True)
    assert [one.stale for one in (await office.devices.get(DEVICE)).channels] == [False] * 3


async def test_what_a_device_says_of_itself_never_replaces_a_given_name(office: Office) -> None:
    await office.registers()
    told = {"manufacturer": "Acme", "model": "X1", "firmware": "2"}
    await office.devices.described(DEVICE, name="IP CAMERA", **told)
    assert (await office.device()).name == "IP CAMERA"
    await office.devices.described(DEVICE, name="another", **told)
    device = await office.device()
    assert (device.name, device.manufacturer, device.firmware) == ("IP CAMERA", "Acme", "2")


async def test_what_cannot_be_is_refused_in_a_sentence(office: Office) -> None:
    with pytest.raises(Invalid, match="not a code of twenty digits"):
        await office.devices.enter("123", name="", password="", by=ENGINEER)
    with pytest.raises(Invalid, match="between 6 and 128"):
        await office.devices.enter(DEVICE, name="", password="short", by=ENGINEER)
    with pytest.raises(NotFound):
        await office.devices.accept(DEVICE, make_points=False, by=ENGINEER)
    await office.devices.enter(DEVICE, name="", password="", by=ENGINEER)
    with pytest.raises(Conflict, match="entered already"):
        await office.devices.enter(DEVICE, name="", password="another-one", by=ENGINEER)
    with pytest.raises(Invalid, match="say why"):
        await office.devices.refuse(DEVICE, reason=" ", by=ENGINEER)


async def test_a_device_with_another_enrolment_keeps_it_when_it_registers(office: Office) -> None:
    await office.registers()
    await office.devices.accept(DEVICE, make_points=False, by=ENGINEER)
    device = await office.registers(EnrolPolicy.PENDING)
    assert device.enrolment is Enrolment.ACCEPTED
    assert replace(device, binding=None).id == DEVICE

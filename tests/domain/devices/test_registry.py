"""Enrolment, presence and catalogues: what the gateway reports and what people decide."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fengtai.domain.access.model import Actor, Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import Binding, Channel, Device, Enrolment, EnrolPolicy, OpenCall, Presence
from fengtai.domain.devices.rules import Admission, password_label
from fengtai.domain.devices.service import DeviceRegistry, Registration
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.devices import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound

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

    refusal = ""
    admission: Admission

    async def registers(self, policy: EnrolPolicy = EnrolPolicy.PENDING, *, host: str = "10.0.0.9") -> Device:
        expires = self.clock.now().utc + timedelta(hours=1)
        binding = Binding(transport="udp", host=host, port=5060, expires_at=expires)
        (self.refusal,) = await self.devices.register_all([Registration(DEVICE, binding, self.proof)], policy=policy)
        return await self.device()

    def proof(self, admission: Admission) -> str:
        """The device knows whatever secret counts."""
        self.admission = admission
        return ""

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
    assert office.told() == (["came_online"] if enrolment is Enrolment.PENDING else ["enrolled", "came_online"])


async def test_unknown_devices_may_be_refused(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.registers(EnrolPolicy.REFUSE)
    assert "nobody entered" in office.refusal
    await office.registers(EnrolPolicy.PENDING)
    assert office.refusal == ""


async def test_whoever_does_not_prove_the_secret_leaves_no_trace(office: Office) -> None:
    expires = office.clock.now().utc + timedelta(hours=1)
    binding = Binding(transport="udp", host="10.0.0.9", port=5060, expires_at=expires)
    other = "34020000001180000006"
    refusals = await office.devices.register_all(
        [
            Registration(DEVICE, binding, lambda _admission: "wrong password"),
            Registration("3402000000118000000", binding, office.proof),
            Registration(other, binding, office.proof),
            Registration(other, binding, office.proof),
        ],
        policy=EnrolPolicy.ACCEPT,
    )
    assert refusals[0] == "wrong password"
    assert "3402000000118000000" in refusals[1]
    assert list(refusals[2:]) == ["", ""]
    assert [device.id for device, _ in await office.devices.page()] == [other]
    assert office.told().count("came_online") == 1


async def test_a_call_is_kept_until_it_is_over(office: Office) -> None:
    call = OpenCall(
        id="call-1@10.0.0.1",
        stream_id="s1",
        device_id=DEVICE,
        channel_id="34020000001320000001",
        local="<sip:34020000002000000001@3402000000>;tag=a",
        remote="<sip:34020000001320000001@3402000000>;tag=b",
        target="sip:34020000001320000001@10.0.0.9:5060",
        port=30012,
        ssrc=200001234,
        started_at=office.clock.now().utc,
    )
    await office.devices.call_answered(call)
    assert list(await office.devices.open_calls()) == [call]
    await office.devices.call_over(call.id)
    assert list(await office.devices.open_calls()) == []


async def test_a_wrong_clock_is_noted_and_whole_seconds_are_no_news(office: Office) -> None:
    await office.registers()
    await office.devices.told_time(DEVICE, -3_600_000)
    assert (await office.device()).clock_error_ms == -3_600_000
    await office.devices.told_time(DEVICE, -3_599_100)
    assert (await office.device()).clock_error_ms == -3_600_000


async def test_letting_an_alarm_go_is_audited_and_wants_a_channel_that_is_there(office: Office) -> None:
    await office.registers()
    await office.devices.catalogue_arrived(DEVICE, channels(1), complete=True)
    with pytest.raises(NotFound):
        await office.devices.note_alarm_reset(DEVICE, "34020000001320000009", by=ENGINEER)
    await office.devices.note_alarm_reset(DEVICE, "34020000001320000001", by=ENGINEER)
    await office.devices.note_alarm_reset(DEVICE, "", by=ENGINEER)


async def test_a_refused_device_is_not_bound_even_when_it_knows_the_secret(office: Office) -> None:
    await office.registers()
    await office.devices.refuse(DEVICE, reason="stolen", by=ENGINEER)
    assert (await office.registers()).enrolment is Enrolment.REFUSED
    assert office.refusal == "the device was refused"
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
    device = await office.registers()
    admission = office.admission
    assert office.vault.open(admission.sealed_password, label=password_label(DEVICE)) == b"own-secret"
    assert b"own-secret" not in admission.sealed_password
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
    obstacle = await office.devices.why_not_playable(DEVICE)
    assert obstacle is not None
    assert obstacle.cause == "The device is pending, not accepted."
    assert "accept it" in obstacle.fix

    await office.devices.accept(DEVICE, make_points=True, by=ENGINEER)
    assert await office.devices.why_not_playable(DEVICE) is None
    assert office.transactions.told("devices.enrolled")[-1].payload == {
        "device_id": DEVICE,
        "enrolment": "accepted",
        "make_points": True,
    }

    await office.devices.refuse(DEVICE, reason="stolen", by=ENGINEER)
    assert (await office.device()).presence is Presence.OFFLINE
    obstacle = await office.devices.why_not_playable(DEVICE)
    assert obstacle is not None
    assert obstacle.cause == "The device is refused, not accepted."
    assert (await office.devices.why_not_playable("34020000001180000009")) is not None


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

"""Enrolment, presence and catalogues: what the gateway reports and what people decide."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import (
    Binding,
    Channel,
    ChannelChange,
    Device,
    Enrolment,
    EnrolPolicy,
    Manner,
    OpenCall,
    Order,
    OrderOutcome,
    OrderReport,
    Presence,
    ReportedPosition,
    Topic,
)
from fengtai.domain.devices.rules import Admission, password_label, topics_of
from fengtai.domain.devices.service import DeviceRegistry, Registration
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.devices import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, FengtaiError, Invalid, NotFound, Unavailable

DEVICE = "34020000001180000005"
ENGINEER = acting(Role.ENGINEER, name="engineer", user_id="7")


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
        return (await self.devices.get(DEVICE, by=ENGINEER)).device

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
    assert [device.id for device, _ in await office.devices.page(by=ENGINEER)] == [other]
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


class Obedient:
    """Carries out what it is told, or says what it was given to say."""

    def __init__(self, report: OrderReport | FengtaiError) -> None:
        self.report, self.ordered = report, list[tuple[str, Order]]()

    async def carry_out(self, device_id: str, target_id: str, order: Order) -> OrderReport:
        self.ordered.append((target_id, order))
        if isinstance(self.report, FengtaiError):
            raise self.report
        return self.report


async def give(office: Office, order: Order, report: OrderReport | FengtaiError, channel_id: str = "") -> Obedient:
    commands = Obedient(report)
    await office.devices.carry_out(DEVICE, channel_id, order, commands=commands, by=ENGINEER)  # type: ignore[arg-type]
    return commands


def audited(office: Office) -> list[tuple[str, str]]:
    lines = [entry for entry in office.audit.entries if entry.actor.startswith("user:")]
    return [(entry.action, entry.outcome.value) for entry in lines]


async def test_an_order_is_audited_before_and_after_and_what_is_confirmed_is_known(office: Office) -> None:
    await office.registers()
    commands = await give(office, Order.GUARD, OrderReport(outcome=OrderOutcome.DONE))
    assert commands.ordered == [(DEVICE, Order.GUARD)]
    assert audited(office) == [("device.guard", "intent"), ("device.guard", "done")]
    assert (await office.device()).on_guard is True
    assert office.told()[-1] == "guard_changed"

    await give(office, Order.UNGUARD, OrderReport(outcome=OrderOutcome.UNCONFIRMED))
    assert (await office.device()).on_guard is True  # nobody confirmed it
    await give(office, Order.UNGUARD, OrderReport(outcome=OrderOutcome.REFUSED, detail="no"))
    assert audited(office)[-1] == ("device.unguard", "refused")
    await give(office, Order.UNGUARD, OrderReport(outcome=OrderOutcome.DONE))
    assert (await office.device()).on_guard is False


async def test_an_order_that_cannot_be_given_is_audited_too(office: Office) -> None:
    await office.registers()
    with pytest.raises(Unavailable):
        await give(office, Order.RESET_ALARM, Unavailable("offline"))
    assert audited(office) == [("device.alarm_reset", "intent"), ("device.alarm_reset", "failed")]


async def test_an_order_wants_a_channel_that_is_there(office: Office) -> None:
    await office.registers()
    await office.devices.catalogue_arrived(DEVICE, channels(1), complete=True)
    with pytest.raises(NotFound):
        await give(office, Order.RESET_ALARM, OrderReport(outcome=OrderOutcome.DONE), "34020000001320000009")
    assert audited(office) == []
    await give(office, Order.RESET_ALARM, OrderReport(outcome=OrderOutcome.DONE), "34020000001320000001")
    assert (await office.device()).on_guard is None


async def test_how_a_device_is_spoken_to_is_chosen_audited_and_told(office: Office) -> None:
    await office.registers()
    manner = Manner(
        edition="1.0",
        make="dahua",
        charset="utf-8",
        topics=frozenset((Topic.ALARM,)),
        redirect_to="34020000002000000002@10.0.0.2:5060",
    )
    await office.devices.choose_manner(DEVICE, manner, makes=["dahua"], by=ENGINEER)
    assert (await office.device()).manner == manner
    assert [device.id for device in await office.devices.with_manner()] == [DEVICE]
    assert audited(office) == [("device.manner", "done")]
    assert office.told()[-1] == "manner_changed"
    await office.devices.choose_manner(DEVICE, manner, makes=["dahua"], by=ENGINEER)
    assert len(audited(office)) == 1  # nothing changed


@pytest.mark.parametrize(
    ("manner", "field"),
    [
        (Manner(edition="4.0"), "edition"),
        (Manner(make="acme"), "make"),
        (Manner(charset="latin-1"), "charset"),
        (Manner(redirect_to="10.0.0.2:5060"), "redirect_to"),
        (Manner(redirect_to="34020000002000000002@10.0.0.2:70000"), "redirect_to"),
    ],
)
async def test_a_manner_that_cannot_be_is_refused_by_its_field(office: Office, manner: Manner, field: str) -> None:
    await office.registers()
    with pytest.raises(Invalid) as refused:
        await office.devices.choose_manner(DEVICE, manner, makes=["dahua"], by=ENGINEER)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("device_id", "topics"),
    [
        ("34020000001180000005", {Topic.CATALOGUE, Topic.ALARM}),
        ("34020000001320000005", {Topic.ALARM}),
        ("34020000002000000005", {Topic.CATALOGUE, Topic.ALARM}),
        ("34020000001380000005", {Topic.ALARM, Topic.POSITION}),
    ],
)
def test_what_is_subscribed_to_follows_the_type_unless_somebody_chose(device_id: str, topics: set[Topic]) -> None:
    device = Device(id=device_id, enrolment=Enrolment.ACCEPTED)
    assert topics_of(device, rule=frozenset(Topic)) == topics
    assert topics_of(device, rule=frozenset((Topic.ALARM,))) == {Topic.ALARM}
    assert topics_of(replace(device, manner=Manner(topics=frozenset())), rule=frozenset(Topic)) == frozenset()
    assert topics_of(replace(device, enrolment=Enrolment.PENDING), rule=frozenset(Topic)) == frozenset()


def change(event: str, serial: int, **about: object) -> ChannelChange:
    (channel,) = channels(serial, name=str(about.pop("name", "")))
    return ChannelChange(event=event, channel=replace(channel, **about), tells_status="on" in about)  # type: ignore[arg-type]


async def test_notices_change_single_channels_and_delete_none(office: Office) -> None:
    await office.registers()
    await office.devices.catalogue_arrived(DEVICE, channels(1, 2, 3), complete=True)
    unknown = await office.devices.catalogue_changed(
        DEVICE,
        [change("OFF", 1), change("VLOST", 2), change("ON", 2), change("DEL", 3), change("ADD", 4, name="new")],
    )
    assert not unknown
    known = (await office.devices.get(DEVICE, by=ENGINEER)).channels
    assert [(one.name, one.on, one.stale) for one in known] == [
        ("gate", False, False),
        ("gate", True, False),
        ("gate", False, True),
        ("new", True, False),
    ]
    before = office.told()
    assert await office.devices.catalogue_changed(DEVICE, [change("OFF", 9)])  # who is that? ask for the catalogue
    assert office.told() == before


async def test_an_update_changes_what_it_tells_and_nothing_else(office: Office) -> None:
    await office.registers()
    (whole,) = channels(1)
    whole = replace(whole, longitude=118.3, latitude=31.3, model="X1", on=False)
    await office.devices.catalogue_arrived(DEVICE, [whole], complete=True)
    await office.devices.catalogue_changed(DEVICE, [change("UPDATE", 1, name="renamed")])
    assert (await office.devices.get(DEVICE, by=ENGINEER)).channels == [replace(whole, name="renamed")]
    await office.devices.catalogue_changed(DEVICE, [change("UPDATE", 1, on=True)])
    assert (await office.devices.get(DEVICE, by=ENGINEER)).channels[0].on is True


async def test_nobody_is_his_own_ancestor(office: Office) -> None:
    await office.registers()
    one, two, three, four = channels(1, 2, 3, 4)
    told = [
        replace(one, parent_id=f"{DEVICE}/{two.id}"),
        replace(two, parent_id=three.id),
        replace(three, parent_id=one.id),
        replace(four, parent_id=f"{four.id}/{DEVICE}"),
    ]
    await office.devices.catalogue_arrived(DEVICE, told, complete=True)
    known = {channel.id: channel.parent_id for channel in (await office.devices.get(DEVICE, by=ENGINEER)).channels}
    assert known[four.id] == DEVICE
    above = {channel_id: [one for one in parent.split("/") if one in known] for channel_id, parent in known.items()}
    assert sum(len(parents) for parents in above.values()) == 2  # one of the three is cut
    before = office.told()
    await office.devices.catalogue_arrived(DEVICE, told, complete=True)
    assert office.told() == before  # the same catalogue again is no news


def fix(longitude: float, channel_id: str = DEVICE) -> ReportedPosition:
    at = HandClock().now().utc
    return ReportedPosition(device_id=DEVICE, channel_id=channel_id, longitude=longitude, latitude=31.3, at=at)


async def test_only_the_last_place_is_kept_and_small_movements_are_no_news(office: Office) -> None:
    await office.registers()
    await office.devices.positions_told([fix(118.30), fix(118.31)])
    assert [one.longitude for one in await office.devices.positions(DEVICE, by=ENGINEER)] == [118.31]
    assert office.told().count("moved") == 1
    await office.devices.positions_told([fix(118.31001)])
    assert office.told().count("moved") == 1
    assert [one.longitude for one in await office.devices.positions(DEVICE, by=ENGINEER)] == [118.31001]
    await office.devices.positions_told([fix(1.0, "34020000001320000077"), replace(fix(1.0), device_id="unknown")])
    assert len(await office.devices.positions(DEVICE, by=ENGINEER)) == 1


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
        "organisation_id": "",
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
    found = (await office.devices.get(DEVICE, by=ENGINEER)).channels
    assert [(one.name, one.stale, one.on) for one in found] == [
        ("new", False, True),
        ("gate", True, False),
        ("gate", True, False),
    ]
    assert [count for _, count in await office.devices.page(by=ENGINEER)] == [1]

    await office.devices.catalogue_arrived(DEVICE, channels(1, 2, 3, name="new"), complete=True)
    assert [one.stale for one in (await office.devices.get(DEVICE, by=ENGINEER)).channels] == [False] * 3


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

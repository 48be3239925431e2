"""Which signal becomes which alarm, and why."""

from dataclasses import replace

import pytest
from tests.domain.alarms.conftest import HERE, Desk, actor

from fengtai.domain.alarms.model import AlarmState, Channel, Qualifier, Signal, TriageLane
from fengtai.domain.alarms.rules import RULES, Facts, decide
from fengtai.domain.alarms.service.mapping import RegisterMemory
from fengtai.domain.alarms.service.triage import triage_batch
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.premises.model import PanelAccount
from fengtai.domain.premises.ports import PanelAccountStore, PremisesStore
from fengtai.storage.memory.points import MemoryPoints

LADDER = [("110", 1), ("121", 2), ("131", 4), ("154", 5), ("301", 6), ("454", 8)]


@pytest.mark.parametrize(("code", "priority"), LADDER)
async def test_each_class_has_its_priority(desk: Desk, code: str, priority: int) -> None:
    await desk.send(code)

    alarm = await desk.the_alarm()

    assert (alarm.priority, alarm.state) == (priority, AlarmState.RAISED)
    assert desk.told(alarm) == ["raised"]


async def test_an_alarm_knows_its_premises_zone_and_cameras(desk: Desk) -> None:
    await desk.send("131", zone="15")

    alarm = await desk.the_alarm()

    assert (alarm.premises_name, alarm.zone_name, alarm.point_ids) == ("Jeweller", "Back door", ("camera-zone",))
    assert alarm.position == HERE
    assert alarm.reason == "R90 v1: by the priority ladder"


async def test_a_zone_without_cameras_shows_those_of_the_premises(desk: Desk) -> None:
    await desk.send("131", zone="16")

    assert (await desk.the_alarm()).point_ids == ("camera-hall",)


async def test_premises_without_cameras_show_the_nearest(desk: Desk) -> None:
    await desk.send("131", account="77")

    assert (await desk.the_alarm()).point_ids == ("camera-zone", "camera-hall", "camera-street")


async def test_a_camera_that_reports_shows_itself(desk: Desk) -> None:
    await desk.service.receive(
        Signal(
            channel=Channel.FIXED,
            source="gb28181",
            account="34020000001110000001",
            code_system="gb28181",
            code="5/6",
            zone="34020000001310000003",
        )
    )
    await desk.service.triage()

    alarm = await desk.the_alarm()

    assert (alarm.category, alarm.title) == ("burglary", "intrusion into an area")
    assert alarm.point_ids == ("camera-street",)


async def test_a_camera_that_sees_movement_all_day_is_no_swinger(desk: Desk) -> None:
    for _ in range(6):
        await desk.send(
            "5/2", account="34020000001110000001", zone="34020000001310000003", source="gb28181", code_system="gb28181"
        )

    assert {alarm.state for alarm in await desk.alarms()} == {AlarmState.RAISED}


async def test_a_repeat_is_counted_and_makes_no_second_alarm(desk: Desk) -> None:
    await desk.send("131")
    await desk.send("131", again=True)
    await desk.send("131", again=True)

    alarm = await desk.the_alarm()

    assert (alarm.repeats, alarm.version) == (2, 3)
    assert desk.told(alarm) == ["raised", "repeated", "repeated"]
    _, signals, _ = await desk.service.get(alarm.id, by=actor())
    assert [signal.seq for signal in signals] == [1, 2, 3]


async def test_a_fire_that_is_reported_again_is_one_alarm(desk: Desk) -> None:
    for _ in range(5):
        desk.clock.advance(60)
        await desk.send("110")

    assert (await desk.the_alarm()).repeats == 4


async def test_a_fire_after_its_restore_is_a_new_alarm(desk: Desk) -> None:
    await desk.send("110")
    await desk.send("110", qualifier=Qualifier.RESTORE)
    await desk.send("110")

    assert len(await desk.alarms()) == 2


async def test_the_same_message_an_hour_later_is_a_new_alarm(desk: Desk) -> None:
    await desk.send("131")
    desk.clock.advance(3600)
    await desk.send("131", again=True)

    assert len(await desk.alarms()) == 2


async def test_the_same_event_by_another_path_is_one_alarm(desk: Desk) -> None:
    await desk.send("131")
    desk.clock.advance(20)
    await desk.send("131", line="2", peer="172.16.0.9:700")

    alarm = await desk.the_alarm()

    assert alarm.repeats == 1
    assert desk.history(alarm)[-1].text == "R11 v1: same event by another path"


async def test_a_technical_condition_clears_itself(desk: Desk) -> None:
    await desk.send("154")
    await desk.send("154", qualifier=Qualifier.RESTORE)

    alarm = await desk.the_alarm()

    assert alarm.state is AlarmState.RESTORED
    assert alarm.restored_at is not None
    assert desk.told(alarm) == ["raised", "restored"]


@pytest.mark.parametrize("code", ["110", "121", "131"])
async def test_a_fire_a_hold_up_a_burglary_never_clears_itself(desk: Desk, code: str) -> None:
    await desk.send(code)
    await desk.send(code, qualifier=Qualifier.RESTORE)

    alarm = await desk.the_alarm()

    assert alarm.state is AlarmState.RAISED
    assert alarm.restored_at is not None


async def test_a_restore_names_the_codes_that_it_ends(desk: Desk) -> None:
    words = {"code_system": "sia-dc03"}
    await desk.send("WA", details={"category": "technical", "kind": "alarm"}, **words)
    restored = {"category": "technical", "kind": "restore", "restores": "WA,WS"}
    await desk.send("WH", qualifier=Qualifier.RESTORE, details=restored, **words)

    assert (await desk.the_alarm()).state is AlarmState.RESTORED


@pytest.mark.parametrize("code", ["401", "602", "406"])
async def test_daily_life_is_recorded_and_asks_nobody(desk: Desk, code: str) -> None:
    await desk.send(code)

    assert await desk.alarms() == []
    assert [signal.signal.code for signal in await desk.service.signals(by=actor())] == [code]


async def test_a_low_battery_is_logged_and_asks_nobody(desk: Desk) -> None:
    await desk.send("302")

    alarm = await desk.the_alarm()

    assert (alarm.state, alarm.priority, alarm.disposition) == (AlarmState.CLOSED, 7, "technical")
    assert not desk.units.told("alarms.raised")


async def test_an_unknown_account_is_never_dropped(desk: Desk) -> None:
    await desk.send("131", account="9999")
    await desk.send("131", account="9999")

    alarm = await desk.the_alarm()

    assert (alarm.category, alarm.priority, alarm.repeats) == ("unmapped", 5, 1)


async def test_a_fire_of_an_unknown_account_keeps_its_priority(desk: Desk) -> None:
    await desk.send("110", account="9999")

    assert (await desk.the_alarm()).priority == 1


async def test_an_account_that_is_entered_is_known_to_its_next_signal(desk: Desk) -> None:
    await desk.send("131", account="9999")
    account = PanelAccount(id="new", channel="sia-dc09", number="9999", premises_id="kiosk")
    desk.units.run(lambda uow: uow.store(PanelAccountStore).save(account))
    await desk.send("131", account="9999")

    assert [alarm.category for alarm in await desk.alarms()] == ["unmapped", "burglary"]


async def test_an_unknown_code_is_never_dropped(desk: Desk) -> None:
    await desk.send("E70")

    alarm = await desk.the_alarm()

    assert (alarm.category, alarm.priority, alarm.premises_name) == ("unmapped", 5, "Jeweller")


async def test_a_cancel_within_thirty_seconds_lowers_the_burglary(desk: Desk) -> None:
    await desk.send("131")
    desk.clock.advance(20)
    await desk.send("406", zone="1")

    alarm = await desk.the_alarm()

    assert (alarm.priority, alarm.state, alarm.escalate_at) == (8, AlarmState.RAISED, None)


async def test_a_cancel_that_comes_too_late_lowers_nothing(desk: Desk) -> None:
    await desk.send("131")
    desk.clock.advance(31)
    await desk.send("406", zone="1")

    assert (await desk.the_alarm()).priority == 4


async def test_a_cancel_never_lowers_a_hold_up(desk: Desk) -> None:
    await desk.send("121")
    await desk.send("401", zone="1")

    assert (await desk.the_alarm()).priority == 2


async def test_a_swinger_is_suppressed_with_one_trouble(desk: Desk) -> None:
    for _ in range(6):
        await desk.send("131")
        desk.clock.advance(120)

    alarms = await desk.alarms()

    assert [alarm.state for alarm in alarms if alarm.category == "burglary"] == [AlarmState.RAISED] * 3 + [
        AlarmState.SUPPRESSED
    ] * 3
    assert [alarm.code for alarm in alarms if alarm.category == "trouble"] == ["swinger"]


async def test_a_new_armed_period_counts_swingers_anew(desk: Desk) -> None:
    for _ in range(3):
        await desk.send("131")
    await desk.send("401", zone="1")
    await desk.send("131")

    assert [alarm.state for alarm in await desk.alarms()] == [AlarmState.RAISED] * 4


async def test_on_test_suppresses_but_lists(desk: Desk) -> None:
    await desk.service.put_on_test("account-1234", zone="", minutes=30, reason="service", by=actor())
    await desk.send("131")

    alarm = await desk.the_alarm()

    assert (alarm.state, alarm.on_test) == (AlarmState.SUPPRESSED, True)
    assert not desk.units.told("alarms.raised")


@pytest.mark.parametrize("code", ["110", "121"])
async def test_a_fire_or_hold_up_on_test_still_asks_a_person(desk: Desk, code: str) -> None:
    await desk.service.put_on_test("account-1234", zone="", minutes=30, reason="service", by=actor())
    await desk.send(code)

    alarm = await desk.the_alarm()

    assert (alarm.state, alarm.on_test) == (AlarmState.RAISED, True)


async def test_a_test_of_one_zone_leaves_the_others_armed(desk: Desk) -> None:
    await desk.service.put_on_test("account-1234", zone="015", minutes=30, reason="service", by=actor())
    await desk.send("131", zone="15")
    await desk.send("131", zone="16")

    assert [alarm.state for alarm in await desk.alarms()] == [AlarmState.SUPPRESSED, AlarmState.RAISED]


async def test_a_test_ends_by_itself(desk: Desk) -> None:
    await desk.service.put_on_test("account-1234", zone="", minutes=30, reason="service", by=actor())
    desk.clock.advance(1801)
    await desk.send("131")
    await desk.service.tick()

    assert (await desk.the_alarm()).state is AlarmState.RAISED
    assert await desk.service.on_test(by=actor()) == []


async def test_a_drill_is_marked_and_handled_like_a_real_alarm(desk: Desk) -> None:
    await desk.service.put_on_test("account-1234", zone="", minutes=30, reason="演练", by=actor(), drill=True)
    await desk.send("131")

    alarm = await desk.the_alarm()

    assert (alarm.state, alarm.drill, alarm.on_test, alarm.priority) == (AlarmState.RAISED, True, False, 4)
    assert desk.units.told("alarms.raised")[0].payload["drill"] is True


async def test_a_restart_in_the_middle_handles_each_signal_once(desk: Desk) -> None:
    for number in range(450):
        await desk.deliver("131", zone=str(number))
    handled = await desk.service.triage(batches=1)

    await desk.restart().triage()

    assert handled == 200
    assert sorted(alarm.signal_seq for alarm in await desk.alarms()) == list(range(1, 451))


class BrokenPoints(MemoryPoints):
    """A register that fails for one camera."""

    def by_channel(self, device_id: str, channel_id: str) -> Point | None:
        if channel_id == "broken":
            raise RuntimeError("the index is damaged")
        return super().by_channel(device_id, channel_id)


async def test_a_signal_that_the_rules_fail_on_is_raised_and_stops_nobody(desk: Desk) -> None:
    desk.units._stores[PointStore] = BrokenPoints()
    await desk.deliver("131", zone="1", account="77")
    await desk.deliver("5/2", zone="broken", account="34020000001110000001", source="gb28181", code_system="gb28181")
    await desk.deliver("131", zone="2", account="77")

    await desk.service.triage()

    assert [alarm.category for alarm in await desk.alarms()] == ["burglary", "unmapped", "burglary"]
    assert desk.service.not_judged == 1
    assert await desk.service.triage() == 0


async def test_two_triages_at_once_make_one_alarm_of_a_signal(desk: Desk) -> None:
    await desk.deliver("131")
    signals = await desk.journal.after(0)
    desk.units.run(lambda uow: triage_batch(uow, TriageLane.ORDINARY, 0, signals, RegisterMemory()))
    desk.units.run(lambda uow: triage_batch(uow, TriageLane.ORDINARY, 0, signals, RegisterMemory()))

    assert len(await desk.alarms()) == 1


async def test_triage_may_be_done_a_batch_at_a_time(desk: Desk) -> None:
    for number in range(300):
        await desk.deliver("131", zone=str(number))

    assert [await desk.service.triage(batches=1) for _ in range(3)] == [200, 100, 0]


async def test_a_burst_is_triaged_in_batches(desk: Desk) -> None:
    for number in range(10_000):
        await desk.deliver("131", zone=str(number))

    assert await desk.service.triage() == 10_000
    assert desk.service.batches == 50


def test_every_rule_has_an_id_of_its_own_and_the_last_fits_everything() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    anything = Facts(category="", kind="", qualifier=Qualifier.NEW)
    assert decide(anything) is RULES[-1]


async def test_an_alarm_lies_where_its_premises_lie(desk: Desk) -> None:
    def owned(uow):
        uow.store(OrganisationStore).save(Organisation(id="east", name="东", level=Level.DISTRICT, area_code="210102"))
        jeweller = uow.store(PremisesStore).get("jeweller")
        uow.store(PremisesStore).save(replace(jeweller, organisation_id="east"))

    desk.units.run(owned)
    await desk.send("131")
    alarm = await desk.the_alarm()
    assert (alarm.organisation_id, alarm.area_code, alarm.premises_name) == ("east", "210102", "Jeweller")

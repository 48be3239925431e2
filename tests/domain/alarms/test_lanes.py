"""Two lanes of triage: life safety and the unknown never queue behind a flood; order and exactly-once hold in each."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.domain.alarms.conftest import Desk, actor

from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import AlarmState, Channel, JournalledSignal, Qualifier, Signal, TriageLane
from fengtai.domain.alarms.ports import TriageStore
from fengtai.domain.alarms.service import BATCH_SIGNALS
from fengtai.domain.alarms.service.meaning import GB28181, lane_of


@pytest.mark.parametrize(
    ("category", "known", "lane"),
    [
        ("fire", True, TriageLane.URGENT),
        ("hold-up", True, TriageLane.URGENT),
        ("medical", True, TriageLane.URGENT),
        ("unmapped", True, TriageLane.URGENT),
        ("burglary", False, TriageLane.URGENT),
        ("a word of tomorrow", True, TriageLane.URGENT),
        ("burglary", True, TriageLane.ORDINARY),
        ("path-lost", True, TriageLane.ORDINARY),
        ("open-close", True, TriageLane.ORDINARY),
        ("test", True, TriageLane.ORDINARY),
    ],
)
def test_what_is_life_safety_or_not_known_is_urgent(category: str, known: bool, lane: TriageLane) -> None:
    assert rules.lane_of(category, known=known) is lane


def test_the_lane_of_a_signal_is_told_by_its_words() -> None:
    def of(**what: object) -> TriageLane:
        return lane_of(Signal(channel=Channel.FIXED, source="test", account="1", **what))  # type: ignore[arg-type]

    assert of() is TriageLane.URGENT
    assert of(details={"category": "burglary", "known": "no"}) is TriageLane.URGENT
    assert of(details={"category": "burglary"}) is TriageLane.ORDINARY
    assert of(code_system="gb28181", code="5/1") is TriageLane.URGENT, GB28181["5/1"]
    assert of(code_system="gb28181", code="5/6") is TriageLane.ORDINARY
    assert of(code_system="platform", code="path-lost") is TriageLane.ORDINARY


def test_a_restore_asks_for_nobody_unless_nobody_knows_it() -> None:
    assert rules.lane_of("fire", known=True, is_restore=True) is TriageLane.ORDINARY
    assert rules.lane_of("fire", known=False, is_restore=True) is TriageLane.URGENT


async def test_a_fire_behind_twenty_thousand_ordinary_signals_is_an_alarm_after_one_batch(desk: Desk) -> None:
    for number in range(20_000):
        await desk.deliver("131", zone=str(number))
    await desk.deliver("110", zone="7")

    assert await desk.service.triage(batches=1) == 1

    fire = await desk.the_alarm()
    assert (fire.category, fire.state, fire.priority) == ("fire", AlarmState.RAISED, 1)
    backlog = await desk.service.backlog()
    assert backlog[TriageLane.URGENT].signals == 0
    assert backlog[TriageLane.ORDINARY].signals == 20_000


async def test_a_fire_during_a_flood_waits_for_one_batch_at_most(desk: Desk) -> None:
    for number in range(BATCH_SIGNALS * 3):
        await desk.deliver("131", zone=str(number))
    await desk.service.triage(batches=1)
    await desk.deliver("110", zone="7")

    await desk.service.triage(batches=1)

    assert [alarm.category for alarm in await desk.alarms()].count("fire") == 1
    assert len(await desk.alarms()) == BATCH_SIGNALS + 1


async def test_each_lane_keeps_its_order_and_judges_each_signal_once_over_a_restart(desk: Desk) -> None:
    for number in range(BATCH_SIGNALS + 10):
        await desk.deliver("131", zone=str(number))
        if number % 50 == 0:
            await desk.deliver("110", zone=str(number))
    await desk.service.triage(batches=2)
    desk.restart()
    await desk.service.triage()

    alarms = await desk.alarms()
    assert len(alarms) == len({alarm.signal_seq for alarm in alarms}) == BATCH_SIGNALS + 10 + 5
    raised = [event.payload["signal_seq"] for event in desk.units.told("alarms.raised")]
    fires = {alarm.signal_seq for alarm in alarms if alarm.category == "fire"}
    assert [seq for seq in raised if seq in fires] == sorted(fires)
    assert [seq for seq in raised if seq not in fires] == sorted(set(raised) - fires)
    stand = {lane: desk.units.look(lambda uow, lane=lane: uow.store(TriageStore).cursor(lane)) for lane in TriageLane}
    assert max(stand.values()) == len(desk.journal.journal)


async def test_a_restore_never_overtakes_what_it_restores(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fire and its restore come after triage has looked into the urgent lane and before it reads the ordinary one."""
    await desk.deliver("131")
    read = desk.journal.after

    async def late(seq: int, *, limit: int = 500, lane: TriageLane | None = None) -> Sequence[JournalledSignal]:
        if lane is TriageLane.ORDINARY and len(desk.journal.journal) == 1:
            await desk.deliver("110", zone="7")
            await desk.deliver("110", zone="7", qualifier=Qualifier.RESTORE)
        return await read(seq, limit=limit, lane=lane)

    monkeypatch.setattr(desk.journal, "after", late)
    await desk.service.triage()

    [fire] = [alarm for alarm in await desk.alarms() if alarm.category == "fire"]
    assert fire.restored_at is not None


async def test_a_trouble_of_a_fire_panel_is_cleared_by_its_restore_in_a_flood(desk: Desk) -> None:
    for number in range(BATCH_SIGNALS * 2):
        await desk.deliver("131", zone=str(number + 100))
    trouble = {"category": "trouble", "kind": "trouble"}
    restore = {"category": "fire", "kind": "restore", "restores": "FT"}
    await desk.deliver("FT", code_system="sia-dc03", details=trouble)
    await desk.deliver("FJ", code_system="sia-dc03", qualifier=Qualifier.RESTORE, details=restore)
    while await desk.service.triage(batches=1):
        pass

    [alarm] = [alarm for alarm in await desk.alarms() if alarm.code == "FT"]
    assert alarm.state is AlarmState.RESTORED


async def test_the_newest_signals_are_listed_although_they_are_not_judged_yet(desk: Desk) -> None:
    for number in range(5):
        await desk.deliver("131", zone=str(number))

    assert [one.seq for one in await desk.service.signals(by=actor(), limit=3)] == [5, 4, 3]
    assert [one.seq for one in await desk.service.signals(by=actor(), before=3, limit=3)] == [2, 1]


async def test_signals_of_one_message_are_told_together(desk: Desk) -> None:
    woken: list[TriageLane] = []
    desk.service.on_signal = woken.append
    told: list[object] = []
    message = [
        Signal(channel=Channel.FIXED, source="test", account="1", details={"category": category})
        for category in ("burglary", "fire")
    ]

    desk.service.take(message, told.append)
    assert told == []
    await asyncio.sleep(0)

    assert told == [None]
    assert woken == [TriageLane.ORDINARY, TriageLane.URGENT]
    assert desk.service.received == 2


@pytest.mark.parametrize(
    ("handled", "arrived", "times", "flood"),
    [(200, 101, 1, True), (200, 100, 1, False), (200, 899, 9, False), (200, 901, 9, True), (9, 5000, 1, False)],
)
def test_a_flood_is_more_than_triage_can_judge_in_half_the_time(
    handled: int, arrived: int, times: int, flood: bool
) -> None:
    assert rules.is_flood(handled=handled, arrived=arrived, times=times) is flood

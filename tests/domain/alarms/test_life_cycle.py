"""What people and time do to an alarm."""

import pytest
from tests.domain.alarms.conftest import Desk, actor

from fengtai.domain.alarms.model import Alarm, AlarmState, Step
from fengtai.domain.alarms.rules import ALLOWED_STEPS, StepNotAllowed, next_state, person_steps
from fengtai.domain.alarms.service import close_alarm, take_alarm
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound


def audited(desk: Desk) -> list[str]:
    log = desk.units.offered(AuditLog)
    assert isinstance(log, MemoryAuditLog)
    return [entry.action for entry in log.entries]


async def raised(desk: Desk, code: str = "131") -> Alarm:
    await desk.send(code)
    return (await desk.alarms())[-1]


async def test_two_operators_take_at_once_and_the_second_learns_who_was_first(desk: Desk) -> None:
    alarm = await raised(desk)

    held = desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor("王芳"), incident_id="i1"))
    with pytest.raises(Conflict, match="王芳"):
        desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor("李明"), incident_id="i2"))

    assert (held.state, held.held_by_name, held.incident_id) == (AlarmState.TAKEN, "王芳", "i1")
    assert (await desk.the_alarm()).held_by_name == "王芳"
    assert desk.told(alarm) == ["raised", "taken"]


async def test_taking_twice_for_the_same_incident_is_once(desk: Desk) -> None:
    alarm = await raised(desk)

    for _ in range(2):
        desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor(), incident_id="i1"))

    assert (await desk.the_alarm()).version == 2


async def test_a_suppressed_alarm_may_be_taken_by_a_person(desk: Desk) -> None:
    await desk.service.put_on_test("account-1234", zone="", minutes=5, reason="service", by=actor())
    alarm = await raised(desk)

    held = desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor(), incident_id="i1"))

    assert held.state is AlarmState.TAKEN


async def test_an_incident_closes_its_alarm(desk: Desk) -> None:
    alarm = await raised(desk)
    desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor(), incident_id="i1"))

    closed = desk.units.run(lambda uow: close_alarm(uow, alarm.id, disposition="real", by=actor()))

    assert (closed.state, closed.disposition) == (AlarmState.CLOSED, "real")
    assert [step.step for step in desk.history(alarm)] == ["raised", "taken", "closed"]


async def test_closing_from_the_queue_is_audited(desk: Desk) -> None:
    alarm = await raised(desk)

    await desk.service.close(alarm.id, disposition="false", note="cat", version=1, by=actor())

    assert (await desk.the_alarm()).disposition == "false"
    assert desk.history(alarm)[-1].text == "false: cat"
    assert audited(desk) == ["alarm.close"]


async def test_what_an_incident_holds_is_not_closed_from_the_queue(desk: Desk) -> None:
    alarm = await raised(desk)
    desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor("王芳"), incident_id="i1"))

    with pytest.raises(Conflict, match="王芳"):
        await desk.service.close(alarm.id, disposition="false", note="", version=2, by=actor())


async def test_closing_twice_or_by_an_old_version_is_refused(desk: Desk) -> None:
    alarm = await raised(desk)
    await desk.service.close(alarm.id, disposition="false", note="", version=1, by=actor())

    with pytest.raises(Conflict):
        await desk.service.close(alarm.id, disposition="real", note="", version=1, by=actor())
    with pytest.raises(StepNotAllowed):
        await desk.service.close(alarm.id, disposition="real", note="", version=2, by=actor())


async def test_an_unknown_disposition_is_refused(desk: Desk) -> None:
    alarm = await raised(desk)

    with pytest.raises(Invalid):
        await desk.service.close(alarm.id, disposition="whatever", note="", version=1, by=actor())


async def test_a_shelved_alarm_returns_by_itself(desk: Desk) -> None:
    alarm = await raised(desk)
    await desk.service.shelve(alarm.id, minutes=10, reason="engineer is on site", version=1, by=actor())
    desk.clock.advance(599)
    await desk.service.tick()
    assert (await desk.the_alarm()).state is AlarmState.SHELVED

    desk.clock.advance(2)
    desk.restart()
    await desk.service.tick()

    alarm = await desk.the_alarm()
    assert (alarm.state, alarm.shelved_until) == (AlarmState.RAISED, None)
    assert desk.told(alarm) == ["raised", "shelved", "unshelved"]
    assert audited(desk) == ["alarm.shelve"]


@pytest.mark.parametrize(("minutes", "reason"), [(0, "why"), (481, "why"), (10, "  ")])
async def test_shelving_needs_a_time_and_a_reason(desk: Desk, minutes: int, reason: str) -> None:
    alarm = await raised(desk)

    with pytest.raises(Invalid):
        await desk.service.shelve(alarm.id, minutes=minutes, reason=reason, version=1, by=actor())


@pytest.mark.parametrize("code", ["110", "121"])
async def test_a_fire_or_hold_up_is_never_shelved(desk: Desk, code: str) -> None:
    alarm = await raised(desk, code)

    with pytest.raises(Invalid):
        await desk.service.shelve(alarm.id, minutes=10, reason="busy", version=1, by=actor())


@pytest.mark.parametrize(("code", "seconds"), [("110", 30), ("121", 30), ("131", 90), ("154", 90)])
async def test_an_alarm_that_nobody_takes_escalates_again_and_again(desk: Desk, code: str, seconds: int) -> None:
    await raised(desk, code)

    for _ in range(2):
        desk.clock.advance(seconds - 1)
        await desk.service.tick()
        desk.clock.advance(1)
        await desk.service.tick()

    alarm = await desk.the_alarm()
    assert alarm.escalations == 2
    assert desk.told(alarm) == ["raised", "escalated", "escalated"]


async def test_escalation_survives_a_restart_and_is_not_repeated_by_it(desk: Desk) -> None:
    await raised(desk)
    desk.clock.advance(91)
    await desk.restart().tick()
    await desk.restart().tick()

    assert (await desk.the_alarm()).escalations == 1


async def test_a_taken_alarm_does_not_escalate(desk: Desk) -> None:
    alarm = await raised(desk)
    desk.units.run(lambda uow: take_alarm(uow, alarm.id, by=actor(), incident_id="i1"))
    desk.clock.advance(3600)
    await desk.service.tick()

    assert (await desk.the_alarm()).escalations == 0


async def test_a_trouble_waits_as_long_as_it_likes(desk: Desk) -> None:
    await raised(desk, "301")
    desk.clock.advance(86_400)
    await desk.service.tick()

    assert (await desk.the_alarm()).escalations == 0


async def test_a_test_is_put_and_taken_back_by_people(desk: Desk) -> None:
    row = await desk.service.put_on_test("account-1234", zone="", minutes=5, reason="service", by=actor())

    assert await desk.service.on_test(by=actor()) == [row]
    await desk.service.end_test(row.id, by=actor())

    assert await desk.service.on_test(by=actor()) == []
    assert audited(desk) == ["alarms.on-test", "alarms.on-test-end"]


async def test_a_test_of_an_account_that_does_not_exist_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.service.put_on_test("nobody", zone="", minutes=5, reason="service", by=actor())


def test_the_table_of_steps_speaks_of_every_state_and_closed_is_the_end() -> None:
    assert set(ALLOWED_STEPS) == set(AlarmState)
    assert person_steps(AlarmState.CLOSED, 4) == []
    assert person_steps(AlarmState.RAISED, 4) == ["take", "shelve", "close"]
    assert person_steps(AlarmState.RAISED, 1) == ["take", "close"]
    with pytest.raises(StepNotAllowed):
        next_state(AlarmState.CLOSED, Step.TAKE)

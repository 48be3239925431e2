"""A panel that falls silent becomes a path-lost alarm; ours and not its silence does not count."""

from tests.domain.alarms.conftest import Desk, actor

from fengtai.domain.alarms.model import AlarmState

ACCOUNT = "account-60"
ALLOWED = 60 + 30
"""interval and grace of this account, seconds"""


async def hear(desk: Desk) -> None:
    desk.service.heard(ACCOUNT, desk.clock.now())
    await desk.service.tick()


async def state(desk: Desk) -> str:
    return {view.account_id: view.state.value for view in await desk.service.sources(by=actor())}[ACCOUNT]


async def test_a_silent_panel_becomes_a_path_lost_alarm(desk: Desk) -> None:
    await hear(desk)
    desk.clock.advance(ALLOWED)
    await desk.service.tick()
    assert await desk.alarms() == []
    assert await state(desk) == "late"

    desk.clock.advance(1)
    await desk.service.tick()

    alarm = await desk.the_alarm()
    assert (alarm.category, alarm.priority, alarm.source) == ("path-lost", 5, "platform")
    assert (alarm.account, alarm.premises_name) == ("60", "Jeweller")
    assert await state(desk) == "lost"


async def test_a_lost_path_is_told_once(desk: Desk) -> None:
    await hear(desk)
    for _ in range(10):
        desk.clock.advance(ALLOWED + 1)
        await desk.service.tick()

    alarm = await desk.the_alarm()
    assert (alarm.repeats, len(desk.journal.journal)) == (0, 1)


async def test_a_panel_that_is_heard_again_clears_its_alarm(desk: Desk) -> None:
    await hear(desk)
    desk.clock.advance(ALLOWED + 1)
    await desk.service.tick()
    desk.clock.advance(5)
    await hear(desk)

    assert (await desk.the_alarm()).state is AlarmState.RESTORED
    assert await state(desk) == "alive"


async def test_any_message_is_a_sign_of_life(desk: Desk) -> None:
    await hear(desk)
    desk.clock.advance(ALLOWED - 10)
    await desk.send("602", zone="0", account="60")
    desk.clock.advance(ALLOWED - 10)
    await desk.service.tick()

    assert await desk.alarms() == []


async def test_after_a_restart_nobody_is_judged_before_a_whole_interval(desk: Desk) -> None:
    await hear(desk)
    desk.clock.advance(3600)
    desk.restart()
    await desk.service.tick()
    assert await desk.alarms() == []

    desk.clock.advance(ALLOWED + 1)
    await desk.service.tick()

    assert (await desk.the_alarm()).category == "path-lost"


async def test_a_lost_path_stays_lost_over_a_restart_and_is_not_told_again(desk: Desk) -> None:
    await hear(desk)
    desk.clock.advance(ALLOWED + 1)
    await desk.service.tick()
    desk.restart()
    for _ in range(3):
        desk.clock.advance(ALLOWED + 1)
        await desk.service.tick()

    assert len(await desk.alarms()) == 1
    await hear(desk)
    assert (await desk.the_alarm()).state is AlarmState.RESTORED


async def test_a_panel_that_was_never_heard_is_listed_and_raises_nothing(desk: Desk) -> None:
    desk.clock.advance(3600)
    await desk.service.tick()

    assert await state(desk) == "never"
    assert await desk.alarms() == []


async def test_an_account_without_an_interval_is_not_supervised(desk: Desk) -> None:
    desk.service.heard("account-77", desk.clock.now())
    await desk.service.tick()
    desk.clock.advance(86_400)
    await desk.service.tick()

    assert await desk.alarms() == []

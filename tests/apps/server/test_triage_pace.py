"""Triage gives way to acknowledging, never for what is urgent; what waits is on the status page."""

import asyncio

import pytest
from tests.domain.alarms.conftest import Desk

from fengtai.apps.server.triage_pace import TriagePace
from fengtai.apps.web_api.system import SystemBoard
from fengtai.domain.alarms import rules
from fengtai.domain.alarms.service import BATCH_SIGNALS


class Centre:
    def __init__(self) -> None:
        self.desk = Desk()
        self.pace = TriagePace(self.desk.service)
        self.board = SystemBoard(clock=self.desk.clock, version="1", site="test", time_zone="UTC")
        self.pace.show_on(self.board)

    async def figures(self) -> dict[str, object]:
        await self.pace.look()
        return dict(self.board.figures())

    async def categories(self) -> list[str]:
        return [alarm.category for alarm in await self.desk.alarms()]


@pytest.fixture
async def centre() -> Centre:
    return Centre()


async def test_everything_is_judged_when_nothing_pours_in(centre: Centre) -> None:
    for number in range(BATCH_SIGNALS + 20):
        await centre.desk.deliver("131", zone=str(number))
    await centre.desk.deliver("110")

    await centre.pace.once()
    await centre.pace.once()

    assert len(await centre.categories()) == BATCH_SIGNALS + 21


async def test_a_fire_is_judged_while_the_ordinary_lane_rests(centre: Centre) -> None:
    """The desk is made to believe that signals pour in, so that the pace rests; the fire comes in the rest."""
    for number in range(BATCH_SIGNALS * 2):
        await centre.desk.deliver("131", zone=str(number))
    resting = asyncio.create_task(centre.pace._only_urgent(60))
    await asyncio.sleep(0)
    await centre.desk.deliver("110")
    while not await centre.categories():
        await asyncio.sleep(0)
    resting.cancel()

    assert await centre.categories() == ["fire"]


async def test_what_waits_is_shown_with_its_age(centre: Centre) -> None:
    await centre.desk.deliver("131")
    centre.desk.clock.advance(7)
    await centre.desk.deliver("110")

    figures = await centre.figures()
    assert (figures["signals_waiting_ordinary"], figures["signals_oldest_ordinary_s"]) == (1, 7.0)
    assert (figures["signals_waiting_urgent"], figures["signals_oldest_urgent_s"]) == (1, 0.0)

    await centre.pace.once()
    assert set((await centre.figures()).values()) == {0}


def test_in_a_flood_the_ordinary_lane_has_a_tenth_of_the_time() -> None:
    assert 1 / (1 + rules.FLOOD_REST) == 0.1

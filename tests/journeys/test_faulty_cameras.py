"""A town of faulty cameras: each plays all the same, or the platform says in one sentence why not and what to do."""

import asyncio
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.fault_table import FAULTS, Fault

from fengtai.apps.demo.console_client import ConsoleClient, Refused
from fengtai.apps.demo.seed import Furnished, accept_devices, first_people, made_points
from fengtai.apps.demo.town import Town, a_town
from fengtai.apps.simulator.city import device_ids

pytestmark = pytest.mark.journey

NO_PACKET_SECONDS = 7
WITHIN_SECONDS = 75.0
GOOD = len(FAULTS) + 1
"""the number of the one good camera among them"""


@dataclass
class Outcome:
    """What was seen of one camera."""

    played: bool = False
    played_later: bool = False
    hours: list[dict[str, Any]] = field(default_factory=list)
    """what is recorded"""
    told: list[str] = field(default_factory=list)
    """details of stages"""
    causes: dict[str, str] = field(default_factory=dict)
    """causes of failed starts and lost streams, with their fixes"""

    def note(self, traces: list[dict[str, Any]]) -> None:
        self.told = [stage["detail"] for trace in traces for stage in trace["stages"]]
        self.causes |= {trace["failed"]: trace["fix"] for trace in traces if trace["failed"]}

    def tells(self, pattern: str) -> bool:
        return any(re.search(pattern, detail) for detail in self.told)

    def names(self, pattern: str) -> bool:
        return any(re.search(pattern, cause) for cause in self.causes)


@dataclass
class Seen:
    """What was seen of the whole town."""

    by_fault: dict[str, Outcome]
    calls_of_a_crowd: tuple[int, int, int] = (0, 0, 0)
    """starts of the good camera's stream before many came at once, how many of them saw it, and the starts after"""
    shelf_verdict: str = ""
    """what `fengtai check recordings` said afterwards"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return asyncio.run(_live(tmp_path_factory.mktemp("faulty-town")))


@pytest.fixture
def outcomes(town: Seen) -> dict[str, Outcome]:
    return town.by_fault


async def _live(folder: Path) -> Seen:
    settings = {"FENGTAI_MEDIA__NO_PACKET_SECONDS": str(NO_PACKET_SECONDS), "FENGTAI_MEDIA__WORKERS": "2"}
    async with a_town(folder, **settings) as town:
        try:
            await town.start_server()
            furnished = await first_people(town.url, town.setup_token)
            faults = ",".join(f"{number}={fault.name}" for number, fault in enumerate(FAULTS, start=1))
            await town.start_city(cameras=GOOD, size="320x180", fault=faults)
            points = await _furnish(town, furnished)
            seen = Seen(await _watch(town, furnished, points))
            seen.calls_of_a_crowd = await _crowd(town, furnished, points[max(points)])
            await town.stop()
            seen.shelf_verdict = await _shelf_verdict(town)
            return seen
        except Exception as error:
            raise AssertionError(f"{error!r}\n{town.last_words()}") from error


async def _crowd(town: Town, furnished: Furnished, point: str) -> tuple[int, int, int]:
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        before = len(await console.get(f"/api/live/{point}/traces"))
        good = Fault(name="none", expected="plays")
        saw = await asyncio.gather(*(_plays(console, point, good) for _ in range(12)))
        return before, sum(saw), len(await console.get(f"/api/live/{point}/traces"))


async def _shelf_verdict(town: Town) -> str:
    check = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fengtai", "check", "recordings", "--digests"),
        env={**os.environ, **town.environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await check.communicate()
    return told.decode()


async def _furnish(town: Town, furnished: Furnished) -> dict[str, str]:
    """Accept all devices; channel id → point id."""
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        await accept_devices(console, device_ids(GOOD))
        return {point["channel_id"]: point["id"] for point in await made_points(console, GOOD)}


async def _watch(town: Town, furnished: Furnished, points: dict[str, str]) -> dict[str, Outcome]:
    by_number = [points[channel_id] for channel_id in sorted(points)]
    outcomes = {fault.name: Outcome() for fault in FAULTS} | {"none": Outcome()}
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        cameras = [*zip(FAULTS, by_number, strict=False), (Fault(name="none", expected="plays"), by_number[-1])]
        work = [_observe(console, fault, point, outcomes[fault.name]) for fault, point in cameras]
        await asyncio.gather(*work)
        now, day = datetime.now(UTC), timedelta(days=1)
        for fault, point in cameras:
            span = {"from": (now - day).isoformat(), "until": (now + day).isoformat()}
            outcomes[fault.name].hours = await console.get(f"/api/recordings/{point}/hours", **span)
        for fault, point in cameras:  # when the last has been explained, the others must still play
            if fault.expected == "plays":
                outcomes[fault.name].played_later = await _plays(console, point, fault)
    return outcomes


async def _observe(console: ConsoleClient, fault: Fault, point: str, seen: Outcome) -> None:
    """Until what is expected has been seen, or the time is over."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN_SECONDS
    satisfied = _satisfaction(fault, seen)
    while loop.time() < until:
        seen.note(await console.get(f"/api/live/{point}/traces"))
        is_lost = not fault.lost_before or seen.names(fault.lost_before)
        if fault.expected == "plays" and is_lost and not seen.played:
            seen.played = await _plays(console, point, fault)
            seen.note(await console.get(f"/api/live/{point}/traces"))
        if satisfied():
            return
        await asyncio.sleep(0.5)


def _satisfaction(fault: Fault, seen: Outcome) -> Callable[[], bool]:
    if fault.expected == "explained":
        return lambda: seen.names(fault.sentence)
    return lambda: (
        seen.played and seen.tells(fault.sentence) and (not fault.lost_before or seen.names(fault.lost_before))
    )


async def _plays(console: ConsoleClient, point: str, fault: Fault) -> bool:
    try:
        _, width, height = await console.first_picture(
            point, "faulty cameras", within_seconds=20, plays_h265=fault.plays_h265
        )
    except (Refused, TimeoutError, OSError):
        return False
    return (width, height) == fault.size


def _without_a_hole(hours: list[dict[str, Any]]) -> datetime:
    """Its end; files follow each other soon after the full hour."""
    assert hours
    assert all(before["until"] == after["from"] for before, after in pairwise(hours)), hours
    assert [gap for hour in hours for gap in hour["gaps"]] == []
    return datetime.fromisoformat(hours[-1]["until"])


def test_a_clock_that_jumps_by_an_hour_does_not_move_the_recording(outcomes: dict[str, Outcome]):
    """It lies where the good camera's lies, without a gap."""
    jumpy, good = (_without_a_hole(outcomes[name].hours) for name in ("clock-jumps", "none"))
    assert abs(jumpy - good) < timedelta(seconds=10)


def test_what_faulty_cameras_left_on_the_shelf_keeps_its_invariants(town: Seen):
    assert "the shelf keeps its invariants" in town.shelf_verdict


def test_many_who_come_at_once_cost_one_call(town: Seen):
    before, saw, after = town.calls_of_a_crowd
    assert (saw, after) == (12, before)
    assert after >= 1


def test_a_good_camera_among_them_plays(outcomes: dict[str, Outcome]):
    assert outcomes["none"].played
    assert outcomes["none"].played_later


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.expected == "plays"], ids=lambda fault: fault.name
)
def test_it_plays_all_the_same(fault: Fault, outcomes: dict[str, Outcome]):
    seen = outcomes[fault.name]
    assert seen.played, seen.causes
    assert seen.played_later, seen.causes
    assert seen.tells(fault.sentence), seen.told
    assert not fault.lost_before or seen.names(fault.lost_before), seen.causes


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if fault.expected == "explained"], ids=lambda fault: fault.name
)
def test_the_trace_explains_in_one_sentence_with_one_fix(fault: Fault, outcomes: dict[str, Outcome]):
    seen = outcomes[fault.name]
    assert seen.names(fault.sentence), seen.causes
    for cause, fix in seen.causes.items():
        assert cause.endswith("."), cause
        assert fix.endswith("."), f"{cause} without a fix"

"""The line of the main job, by a client without a browser: what `fengtai demo --once` promises."""

import asyncio
import json
import subprocess
import sys

import pytest

from fengtai.apps.demo.console_client import ConsoleClient, Refused

pytestmark = pytest.mark.journey


def test_one_command_plays_an_incident_from_the_frame_to_the_verified_record():
    run = subprocess.run(
        [sys.executable, "-m", "fengtai", "demo", "--once", "--json", "--cameras", "4"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-4000:]
    told = json.loads(run.stdout.strip().splitlines()[-1])
    assert told["ok"] is True
    assert told["incident_state"] == "closed"
    assert told["audit_verified"] is True
    assert 40 <= told["clip_seconds"] <= 45
    assert set(told["phases_s"]) == {"take_s", "dispatch_s", "arrive_s", "close_s"}
    assert all(value is not None and value >= 0 for value in told["phases_s"].values())


async def _refusals(url: str, sign_in: tuple[str, str]) -> list[int]:
    statuses = []
    async with ConsoleClient(url) as console:
        await console.sign_in(*sign_in)
        for path in ("/api/audit", "/api/people", "/api/sessions"):
            try:
                await console.get(path)
            except Refused as refused:
                statuses.append(refused.status)
    return statuses


def test_an_operator_sees_neither_audit_nor_people(walkabout):
    statuses = walkabout.run(_refusals(walkabout.town.url, walkabout.furnished.sign_ins["operator"]))

    assert statuses == [403, 403, 403]


def test_two_operators_take_the_same_alarm_and_one_is_told_who_holds_it(walkabout):
    async def take_twice() -> list[object]:
        url, sign_ins = walkabout.town.url, walkabout.furnished.sign_ins
        async with ConsoleClient(url) as first, ConsoleClient(url) as second:
            await first.sign_in(*sign_ins["operator"])
            await second.sign_in(*sign_ins["dispatcher"])
            alarm_id = await _new_alarm(walkabout.town, first)
            return await asyncio.gather(
                first.post("/api/incidents", {"alarm_id": alarm_id}),
                second.post("/api/incidents", {"alarm_id": alarm_id}),
                return_exceptions=True,
            )

    outcomes = walkabout.run(take_twice())

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) == 1
    assert refused[0].status == 409


async def _new_alarm(town, console: ConsoleClient) -> str:
    from fengtai.apps.demo.run import panel_of

    listening = asyncio.Event()

    async def seen() -> str:
        async for event in console.events():
            listening.set()
            if event.kind == "alarms.raised":
                return str(event.data["alarm_id"])
        raise AssertionError("the event stream ended")

    waiting = asyncio.create_task(seen())
    await listening.wait()
    assert await panel_of(town, "1003").send_event("130", "01", "1") is not None
    return await asyncio.wait_for(waiting, 20)

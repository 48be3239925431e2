"""A town of devices that say things otherwise: each is understood all the same, or what it did is told in words."""

import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.fault_table import FAULTS, SIGNALLING, SignallingFault
from tests.journeys.trouble_table import proofs_that_are_none

from fengtai.apps.demo.console_client import ConsoleClient, Refused
from fengtai.apps.demo.seed import first_people
from fengtai.apps.demo.town import a_town
from fengtai.apps.simulator.faults import FAULTS as SIMULATED
from fengtai.apps.simulator.signalling_faults import SIGNALLING_FAULTS
from fengtai.apps.simulator.town_plan import PlannedDevice, plan_town

pytestmark = pytest.mark.journey

WITHIN_SECONDS = 90.0
MOST_ITEMS = 300


@dataclass
class Outcome:
    """What was seen of one device."""

    detail: dict[str, Any]
    name: str = ""
    """of its camera, as the platform knows it"""
    order: str = ""
    played: bool = False
    played_later: bool = False
    traces: list[str] = field(default_factory=list)
    """details of the stages of its starts"""

    @property
    def subscription(self) -> str:
        return next((one["state"] for one in self.detail["subscriptions"] if one["topic"] == "alarm"), "none")


def _devices() -> dict[str, PlannedDevice]:
    """Fault → a device that stands alone: a recorder would be several cameras of one fault."""
    alone = (device for device in plan_town(len(SIGNALLING) * 3) if len(device.cameras) == 1)
    return dict(zip((fault.name for fault in SIGNALLING), alone, strict=False))


DEVICES = _devices()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    return asyncio.run(_live(tmp_path_factory.mktemp("odd-town")))


async def _live(folder: Path) -> dict[str, Outcome]:
    settings = {"FENGTAI_MEDIA__WORKERS": "2", "FENGTAI_SIP__MOST_CATALOGUE_ITEMS": str(MOST_ITEMS)}
    async with a_town(folder, **settings) as town:
        try:
            await town.start_server()
            furnished = await first_people(town.url, town.setup_token)
            numbers = {name: device.cameras[0].number for name, device in DEVICES.items()}
            faults = ",".join(f"{number}={name}" for name, number in numbers.items())
            await town.start_city(cameras=max(numbers.values()), size="320x180", fault=faults)
            async with ConsoleClient(town.url) as engineer, ConsoleClient(town.url) as operator:
                await engineer.sign_in(*furnished.sign_ins["engineer"])
                await operator.sign_in(*furnished.sign_ins["operator"])
                works = (_observe(engineer, operator, fault) for fault in SIGNALLING)
                seen = dict(zip(DEVICES, await asyncio.gather(*works), strict=True))
                for name, device in DEVICES.items():  # when all have done their worst
                    seen[name].played_later = await _plays(operator, await _point(engineer, device))
                return seen
        except Exception as error:
            raise AssertionError(f"{error!r}\n{town.last_words()}") from error


async def _observe(engineer: ConsoleClient, operator: ConsoleClient, fault: SignallingFault) -> Outcome:
    """Accepted, with a point for its one camera, ordered on guard, watched; until what is expected has been seen."""
    device = DEVICES[fault.name]
    camera = device.cameras[0].channel_id
    await _known(engineer, device.device_id)
    await engineer.post(f"/api/devices/{device.device_id}/accept", {"make_points": False})
    form = {"name": fault.name, "device_id": device.device_id, "channel_id": camera}
    await engineer.post("/api/points", form)
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN_SECONDS
    seen = Outcome(await engineer.get(f"/api/devices/{device.device_id}"))
    while loop.time() < until:
        seen.detail = await engineer.get(f"/api/devices/{device.device_id}")
        seen.name = next((one["name"] for one in seen.detail["channels"] if one["id"] == camera), "")
        if seen.name and not seen.order:
            seen.order = await _ordered(engineer, device.device_id)
        point = await _point(engineer, device)
        seen.played = seen.played or await _plays(operator, point)
        starts = await operator.get(f"/api/live/{point}/traces")
        seen.traces += [stage["detail"] for start in starts for stage in start["stages"]]
        told = re.search(fault.note, seen.detail["catalogue_note"]) is not None
        if seen.name and seen.order and seen.played and told and seen.subscription == fault.subscription:
            break
        await asyncio.sleep(0.5)
    return seen


async def _known(console: ConsoleClient, device_id: str) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await console.get(f"/api/devices/{device_id}")
                return
            except Refused as refused:
                if refused.status != 404:
                    raise
            await asyncio.sleep(0.2)


async def _point(console: ConsoleClient, device: PlannedDevice) -> str:
    points = (await console.get("/api/points"))["items"]
    return next(str(one["id"]) for one in points if one["channel_id"] == device.cameras[0].channel_id)


async def _ordered(console: ConsoleClient, device_id: str) -> str:
    return str((await console.post(f"/api/devices/{device_id}/orders", {"order": "guard"}))["outcome"])


async def _plays(console: ConsoleClient, point: str) -> bool:
    try:
        _, width, height = await console.first_picture(point, "odd devices", within_seconds=20)
    except (Refused, TimeoutError, OSError):
        return False
    return (width, height) == (320, 180)


def test_every_fault_of_the_simulator_has_its_row() -> None:
    assert {fault.name for fault in SIGNALLING} == set(SIGNALLING_FAULTS)
    assert {fault.name for fault in FAULTS} == set(SIMULATED)


def test_the_page_names_no_test_that_does_not_stand() -> None:
    assert proofs_that_are_none() == []


@pytest.mark.parametrize("fault", SIGNALLING, ids=lambda fault: fault.name)
def test_it_is_understood_or_told(fault: SignallingFault, outcomes: dict[str, Outcome]) -> None:
    seen, planned = outcomes[fault.name], DEVICES[fault.name]
    assert seen.name == planned.cameras[0].name
    assert seen.played
    assert seen.played_later
    assert seen.subscription == fault.subscription, seen.detail["subscriptions"]
    assert seen.order == fault.order
    note = seen.detail["catalogue_note"]
    assert re.search(fault.note, note) if fault.note else note == ""
    assert any(re.search(fault.trace, told) for told in seen.traces), seen.traces

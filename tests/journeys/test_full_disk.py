"""Full disks: what cannot be made durable is not acknowledged, nothing acknowledged is lost, recording stops with a listed
gap and goes on when there is space again.

Disks are small tmpfs, which only root may mount.
"""

import asyncio
import os
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import first_people, furnish
from fengtai.apps.demo.town import a_town
from fengtai.apps.simulator.city import device_ids
from fengtai.apps.simulator.panels import SimulatedPanel

pytestmark = pytest.mark.journey

DATABASE_DISK_BYTES = 24 << 20
VIDEO_DISK_BYTES = 48 << 20
RESERVE_BYTES = 16 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str, int], Path]]:
    """Makes disks: a name and a size, the folder where it is mounted."""
    mounted: list[Path] = []

    def make(name: str, size_bytes: int) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        mount = shutil.which("mount")
        if os.geteuid() != 0 or mount is None:
            pytest.skip("only root may mount a small disk (tmpfs)")
        done = subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.decode().strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(disk: Path, *, leave_bytes: int = 0) -> Path:
    """Take all space but this."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leave_bytes
    try:
        with ballast.open("wb") as file:
            for _ in range(free // 65_536 + 1):
                file.write(bytes(65_536))
                file.flush()
    except OSError:
        pass  # full, as intended
    return ballast


async def _report(port: int, account: str, zones: range, acknowledged: set[str], *, patience: float) -> None:
    """One panel that reports these zones, and notes what was acknowledged."""
    panel = SimulatedPanel(account=account, host="127.0.0.1", port=port, answer_seconds=patience)
    for zone in zones:
        if await panel.send_event("130", "01", f"{zone:03d}") is not None:
            acknowledged.add(f"{account}/{zone}")
    await panel.close()


async def test_on_a_full_database_disk_nothing_is_acknowledged_that_is_not_kept(
    tmp_path: Path, small_disk: Callable[[str, int], Path]
):
    disk = small_disk("database", DATABASE_DISK_BYTES)
    url = f"sqlite:///{disk / 'fengtai.sqlite'}"
    async with a_town(tmp_path / "data", FENGTAI_DATABASE__URL=url, FENGTAI_MEDIA__WORKERS="1") as town:
        await town.start_server()
        port, acknowledged = town.ports["dc09"], set[str]()
        await _report(port, "1001", range(1, 21), acknowledged, patience=5)
        assert len(acknowledged) == 20

        ballast = _fill(disk)
        panels = [_report(port, f"2{number:03d}", range(1, 40), acknowledged, patience=0.3) for number in range(8)]
        with pytest.raises(TimeoutError):  # three attempts each, answered by nobody once the last page is taken
            async with asyncio.timeout(15):
                await asyncio.gather(*panels)
        on_full_disk = len(acknowledged) - 20
        assert on_full_disk < 8 * 39

        ballast.unlink()
        await _report(port, "1001", range(21, 41), acknowledged, patience=5)
        assert {f"1001/{zone}" for zone in range(21, 41)} <= acknowledged, town.last_words()
        await town.stop_server()

    with closing(sqlite3.connect(disk / "fengtai.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {f"{account}/{zone}" for account, zone in database.execute("SELECT account, zone FROM signal_journal")}
    assert acknowledged - stored == set()


async def test_on_a_full_video_disk_recording_stops_with_a_listed_gap_and_goes_on_after(
    tmp_path: Path, small_disk: Callable[[str, int], Path]
):
    disk = small_disk("video", VIDEO_DISK_BYTES)
    settings = {
        "FENGTAI_MEDIA__WORKERS": "1",
        "FENGTAI_MEDIA__RECORDINGS": str(disk / "recordings"),
        "FENGTAI_MEDIA__RESERVE_BYTES": str(RESERVE_BYTES),
        "FENGTAI_MEDIA__SYNC_SECONDS": "1",
    }
    async with a_town(tmp_path / "data", **settings) as town:
        await town.start_server()
        furnished = await first_people(town.url, town.setup_token)
        await town.start_city(cameras=1, size="320x180")
        await furnish(town.url, furnished, devices=device_ids(1), cameras=1)
        point = furnished.points[0]["id"]
        async with ConsoleClient(town.url) as console:
            await console.sign_in(*furnished.sign_ins["operator"])
            await _until(_hours(console, point), lambda hours: any(hour["until"] > hour["from"] for hour in hours))

            ballast = _fill(disk, leave_bytes=64 << 10)
            await _until(_hours(console, point), lambda hours: "disk" in _causes(hours))
            _, width, _ = await console.first_picture(point, "full disk", within_seconds=30)
            assert width == 320  # live pictures need no disk

            panel = SimulatedPanel(account="1001", host="127.0.0.1", port=town.ports["dc09"])
            assert await panel.send_event("130", "01", "1") is not None  # nor do signals that one
            await panel.close()

            ballast.unlink()
            last = (await _once(console, point))[-1]
            await _until(
                _hours(console, point),
                lambda hours: bool(hours) and hours[-1]["until"] > last["until"] and _is_closed(hours),
            )


async def _once(console: ConsoleClient, point: str) -> list[dict[str, Any]]:
    now, day = datetime.now(UTC), timedelta(days=1)
    span = {"from": (now - day).isoformat(), "until": (now + day).isoformat()}
    return list(await console.get(f"/api/recordings/{point}/hours", **span))


async def _hours(console: ConsoleClient, point: str) -> AsyncIterator[list[dict[str, Any]]]:
    while True:
        yield await _once(console, point)
        await asyncio.sleep(0.3)


def _causes(hours: list[dict[str, Any]]) -> set[str]:
    return {gap["cause"] for hour in hours for gap in hour["gaps"]}


def _is_closed(hours: list[dict[str, Any]]) -> bool:
    """The gap of the full disk has an end."""
    return any(gap["cause"] == "disk" and gap["until"] for hour in hours for gap in hour["gaps"])


async def _until(states: AsyncIterator[list[dict[str, Any]]], come: Callable[[list[dict[str, Any]]], bool]) -> None:
    state: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(60):
            async for state in states:
                if come(state):
                    return
    except TimeoutError:
        raise AssertionError(f"it has not come: {state}") from None

"""The server is killed while cameras send: after the restart the old senders are told to stop, and pictures return."""

import asyncio
import signal
import sqlite3
from pathlib import Path

import pytest
from rich.console import Console

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import Town, a_town

pytestmark = pytest.mark.journey

CAMERAS = 2


def open_calls(data: Path) -> set[str]:
    with sqlite3.connect(data / "fengtai.sqlite", timeout=10) as database:
        return {row[0] for row in database.execute("SELECT id FROM devices_call")}


async def all_playing(town: Town, furnished: Furnished) -> None:
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["operator"])
        async with asyncio.timeout(90):
            while True:
                stages = [stream["stage"] for stream in await console.get("/api/live/streams")]
                if stages.count("playing") >= CAMERAS:
                    return
                await asyncio.sleep(0.3)


async def test_after_a_crash_old_senders_stop_and_pictures_return(tmp_path: Path):
    async with a_town(tmp_path, FENGTAI_MEDIA__WORKERS="1") as town:
        furnished = await furnished_town(town, cameras=CAMERAS, say=Console(quiet=True))
        before = open_calls(tmp_path)
        assert len(before) >= CAMERAS

        await town.stop_server(signal.SIGKILL)
        assert open_calls(tmp_path) >= before, "what the devices send is known after the crash"
        await town.start_server()
        await all_playing(town, furnished)

        async with asyncio.timeout(60):
            while open_calls(tmp_path) & before:
                await asyncio.sleep(0.2)
        assert len(open_calls(tmp_path)) >= CAMERAS
        log = (tmp_path / "serve.log").read_text()
        assert all(call in log for call in before), "each was taken up as left over"
        await town.stop_server()
        assert open_calls(tmp_path) == set(), "an orderly end leaves nothing behind"

"""No acknowledged signal is ever lost: the server is killed again and again while panels are being answered."""

import asyncio
import signal
import sqlite3
from pathlib import Path

import pytest

from fengtai.apps.demo.town import a_town
from fengtai.apps.simulator.panels import SimulatedPanel

pytestmark = pytest.mark.journey

KILLS = 6
ACKNOWLEDGED_BEFORE_EACH_KILL = 150


async def test_what_was_acknowledged_is_stored_whenever_the_server_is_killed(tmp_path: Path):
    acknowledged: set[str] = set()
    async with a_town(tmp_path, FENGTAI_MEDIA__WORKERS="1") as town:
        for kill in range(KILLS):
            await town.start_server()
            target = len(acknowledged) + ACKNOWLEDGED_BEFORE_EACH_KILL
            panels = [
                asyncio.create_task(_report(town.ports["dc09"], f"{kill:X}{number:03d}", acknowledged))
                for number in range(8)
            ]
            while len(acknowledged) < target:
                assert not all(panel.done() for panel in panels), town.last_words()
                await asyncio.sleep(0)
            await town.stop_server(signal.SIGKILL)
            for panel in panels:
                panel.cancel()
            await asyncio.gather(*panels, return_exceptions=True)
        await town.start_server()  # recovers
        await town.stop_server()

    with sqlite3.connect(tmp_path / "fengtai.sqlite") as database:
        stored = {f"{account}/{zone}" for account, zone in database.execute("SELECT account, zone FROM signal_journal")}
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_BEFORE_EACH_KILL
    assert acknowledged - stored == set()


async def _report(port: int, account: str, acknowledged: set[str]) -> None:
    """One panel that reports zone after zone and notes what was acknowledged."""
    panel = SimulatedPanel(account=account, host="127.0.0.1", port=port)
    for zone in range(1, 1000):
        if await panel.send_event("130", "01", f"{zone:03d}") is not None:
            acknowledged.add(f"{account}/{zone}")

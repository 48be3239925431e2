"""Seconds of recording lost when a media worker is killed: 20 kills of the worker that has the recorded cameras.

The gaps are those that the platform itself lists (`GET /api/recordings/{point}/hours`), cause "worker-restarted"; a kill
that no listed gap covers counts as missing. There is no peer in this row.
"""

import asyncio
import json
import os
import shutil
import signal
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.town import Town, a_town

RUNS = int(os.environ.get("BENCH_RUNS", "20"))
FOLDER = Path(__file__).parents[1] / "build/bench-worker-restart"
SETTLE_SECONDS = 8.0


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    async with a_town(FOLDER) as town:
        furnished = await furnished_town(town, cameras=4, say=Console(stderr=True))
        async with ConsoleClient(town.url) as console:
            await console.sign_in(*furnished.sign_ins["operator"])
            points = [point["id"] for point in (await console.get("/api/points"))["items"]]
            kills: list[datetime] = []
            for _ in range(RUNS):
                os.kill(max(workers_of(town), key=open_recordings), signal.SIGKILL)
                kills.append(datetime.now(UTC))
                await asyncio.sleep(SETTLE_SECONDS)
            gaps = [gap for point in points for gap in await listed_gaps(console, point)]
    shutil.rmtree(FOLDER, ignore_errors=True)
    ended = [seconds(gap) for gap in gaps if gap["until"] is not None]
    print(
        json.dumps(
            {
                "row": "worker_restart",
                "unit": "s of gap, median",
                "ours": round(statistics.median(ended), 2),
                "peer": None,
                "ratio": None,
                "limit": None,
                "runs": RUNS,
                "longest": round(max(ended), 2),
                "gaps": len(ended),
                "not_ended": len(gaps) - len(ended),
                "kills_without_gap": sum(not any(covers(gap, kill) for gap in gaps) for kill in kills),
                "causes": sorted({gap["cause"] for gap in gaps}),
            }
        )
    )


def workers_of(town: Town) -> list[int]:
    """Process ids of the server's children."""
    assert town.server is not None
    children = Path(f"/proc/{town.server.pid}/task/{town.server.pid}/children").read_text().split()
    return [int(pid) for pid in children]


def open_recordings(pid: int) -> int:
    """How many hour files this process writes: one per camera that it records."""
    names = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(name.endswith(".mp4") for name in names)


async def listed_gaps(console: ConsoleClient, point_id: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    day = {"from": (now - timedelta(days=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    hours = await console.get(f"/api/recordings/{point_id}/hours", **day)
    return [gap for hour in hours for gap in hour["gaps"]]


def covers(gap: dict[str, Any], moment: datetime) -> bool:
    slack = timedelta(seconds=0.2)  # the end of a GOP is placed by its arrival
    begins = datetime.fromisoformat(gap["from"]) - slack
    return begins <= moment and (gap["until"] is None or moment <= datetime.fromisoformat(gap["until"]))


def seconds(gap: dict[str, Any]) -> float:
    return (datetime.fromisoformat(gap["until"]) - datetime.fromisoformat(gap["from"])).total_seconds()


if __name__ == "__main__":
    asyncio.run(main())

"""Durable, acknowledged signals per second over SIA DC-09, against pysiaalarm's asyncio server that stores nothing.

Ours is `fengtai serve` as a user runs it (journal, triage, event log, web), pinned to core 0 like the peer; the
generator runs on the other core. Plain ADM-CID alarm frames, one outstanding per connection. The data folder lies on
the disk of this checkout. `limit` is how often this disk completed write + fdatasync of 4 KiB per second in this run.
"""

import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import first_people
from fengtai.apps.demo.town import Town, a_town

SERVER_CORE, LOAD_CORE = {0}, {1}
ACCOUNTS = 50
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
FOLDER = Path(__file__).parents[1] / "build/bench-dc09"


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in ("ours_50", "ours_500", "peer_50", "peer_500")}
    for number in range(RUNS):
        async with a_town(FOLDER / str(number), FENGTAI_MEDIA__WORKERS="1") as town:
            os.sched_setaffinity(0, SERVER_CORE)  # inherited by the server
            await town.start_server()
            os.sched_setaffinity(0, SERVER_CORE | LOAD_CORE)
            await enter_accounts(town)
            for connections in (50, 500):
                seen[f"ours_{connections}"].append(await load(town.ports["dc09"], connections))
        for connections in (50, 500):
            seen[f"peer_{connections}"].append(await peer(connections))
    limit = synced_writes_per_second(FOLDER)
    shutil.rmtree(FOLDER, ignore_errors=True)
    rate = {name: statistics.median(run["per_second"] for run in runs) for name, runs in seen.items()}
    print(
        json.dumps(
            {
                "row": "dc09",
                "unit": "durable signals/s at 50 connections",
                "ours": rate["ours_50"],
                "peer": rate["peer_50"],
                "ratio": round(rate["ours_50"] / rate["peer_50"], 2),
                "limit": limit,
                "runs": RUNS,
                "at_500": rate["ours_500"],
                "peer_at_500": rate["peer_500"],
                "ratio_at_500": round(rate["ours_500"] / rate["peer_500"], 2),
                "p50_ms": statistics.median(run["p50_ms"] for run in seen["ours_50"]),
                "p99_ms": statistics.median(run["p99_ms"] for run in seen["ours_50"]),
                "p99_ms_at_500": statistics.median(run["p99_ms"] for run in seen["ours_500"]),
                "refused": sum(run["refused"] for runs in seen.values() for run in runs),
            }
        )
    )


async def enter_accounts(town: Town) -> None:
    """The accounts that the generator reports for, entered as an engineer would."""
    furnished = await first_people(town.url, town.setup_token)
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        premises = await console.post("/api/premises", {"name": "负载测试", "address": "", "kind": "bench"})
        for number in range(ACCOUNTS):
            account = {"channel": "sia-dc09", "number": f"{1000 + number:04d}", "premises_id": premises["id"]}
            await console.post("/api/panel-accounts", account)


async def load(port: int, connections: int) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "1", sys.executable, "-m", "bench.load.dc09_frames"),
        *(str(port), str(connections), str(SECONDS), str(ACCOUNTS)),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    result: dict[str, float] = json.loads(told)
    return result


async def peer(connections: int) -> dict[str, float]:
    server = subprocess.Popen(
        ["taskset", "-c", "0", sys.executable, "-m", "bench.peers.pysiaalarm_server", "15094", str(ACCOUNTS)],
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        return await load(15094, connections)
    finally:
        server.kill()
        server.wait()


def synced_writes_per_second(folder: Path) -> int:
    with (folder / "probe").open("wb") as probe:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 2:
            probe.write(b"\0" * 4096)
            probe.flush()
            os.fdatasync(probe.fileno())
            count += 1
    return count // 2


if __name__ == "__main__":
    asyncio.run(main())

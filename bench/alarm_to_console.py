"""From the last byte of a panel's frame to the event at each of 100 consoles: 50 DC-09 alarms/s for 60 s.

Ours is the whole platform; consoles are server-sent-event streams in a process of their own. Accounts and zones are all
different, so that every frame is an alarm of its own and none is suppressed as a repeat or a swinger. `limit` is the p95
of the same consoles on a bare event stream that says the time and does nothing else.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from bench.load.dc09_frames import frame
from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import first_people
from fengtai.apps.demo.town import Town, a_town

ALARMS_PER_SECOND = 50
SECONDS = int(os.environ.get("BENCH_SECONDS", "60"))
CONSOLES = int(os.environ.get("BENCH_CONSOLES", "100"))
ZONES = 900
FOLDER = Path(__file__).parents[1] / "build/bench-alarm-to-console"


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    accounts = ALARMS_PER_SECOND * SECONDS // ZONES + 1
    async with a_town(FOLDER, FENGTAI_MEDIA__WORKERS="1", FENGTAI_HTTP__STREAMS_PER_PERSON="1000") as town:
        await town.start_server()
        token = await prepared(town, accounts)
        consoles = await listeners(town.url, token)
        sent_at = await alarms(town.ports["dc09"])
        told, _ = await consoles.communicate(b"stop\n")
    bare = await bare_stream()
    shutil.rmtree(FOLDER, ignore_errors=True)
    seen: dict[str, list[float]] = json.loads(told)
    latencies = sorted(
        (at - sent_at[number]) * 1000 for number, moments in seen.items() if number in sent_at for at in moments
    )
    expected = len(sent_at) * CONSOLES
    print(
        json.dumps(
            {
                "row": "alarm_to_console",
                "unit": "ms, p95",
                "ours": round(latencies[int(len(latencies) * 0.95)], 1),
                "peer": None,
                "ratio": None,
                "limit": round(bare, 1),
                "runs": 1,
                "p50": round(statistics.median(latencies), 1),
                "p99": round(latencies[int(len(latencies) * 0.99)], 1),
                "events": len(latencies),
                "missing": expected - len(latencies),
                "alarms": len(sent_at),
                "consoles": CONSOLES,
            }
        )
    )


async def prepared(town: Town, accounts: int) -> str:
    """Accounts entered; the bearer token of somebody who may see alarms."""
    furnished = await first_people(town.url, town.setup_token)
    async with ConsoleClient(town.url) as console:
        await console.sign_in(*furnished.sign_ins["engineer"])
        for number in range(accounts):
            premises = await console.post("/api/premises", {"name": f"负载 {number}", "address": "", "kind": "bench"})
            account = {"channel": "sia-dc09", "number": f"{1000 + number}", "premises_id": premises["id"]}
            await console.post("/api/panel-accounts", account)
        await console.sign_in(*furnished.sign_ins["operator"])
        return str(console.person["token"])


async def listeners(url: str, token: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load.sse_consoles", url, token, str(CONSOLES)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 28,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def alarms(port: int) -> dict[str, float]:
    """Signal number → monotonic moment at which the frame's last byte was given to the kernel. One connection into a fresh
    platform: the journal numbers the frames as they were sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    sent_at: dict[str, float] = {}
    drain = asyncio.create_task(reader.read(-1))
    started = time.monotonic()
    for number in range(ALARMS_PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, started + number / ALARMS_PER_SECOND - time.monotonic()))
        account, zone = f"{1000 + number // ZONES}", number % ZONES + 1
        writer.write(frame(account, number % 9999 + 1, zone))
        sent_at[str(number + 1)] = time.monotonic()
    await asyncio.sleep(3)
    writer.close()
    drain.cancel()
    return sent_at


async def bare_stream() -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.load.bare_sse", str(CONSOLES), str(ALARMS_PER_SECOND), "10"),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    return float(json.loads(told)["p95_ms"])


if __name__ == "__main__":
    asyncio.run(main())

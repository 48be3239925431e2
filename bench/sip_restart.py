"""A restart with many registered devices: how soon the platform answers again, what it holds, and whether a storm comes.

Every device registers, the server is stopped as a service manager stops it and started again on the same data folder;
then every device sends one keepalive, as it would within the minute. Each has to be answered 200 at once: a 403, or
silence, would make the device register, and all of them together would be the storm that kept bindings are there to
prevent. `ours` is the time from the start of the process until /readyz answers; `empty_s` is the same without a single
device. BENCH_DEVICES shortens it.
"""

import asyncio
import json
import time
from pathlib import Path

from bench.load.sip_sides import BUILD, DEVICES, WINDOW, Side, check_tools, ours_town
from fengtai.apps.demo.town import Town

FOLDER = BUILD / "bench-sip-restart"


async def main() -> None:
    check_tools()
    async with ours_town(FOLDER) as town:
        empty_s = await timed_start(town)
        came = await side_of(town).register_all()
        await town.stop_server()
        start_s = await timed_start(town)
        side = side_of(town)
        memory_mib = resident_mib(side.process)
        again = await side.load("once", DEVICES, WINDOW)
    print(
        json.dumps(
            {
                "row": "sip_restart",
                "unit": "s until ready with all bindings",
                "ours": round(start_s, 2),
                "peer": None,
                "ratio": None,
                "limit": None,
                "runs": 1,
                "empty_s": round(empty_s, 2),
                "devices": DEVICES,
                "registered": came["done"],
                "keepalives_answered": again["done"] - again["refused"],
                "refused": again["refused"],
                "keepalives_s": again["seconds"],
                "memory_mib": memory_mib,
            }
        )
    )


async def timed_start(town: Town) -> float:
    began = time.monotonic()
    await town.start_server()
    return time.monotonic() - began


def side_of(town: Town) -> Side:
    assert town.server is not None
    return Side(town.ports["sip"], town.server.pid)


def resident_mib(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    asyncio.run(main())

"""Keepalives of 200,000 registered devices per CPU second, against Kamailio that answers 200.

Ours is `fengtai serve` as a user runs it: bindings, offline timers, last-seen flushes, web, one idle media worker, all
counted, pinned to core 0 like the peer; the generator (C) runs on the other core, in a closed loop of 512 outstanding
MESSAGEs with 180 bytes of XML. `limit` is a UDP echo under the same load, in Python with the same reader (`limit`) and in
C (`limit_c`). BENCH_DEVICES, BENCH_SECONDS and BENCH_RUNS shorten it.
"""

import asyncio
import json
import statistics
import subprocess
import sys

from bench.load.sip_sides import BUILD, DEVICES, GENERATOR, RUNS, SECONDS, WINDOW, Side, check_tools, kamailio, ours
from fengtai.apps.demo.town import free_ports

FOLDER = BUILD / "bench-sip-keepalive"


async def main() -> None:
    check_tools()
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "peer": [], "python": [], "c": []}
    async with ours(FOLDER) as side:
        await side.register_all()
        with kamailio(FOLDER / "kamailio") as peer:
            await peer.register_all()
            for _ in range(RUNS):
                seen["ours"].append(await side.keepalives())
                seen["peer"].append(await peer.keepalives())
    for _ in range(RUNS):
        seen["python"].append(await echo([sys.executable, "-m", "bench.load.sip_echo"]))
        seen["c"].append(await echo([str(GENERATOR), "echo"]))
    rate = {
        name: round(statistics.median(run["done"] / max(run["cpu_s"], 0.01) for run in runs))
        for name, runs in seen.items()
    }
    print(
        json.dumps(
            {
                "row": "sip_keepalive",
                "unit": "keepalives per CPU second",
                "ours": rate["ours"],
                "peer": rate["peer"],
                "ratio": round(rate["ours"] / rate["peer"], 2),
                "limit": rate["python"],
                "runs": RUNS,
                "limit_c": rate["c"],
                "devices": DEVICES,
                "per_second": round(statistics.median(run["done"] / run["seconds"] for run in seen["ours"])),
                "peer_per_second": round(statistics.median(run["done"] / run["seconds"] for run in seen["peer"])),
                "p99_ms": statistics.median(run["p99_ms"] for run in seen["ours"]),
                "resent": sum(run["resent"] for run in seen["ours"]),
                "refused": sum(run["refused"] for run in seen["ours"]),
            }
        )
    )


async def echo(command: list[str]) -> dict[str, float]:
    """An echo on core 0, under the same load."""
    port = free_ports()["sip"]
    server = subprocess.Popen(["taskset", "-c", "0", *command, str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        return await Side(port, server.pid).load("bounce", DEVICES, WINDOW, SECONDS / 2)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    asyncio.run(main())

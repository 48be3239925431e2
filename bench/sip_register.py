"""Registrations (REGISTER, 401, digest, 200) of 200,000 devices per CPU second, against Kamailio with bindings in memory.

Ours is `fengtai serve` as a user runs it, with an empty database: every device is new, is enrolled (as `sip.enrol` says:
BENCH_ENROL, by default pending), audited and told, and its binding is durable before its 200. All processes of ours are
counted, the media worker too; both sides are pinned to core 0. `storm_s`: from the first REGISTER to the last 200, while
eight devices at a time send keepalives, whose wait is `life_signs_p99_ms`. `again`: the same devices once more, as after
an hour. BENCH_DEVICES and BENCH_RUNS shorten it.
"""

import asyncio
import json
import statistics

from bench.load.sip_sides import BUILD, DEVICES, ENROL, RUNS, check_tools, kamailio, ours

FOLDER = BUILD / "bench-sip-register"


async def main() -> None:
    check_tools()
    seen: dict[str, list[dict[str, float]]] = {"ours": [], "again": [], "peer": [], "peer_again": []}
    for number in range(RUNS):
        async with ours(FOLDER / str(number)) as side:
            seen["ours"].append(await side.register_all())
            seen["again"].append(await side.register_all())
        with kamailio(FOLDER / "kamailio") as peer:
            seen["peer"].append(await peer.register_all())
            seen["peer_again"].append(await peer.register_all())
    rate = {name: round(statistics.median(run["done"] / run["cpu_s"] for run in runs)) for name, runs in seen.items()}
    print(
        json.dumps(
            {
                "row": "sip_register",
                "unit": "registrations per CPU second",
                "ours": rate["ours"],
                "peer": rate["peer"],
                "ratio": round(rate["ours"] / rate["peer"], 2),
                "limit": None,
                "runs": RUNS,
                "storm_s": statistics.median(run["seconds"] for run in seen["ours"]),
                "peer_storm_s": statistics.median(run["seconds"] for run in seen["peer"]),
                "life_signs_p99_ms": statistics.median(run["life_signs_p99_ms"] for run in seen["ours"]),
                "again": rate["again"],
                "again_ratio": round(rate["again"] / rate["peer_again"], 2),
                "again_s": statistics.median(run["seconds"] for run in seen["again"]),
                "devices": DEVICES,
                "enrol": ENROL,
                "resent": sum(run["resent"] for run in seen["ours"]),
                "refused": sum(run["refused"] for run in seen["ours"]),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())

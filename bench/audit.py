"""Audit lines per second that are durable when their writer is told so: 200 producers, each waiting for its own line.

Each producer does what a use case does: one unit of work with one audit line (a person's act with session, address,
role, purpose and details), and goes on when the commit has returned. Loop, writer and SQLite file are the product's; the
round that seals the log with signed checkpoints runs meanwhile, as in `fengtai serve`. At the end the log is read back:
every line that was acknowledged has to be there, and the newest checkpoint has to cover lines. `limit` is how often this
disk completed write + fdatasync of 4 KiB per second in this run. BENCH_SECONDS and BENCH_RUNS shorten it.
"""

import asyncio
import gc
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

import uvloop

from bench.dc09 import synced_writes_per_second
from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import sql_stores
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.transactions import UnitOfWork

PRODUCERS = 200
SECONDS = float(os.environ.get("BENCH_SECONDS", "8"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
FOLDER = Path(__file__).parents[1] / "build/bench-audit"


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    runs = [await produce(FOLDER / str(number)) for number in range(RUNS)]
    limit = synced_writes_per_second(FOLDER)
    shutil.rmtree(FOLDER, ignore_errors=True)
    print(
        json.dumps(
            {
                "row": "audit",
                "unit": "durable lines/s of 200 waiting producers",
                "ours": round(statistics.median(run["per_second"] for run in runs)),
                "peer": None,
                "ratio": None,
                "limit": limit,
                "runs": RUNS,
                "p50_ms": round(statistics.median(run["p50_ms"] for run in runs), 1),
                "p99_ms": round(statistics.median(run["p99_ms"] for run in runs), 1),
                "cpu_us_a_line": round(statistics.median(run["cpu_us"] for run in runs), 1),
                "commits_per_second": round(statistics.median(run["commits"] for run in runs)),
                "checkpointed": min(run["checkpointed"] for run in runs),
            }
        )
    )


async def produce(folder: Path) -> dict[str, float]:
    folder.mkdir(parents=True)
    path = folder / "fengtai.db"
    await asyncio.to_thread(upgrade, f"sqlite:///{path}")
    database = SqliteDatabase(path, SystemClock(), sql_stores())
    await database.open()
    desk = AuditDesk(
        transactions=database, signer=AuditKey(folder, "bench/audit"), book=FileCheckpointBook(folder / "book")
    )
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # as in fengtai serve
    waits: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    sealing = asyncio.create_task(seal(desk))
    await asyncio.gather(*(producer(database, number, began + SECONDS, waits) for number in range(PRODUCERS)))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    commits = database.figures.commits
    sealing.cancel()
    await asyncio.gather(sealing, return_exceptions=True)
    await desk.tick()
    kept = await database.read(lambda uow: uow.store(AuditLog).size())
    checkpointed = (await desk.checkpoint()).size
    await database.close()
    if kept != len(waits):
        sys.exit(f"{len(waits)} lines were acknowledged, {kept} are there")
    waits.sort()
    return {
        "per_second": len(waits) / took,
        "p50_ms": waits[len(waits) // 2] * 1e3,
        "p99_ms": waits[len(waits) * 99 // 100] * 1e3,
        "cpu_us": cpu / len(waits) * 1e6,
        "commits": commits / took,
        "checkpointed": checkpointed,
    }


async def producer(database: SqliteDatabase, number: int, until: float, waits: list[float]) -> None:
    act = 0
    while (asked := time.perf_counter()) < until:
        act += 1
        entry = AuditEntry(
            actor=f"user:{number:032x}",
            action="live.watch",
            object=f"point:{act % 5000:032x}",
            session=f"{number:032x}",
            source_ip="10.20.30.40",
            role="dispatcher",
            purpose="incident",
            post="警情 20261121-0007",
            details={"stream": f"{act:032x}", "number": act},
        )

        def unit(uow: UnitOfWork, entry: AuditEntry = entry) -> None:
            uow.store(AuditLog).append(entry)

        await database.write(unit)
        waits.append(time.perf_counter() - asked)


async def seal(desk: AuditDesk) -> None:
    """As `fengtai serve` does about once a second."""
    while True:
        await desk.tick()
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    uvloop.run(main())

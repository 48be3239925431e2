"""A process is killed while it acknowledges: nothing that it acknowledged is lost."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from fengtai.apps.schema import sql_stores
from fengtai.domain.alarms.model import JournalledSignal
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.clock import HandClock

KILLS, ACKNOWLEDGED_PER_LIFE = 3, 400

WRITER = """
import asyncio, sys
from pathlib import Path
from fengtai.apps.schema import sql_stores
from fengtai.domain.alarms.model import Channel, Signal
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.clock import HandClock

async def caller(database, lane):
    number = 0
    while True:
        number += 1
        name = f"{sys.argv[2]}.{lane}.{number}"
        kept = await database.signals.append(Signal(channel=Channel.FIXED, source="kill", account=name, raw=b"x" * 80))
        print(kept.seq, name, flush=True)
        entry = AuditEntry(actor="system:kill", action="kill.survive", object=name)
        await database.write(lambda uow: uow.store(AuditLog).append(entry))

async def main():
    database = SqliteDatabase(Path(sys.argv[1]), HandClock(), sql_stores())
    await database.open()
    await asyncio.gather(*(caller(database, lane) for lane in range(20)))

asyncio.run(main())
"""


def acknowledged_until_killed(path: Path, life: int) -> list[tuple[int, str]]:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(life)], stdout=subprocess.PIPE, text=True
    ) as one:
        assert one.stdout is not None
        told = [one.stdout.readline() for _ in range(ACKNOWLEDGED_PER_LIFE)]
        one.send_signal(signal.SIGKILL)
        told += one.stdout.readlines()
    whole = [line.split() for line in told if line.endswith("\n")]
    return [(int(seq), name) for seq, name in whole]


async def all_signals(path: Path) -> list[JournalledSignal]:
    database = SqliteDatabase(path, HandClock(), sql_stores())
    await database.open()
    kept: list[JournalledSignal] = []
    while page := await database.signals.after(kept[-1].seq if kept else 0, limit=1000):
        kept.extend(page)
    await database.close()
    return kept


def test_no_acknowledged_signal_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "fengtai.sqlite"
    upgrade(f"sqlite:///{path}")
    acknowledged = [told for life in range(KILLS) for told in acknowledged_until_killed(path, life)]

    kept = asyncio.run(all_signals(path))

    assert len(acknowledged) >= KILLS * ACKNOWLEDGED_PER_LIFE
    by_seq = {one.seq: one.signal.account for one in kept}
    assert [told for told in acknowledged if by_seq.get(told[0]) != told[1]] == []
    assert sorted(by_seq) == list(range(1, len(kept) + 1))

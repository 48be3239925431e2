"""The register of points at city size: boxes, words, and an import with its preview, on SQLite and on PostgreSQL.

200,000 points are imported from a CSV as a person would (pieces, check, apply). Then boxes that hold about 170 of them and
ten words are asked for through the register, each on a snapshot of its own. `limit` is the same question as one bare
statement of the driver, without the product around it; `import_limit_s` is what the imported points and their history take
as one bare statement each into empty tables with the same indexes and triggers, which nobody reads, compares or previews.
A second file then changes the address of every point.

Meanwhile one panel after another sends a signal: `signal_longest_s` is the longest wait for an acknowledgement, and
`writer_held_longest_s` the longest that the writer did not look at its queue, from BEGIN to COMMIT. Ours alone: there is no
peer.
"""

import asyncio
import contextlib
import json
import math
import os
import random
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from tests.contracts.postgres_cluster import NoPostgres, PostgresCluster

from bench.load.register import EAST, NORTH, SOUTH, WEST, WORDS, csv_file
from fengtai.apps.clocks import SystemClock
from fengtai.apps.schema import sql_stores
from fengtai.domain.access.model import Actor, Permission, unlimited
from fengtai.domain.alarms.model import Channel, Signal, TriageLane
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import Box, PointQuery
from fengtai.domain.points.model.imports import ImportState, Plan
from fengtai.domain.points.model.words import searched_grams
from fengtai.domain.points.service import PointDossiers, PointRegister, RegisterImporter
from fengtai.storage.commit_batch import Batch
from fengtai.storage.postgres.connections import libpq_url
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.schema import upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase

POINTS = int(os.environ.get("BENCH_POINTS", "200000"))
BOXES = int(os.environ.get("BENCH_BOXES", "400"))
IN_A_BOX = 170
HITS = 50
PIECE_BYTES = 700_000
FOLDER = Path(__file__).parents[1] / "build/bench-points"
HELD = frozenset(Permission)
ENGINEER = Actor(user_id="bench", name="bench", roles=frozenset(), permissions=HELD, rights=unlimited(HELD))

SIGNAL = Signal(
    channel=Channel.FIXED, source="bench", account="1234", code_system="contact-id", code="110", raw=b"bench"
)

SQLITE_BOX = (
    "SELECT p.* FROM points_point p WHERE p.seat IN (SELECT id FROM points_place WHERE west <= ?1 AND east >= ?2 "
    "AND south <= ?3 AND north >= ?4) AND longitude BETWEEN ?2 AND ?1 AND latitude BETWEEN ?4 AND ?3 ORDER BY p.number"
)
SQLITE_WORD = (
    "SELECT p.* FROM points_search s JOIN points_point p ON p.seat = s.rowid WHERE points_search MATCH ? "
    "ORDER BY s.rowid LIMIT 50"
)
POSTGRES_BOX = (
    "SELECT * FROM points_point WHERE point(longitude, latitude) <@ box(point(%s, %s), point(%s, %s)) ORDER BY number"
)
POSTGRES_WORD = "SELECT * FROM points_point WHERE string_to_array(grams, ' ') @> %s::text[] ORDER BY number LIMIT 50"
COPIED = ("points_point", "points_revision")


async def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    content = csv_file(POINTS)
    told: dict[str, dict[str, Any]] = {"sqlite": await on_sqlite(content)}
    try:
        told["postgres"] = await on_postgres(content)
    except NoPostgres as reason:
        told["postgres"] = {"skipped": str(reason)}
    shutil.rmtree(FOLDER, ignore_errors=True)
    worst = [each for each in told.values() if "skipped" not in each]
    line: dict[str, Any] = {
        "row": "points",
        "unit": "box p99 ms (the slower database)",
        "ours": max(each["box_p99"] for each in worst),
        "peer": None,
        "ratio": None,
        "limit": max(each["box_limit_p99"] for each in worst),
        "runs": BOXES,
        "search_p99": max(each["search_p99"] for each in worst),
        "import_s": max(each["import_s"] for each in worst),
        "import_limit_s": max(each["import_limit_s"] for each in worst),
        "change_s": max(each["change_s"] for each in worst),
        "writer_held_longest_s": max(each["writer_held_longest_s"] for each in worst),
        "signal_longest_s": max(each["signal_longest_s"] for each in worst),
    }
    print(json.dumps(line | told, ensure_ascii=False))


async def on_sqlite(content: bytes) -> dict[str, Any]:
    path = FOLDER / "points.db"
    upgrade(f"sqlite:///{path}")
    database = SqliteDatabase(path, SystemClock(), sql_stores())
    bare = sqlite3.connect(path)

    def box(found: Box) -> int:
        return len(bare.execute(SQLITE_BOX, (found.east, found.west, found.north, found.south)).fetchall())

    def word(text: str) -> int:
        match = " ".join(f'"{gram}"' for gram in searched_grams(text))
        return len(bare.execute(SQLITE_WORD, (match,)).fetchall())

    def copied() -> float:
        upgrade(f"sqlite:///{FOLDER / 'bare.db'}")
        with contextlib.closing(sqlite3.connect(FOLDER / "bare.db")) as empty:
            empty.execute("PRAGMA journal_mode=WAL")
            empty.execute("PRAGMA synchronous=FULL")
            empty.execute("ATTACH ? AS imported", (str(path),))
            with empty:
                return seconds_of(
                    lambda: empty.execute("INSERT INTO points_point SELECT * FROM imported.points_point"),
                    lambda: empty.execute("INSERT INTO points_revision SELECT * FROM imported.points_revision"),
                    empty.commit,
                )

    return await measured(database, content, Bare(box, word, copied))


async def on_postgres(content: bytes) -> dict[str, Any]:
    cluster = PostgresCluster()
    cluster.start()
    try:
        url = str(cluster.url(cluster.new_database()))
        upgrade(url)
        database = PostgresDatabase(url, SystemClock(), sql_stores())
        with psycopg.connect(libpq_url(url), autocommit=True) as bare:

            def box(found: Box) -> int:
                return len(bare.execute(POSTGRES_BOX, (found.west, found.south, found.east, found.north)).fetchall())

            def word(text: str) -> int:
                return len(bare.execute(POSTGRES_WORD, (list(searched_grams(text)),)).fetchall())

            def analysed() -> object:
                return bare.execute("VACUUM ANALYZE points_point")  # what autovacuum does by itself a minute later

            def copied() -> float:
                for table in COPIED:
                    bare.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
                return seconds_of(
                    *(partial(bare.execute, f"INSERT INTO bare_{table} SELECT * FROM {table}") for table in COPIED)
                )

            return await measured(database, content, Bare(box, word, copied, analysed))
    finally:
        cluster.stop()


@dataclass(frozen=True)
class Bare:
    """The same things asked of the driver itself."""

    box: Callable[[Box], int]
    word: Callable[[str], int]
    copied: Callable[[], float]
    """points and history into empty tables: seconds"""
    after_import: Callable[[], object] = lambda: None


async def measured(database: SqlEngine, content: bytes, bare: Bare) -> dict[str, Any]:
    await database.open()
    held, waits = list[float](), list[float]()
    watch_writer(database, held)
    panel = asyncio.create_task(signals(database, waits))
    try:
        await OrganisationRegister(transactions=database).ensure_root("沈阳市", area_code="2101")
        imported = await imports(database, content, "new")
        imported["import_limit_s"] = round(await asyncio.to_thread(bare.copied), 1)
        bare.after_import()
        held_new, waits_new = max(held), max(waits)
        changed = await imports(database, content.replace(" 号,".encode(), " 号院,".encode()), "changed")
        bare.after_import()
        print(json.dumps({"held_new": held_new, "waits_new": waits_new, "changed": changed}), file=sys.stderr)
        panel.cancel()
        points = PointRegister(transactions=database)
        boxes = [a_box(random.Random(number)) for number in range(BOXES)]
        ours, limit = list[float](), list[float]()
        rows, bare_rows = list[int](), list[int]()
        for one in boxes:  # alternating, so that the machine's noise falls on both
            ours.append(await timed(partial(points.in_box, one, by=ENGINEER), rows))
            limit.append(at_once(partial(bare.box, one), bare_rows))
        assert rows == bare_rows, "the product and the bare statement see the same points"
        search, bare_search = list[float](), list[float]()
        for _ in range(20):
            for text in WORDS:
                search.append(await timed(partial(words_found, points, text), []))
                bare_search.append(at_once(partial(bare.word, text), []))
    finally:
        panel.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await panel
        await database.close()
    return imported | {
        "change_s": changed["import_s"],
        "writer_held_longest_s": round(max(held), 3),
        "signals": len(waits),
        "signal_longest_s": round(max(waits), 3),
        "box_p99": p99(ours),
        "box_p50": round(statistics.median(ours), 1),
        "box_limit_p99": p99(limit),
        "box_rows": round(statistics.mean(rows)),
        "search_p99": p99(search),
        "search_p50": round(statistics.median(search), 1),
        "search_limit_p99": p99(bare_search),
    }


def watch_writer(database: SqlEngine, held: list[float]) -> None:
    writer = database._writer
    commit = writer._commit_with_retries

    def watched(batch: Batch) -> None:
        started = time.perf_counter()
        commit(batch)
        held.append(time.perf_counter() - started)

    writer._commit_with_retries = watched  # type: ignore[method-assign]


async def signals(database: SqlEngine, waits: list[float]) -> None:
    """One after another, each as soon as the last was acknowledged and a moment has passed."""
    while True:
        started = time.perf_counter()
        await database.signals.append(SIGNAL, TriageLane.URGENT)
        waits.append(time.perf_counter() - started)
        await asyncio.sleep(0.01)


async def imports(database: SqlEngine, content: bytes, verdict: str) -> dict[str, Any]:
    """Pieces, check, apply; what a person waits for between is not counted."""
    dossiers, importer = PointDossiers(transactions=database), RegisterImporter(transactions=database)
    started = time.perf_counter()
    upload = await dossiers.open_upload(by=ENGINEER)
    for index, start in enumerate(range(0, len(content), PIECE_BYTES)):
        await dossiers.put_piece(upload.id, index, content[start : start + PIECE_BYTES], by=ENGINEER)
    await importer.start(upload.id, file_name="register.csv", by=ENGINEER)
    await importer.tick()
    job = await importer.get(upload.id, by=ENGINEER)
    assert (job.state, job.counts[verdict]) == (ImportState.READY, POINTS), job.sentence
    looked = time.perf_counter()
    await importer.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=ENGINEER)
    begun = time.perf_counter()
    await importer.tick()
    ended = time.perf_counter()
    assert (await importer.get(job.id, by=ENGINEER)).state is ImportState.APPLIED
    return {
        "import_s": round(ended - started, 1),
        "preview_s": round(looked - started, 1),
        "apply_s": round(ended - begun, 1),
    }


async def words_found(points: PointRegister, text: str) -> list[Any]:
    found, _ = await points.find(PointQuery(limit=HITS), text=text, by=ENGINEER)
    assert found
    return list(found)


def seconds_of(*statements: Callable[[], object]) -> float:
    started = time.perf_counter()
    for statement in statements:
        statement()
    return time.perf_counter() - started


def a_box(dice: random.Random) -> Box:
    share = math.sqrt(IN_A_BOX / POINTS)
    width, height = (EAST - WEST) * share, (NORTH - SOUTH) * share
    west, south = dice.uniform(WEST, EAST - width), dice.uniform(SOUTH, NORTH - height)
    return Box(west=west, south=south, east=west + width, north=south + height)


async def timed(question: Callable[[], Awaitable[Any]], rows: list[int]) -> float:
    started = time.perf_counter()
    found = await question()
    took_ms = (time.perf_counter() - started) * 1000
    rows.append(len(found))
    return took_ms


def at_once(question: Callable[[], int], rows: list[int]) -> float:
    started = time.perf_counter()
    rows.append(question())
    return (time.perf_counter() - started) * 1000


def p99(values_ms: list[float]) -> float:
    return round(statistics.quantiles(values_ms, n=100)[98], 1)


if __name__ == "__main__":
    asyncio.run(main())

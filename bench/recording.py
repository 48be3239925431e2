"""CPU per stream of recording without re-encoding, against one ffmpeg process per camera.

1080p25 H.264 of 4 Mb/s, a key frame every 50 pictures, and G.711, from generators of their own processes: as GB/T 28181
PS over UDP and TCP for ours (`fengtai serve` as a user runs it: web, signalling, database, media workers, fsync every
two seconds), as RTSP interleaved on TCP for the peer. Both receive the sound and record the video. CPU is user + system
time of the whole process tree of a side, from the kernel; memory is its PSS. Files lie on the disk of this checkout.

Environment, to shorten while developing: BENCH_SECONDS, BENCH_RUNS, BENCH_LONG_SECONDS, BENCH_CELLS (udp16, tcp16, tcp100,
long).
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.load import recording_cost as cost
from bench.load.recording_pictures import RATE, the_loop
from bench.peers.ffmpeg_recorders import FfmpegRecorders
from fengtai.apps.demo.console_client import ConsoleClient
from fengtai.apps.demo.seed import first_people
from fengtai.apps.demo.town import Town, a_town, free_ports
from fengtai.apps.simulator.town_plan import device_ids
from fengtai.media.shelf.gop_index import HEADER_BYTES, unpack_header, unpack_records

SECONDS = float(os.environ.get("BENCH_SECONDS", "120"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
LONG_SECONDS = float(os.environ.get("BENCH_LONG_SECONDS", "600"))
CELLS = os.environ.get("BENCH_CELLS", "tcp16,udp16,tcp100,long").split(",")
SETTLE_SECONDS = 8.0
START_SECONDS = 90.0
RTP_PORTS = 800
"""an even one per stream, and some to spare: those of failed starts rest for 30 s"""
FEWEST_SENT = 0.99
"""of the scheduled bytes and pictures: below, the generator has not kept pace, and the trial says nothing"""
MOST_SENT = 1.05
"""of the pictures of that time: above, it was making up for what it had not sent before"""
FOLDER = Path(__file__).parents[1] / "build/bench-recording"
Trial = dict[str, Any]


class Generator:
    """One of `bench.load.recording_*` in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: str, **environment: str) -> tuple["Generator", str]:
        """Also what it says when it is ready."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )
        generator = cls(process)
        return generator, await generator._line()

    async def figures(self) -> dict[str, float]:
        """Since it was asked last."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        told: dict[str, float] = json.loads(await self._line())
        return told

    async def all_viewed(self, cameras: int) -> None:
        async with asyncio.timeout(START_SECONDS):
            while (await self.figures())["viewings"] < cameras:
                await asyncio.sleep(0.5)

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 30)

    async def _line(self) -> str:
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), START_SECONDS)
        if not line:
            raise RuntimeError("the generator ended: see its words above")
        return line.decode().strip()


async def main() -> None:
    if shutil.which("ffmpeg") is None:
        raise SystemExit("ffmpeg is not installed: `apt-get install ffmpeg` gives the peer of this benchmark.")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    the_loop()  # drawn now, so that no trial waits for it
    trials: list[Trial] = []
    try:
        if "tcp16" in CELLS:
            for _ in range(RUNS):
                trials.append(await ours("tcp", 16, SECONDS))
                trials.append(await peer(16, SECONDS))
        if "udp16" in CELLS:
            trials.append(await ours("udp", 16, SECONDS))
        if "tcp100" in CELLS:
            trials.append(await ours("tcp", 100, SECONDS))
            trials.append(await peer(100, SECONDS))
        if "long" in CELLS:
            trials.append({**await ours("tcp", 16, LONG_SECONDS), "cell": "long"})
        limit = copied_bytes_per_second(FOLDER)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print(json.dumps(told_of(trials, limit)))


def told_of(trials: list[Trial], limit: int) -> dict[str, Any]:
    def median(cell: str, side: str, name: str) -> float | None:
        values = [trial[name] for trial in trials if (trial["cell"], trial["side"]) == (cell, side)]
        return round(statistics.median(values), 4) if values else None

    def ratio(cell: str, name: str) -> float | None:
        own, other = median(cell, "ours", name), median(cell, "peer", name)
        return None if own is None or not other else round(own / other, 3)

    cells = dict.fromkeys(trial["cell"] for trial in trials)
    slow = sorted({f"{trial['cell']} {trial['side']}" for trial in trials if trial["sent_share"] < FEWEST_SENT})
    return {
        "row": "recording",
        "unit": "% of a core per stream, TCP 16",
        "ours": median("tcp16", "ours", "cpu_percent"),
        "peer": median("tcp16", "peer", "cpu_percent"),
        "ratio": ratio("tcp16", "cpu_percent"),
        "limit": limit,
        "runs": RUNS,
        "memory_mib_per_stream": median("tcp100", "ours", "memory_mib"),
        "peer_memory_mib_per_stream": median("tcp100", "peer", "memory_mib"),
        "memory_ratio": ratio("tcp100", "memory_mib"),
        "lost": {cell: sum(trial["lost"] for trial in trials if trial["cell"] == cell) for cell in cells},
        "growth_mib": median("long", "ours", "growth_mib"),
        "cells": {
            f"{cell} {side}": median(cell, side, "cpu_percent")
            for cell in cells
            for side in ("ours", "peer")
            if median(cell, side, "cpu_percent") is not None
        },
        "generator_latest_ms": max((trial["latest_ms"] for trial in trials), default=0),
        "generator_too_slow": slow,
    }


async def ours(transport: str, cameras: int, seconds: float) -> Trial:
    folder = FOLDER / "ours"
    shutil.rmtree(folder, ignore_errors=True)
    ports = free_ports()
    rtp = range(ports["rtp"], ports["rtp"] + RTP_PORTS)
    async with a_town(folder, ports=ports, FENGTAI_MEDIA__PORTS=f"{rtp[0]}-{rtp[-1]}") as town:
        await town.start_server()
        assert town.server is not None
        furnished = await first_people(town.url, town.setup_token)
        generator, _ = await Generator.start(
            *("bench.load.recording_gb28181", str(town.ports["sip"]), str(cameras), transport), **town.environment
        )
        try:
            async with ConsoleClient(town.url) as engineer:
                await engineer.sign_in(*furnished.sign_ins["engineer"])
                await accept_devices(engineer, cameras)
            await generator.all_viewed(cameras)
            trial = await measured(generator, [town.server.pid], seconds)
            trial["udp_drops"] = cost.udp_drops(rtp)
            own_count = await counted_lost(town, furnished.sign_ins["administrator"])
            await town.stop_server()
        finally:
            await generator.stop()
    trial |= {"side": "ours", "cell": f"{transport}{cameras}", **recorded_by_us(folder / "recordings")}
    trial["lost"] = trial["damaged_gops"] if own_count is None else own_count
    return finished(trial, cameras, seconds)


async def peer(cameras: int, seconds: float) -> Trial:
    folder = FOLDER / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    generator, port = await Generator.start("bench.load.recording_rtsp", str(cameras))
    recorders = FfmpegRecorders(folder)
    try:
        recorders.start(int(port), cameras)
        await generator.all_viewed(cameras)
        trial = await measured(generator, recorders.pids, seconds)
    finally:
        recorders.stop()
        await generator.stop()
    trial |= {"side": "peer", "cell": f"tcp{cameras}", "lost": 0, "recorded_bytes": recorders.recorded_bytes()}
    return finished(trial, cameras, seconds)


async def measured(generator: Generator, roots: list[int], seconds: float) -> Trial:
    """CPU over the time, memory every five seconds."""
    await asyncio.sleep(SETTLE_SECONDS)
    await generator.figures()
    cpu, begun = cost.cpu_seconds(roots), time.monotonic()
    memory: list[float] = []
    while (left := begun + seconds - time.monotonic()) > 0:
        await asyncio.sleep(min(5.0, left))
        memory.append(cost.pss_mib(roots))
    passed = time.monotonic() - begun
    sent = await generator.figures()
    quarter = max(1, len(memory) // 4)
    return {
        "cpu_s": cost.cpu_seconds(roots) - cpu,
        "passed_s": passed,
        "pss_mib": statistics.median(memory[-quarter:]),
        "growth_mib": round(statistics.median(memory[-quarter:]) - statistics.median(memory[:quarter]), 1),
        "sent_bytes": sent["sent_bytes"] - sent["waiting_bytes"],
        "sent_share": round((sent["sent_bytes"] - sent["waiting_bytes"]) / max(1, sent["scheduled_bytes"]), 4),
        "pictures": sent["pictures"],
        "latest_ms": sent["latest_ms"],
    }


def finished(trial: Trial, cameras: int, seconds: float) -> Trial:
    trial["cpu_percent"] = trial["cpu_s"] / trial["passed_s"] / cameras * 100
    trial["memory_mib"] = trial["pss_mib"] / cameras
    pace = trial["pictures"] / (cameras * RATE * trial["passed_s"])
    trial["sent_share"] = min(trial["sent_share"], pace if pace < MOST_SENT else 1 / pace)
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in trial.items()}
    print(json.dumps(rounded), flush=True)
    if trial["sent_share"] < FEWEST_SENT:
        print(f"the generator kept pace to {trial['sent_share']:.1%} only: this trial says nothing", flush=True)
    return trial


async def accept_devices(engineer: ConsoleClient, cameras: int) -> None:
    """Accept each with a point per camera; recording then begins by itself."""
    waiting = set(device_ids(cameras))
    async with asyncio.timeout(START_SECONDS):
        while waiting:
            for device in (await engineer.get("/api/devices", limit=1000))["items"]:
                if device["id"] in waiting:
                    await engineer.post(f"/api/devices/{device['id']}/accept", {"make_points": True})
                    waiting.discard(device["id"])
            await asyncio.sleep(0.2)


async def counted_lost(town: Town, sign_in: tuple[str, str]) -> int | None:
    """RTP packets lost, by the platform's own counters; None while its status page does not show them: then damaged GOPs
    are told instead, which is what its receivers make of every loss."""
    async with ConsoleClient(town.url) as administrator:
        await administrator.sign_in(*sign_in)
        figures: dict[str, int | None] = (await administrator.get("/api/system"))["figures"]
    return figures.get("media.packets_lost")


def recorded_by_us(recordings: Path) -> Trial:
    """What the indexes of the closed hour files say."""
    found = {"recorded_bytes": 0, "recorded_pictures": 0, "gops": 0, "damaged_gops": 0}
    for path in recordings.rglob("*.idx"):
        data = path.read_bytes()
        records = unpack_records(data, init_bytes=unpack_header(data[:HEADER_BYTES]).init_bytes)
        found["recorded_bytes"] += sum(record.size_bytes for record in records)
        found["recorded_pictures"] += sum(record.frames for record in records)
        found["gops"] += len(records)
        found["damaged_gops"] += sum(record.is_damaged for record in records)
    return found


def copied_bytes_per_second(folder: Path) -> int:
    """What this disk does for a plain copy of 1 GiB with an fdatasync at its end."""
    source, target, piece = folder / "source", folder / "target", os.urandom(1 << 20)
    with source.open("wb") as file:
        for _ in range(1024):
            file.write(piece)
        os.fdatasync(file.fileno())
    begun = time.perf_counter()
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fdatasync(file.fileno())
    passed = time.perf_counter() - begun
    return round(source.stat().st_size / passed)


if __name__ == "__main__":
    asyncio.run(main())

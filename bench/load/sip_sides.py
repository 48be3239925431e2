"""The two sides of the SIP benchmarks, and the load between them: `fengtai serve`, Kamailio, and the generator in C.

CPU is user + system time, from the kernel's accounting, of every process of a side: for ours the main process and the
media worker that it starts (idle here), for Kamailio its worker and its attendants. The generator runs on another core.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from fengtai.apps.demo.town import Town, a_town, free_ports

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build"
GENERATOR = BUILD / "sip_load"
SERVER_CORE, LOAD_CORE = {0}, {1}
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
DEVICES = int(os.environ.get("BENCH_DEVICES", "200000"))
SECONDS = float(os.environ.get("BENCH_SECONDS", "10"))
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
ENROL = os.environ.get("BENCH_ENROL", "pending")
WINDOW = 512
PASSWORD = "bench-password"


@dataclass(slots=True)
class Side:
    """A server under load."""

    port: int
    process: int
    data: Path | None = None

    def cpu_seconds(self) -> float:
        return sum(_cpu_ticks(one) for one in _family(self.process)) / TICKS_A_SECOND

    async def load(self, kind: str, *arguments: object) -> dict[str, float]:
        """Run the generator; its figures, and the CPU seconds that this side used meanwhile."""
        before = self.cpu_seconds()
        told = await generate(kind, self.port, *arguments)
        return {**told, "cpu_s": self.cpu_seconds() - before}

    async def register_all(self) -> dict[str, float]:
        return await self.load("register", DEVICES, WINDOW, PASSWORD)

    async def keepalives(self) -> dict[str, float]:
        return await self.load("keepalive", DEVICES, WINDOW, SECONDS)


def check_tools() -> None:
    """Build the generator. Stop with one sentence when something is missing."""
    if shutil.which("cc") is None:
        sys.exit("A C compiler is missing: apt-get install gcc")
    if shutil.which("kamailio") is None:
        sys.exit("Kamailio, the peer, is missing: apt-get install kamailio")
    BUILD.mkdir(exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", str(GENERATOR), str(HERE / "sip_load.c")], check=True)


async def generate(kind: str, port: int, *arguments: object) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "1", str(GENERATOR), kind, str(port), *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    result: dict[str, float] = json.loads(told)
    return result


@contextlib.asynccontextmanager
async def ours_town(folder: Path) -> AsyncIterator[Town]:
    """The whole product as `fengtai serve` runs it, with an empty data folder, not yet started; whatever is started in
    it runs on core 0."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = {
        "FENGTAI_SIP__SHARED_PASSWORD": PASSWORD,
        "FENGTAI_SIP__ENROL": ENROL,
        "FENGTAI_MEDIA__WORKERS": "1",
        "FENGTAI_LOG__LEVEL": "warning",
        **{name: value for name, value in os.environ.items() if name.startswith("FENGTAI_")},
    }
    async with a_town(folder, ports=None, **settings) as town:
        os.sched_setaffinity(0, SERVER_CORE)  # inherited by the server
        try:
            yield town
        finally:
            os.sched_setaffinity(0, SERVER_CORE | LOAD_CORE)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def ours(folder: Path) -> AsyncIterator[Side]:
    """The same, started."""
    async with ours_town(folder) as town:
        await town.start_server()
        assert town.server is not None
        yield Side(town.ports["sip"], town.server.pid, folder)


@contextlib.contextmanager
def kamailio(folder: Path) -> Iterator[Side]:
    """The peer, with `bench/peers/kamailio.cfg`, on core 0."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_ports()["sip"]
    text = (HERE.parent / "peers/kamailio.cfg").read_text()
    configuration = folder / "kamailio.cfg"
    configuration.write_text(text.replace(":PORT", f":{port}").replace('"PASSWORD"', f'"{PASSWORD}"'))
    command = ("taskset", "-c", "0", "kamailio", "-DD", "-E", "-f", str(configuration), "-m", "2048", "-M", "64")
    server = subprocess.Popen(
        [*command, "-P", str(folder / "pid"), "-Y", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_listening(port)
        yield Side(port, server.pid)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await_listening(port: int) -> None:
    """Until the socket stands: /proc/net/udp lists it."""
    wanted = f":{port:04X} "
    for _ in range(500):
        if wanted in Path("/proc/net/udp").read_text():
            return
        time.sleep(0.02)
    sys.exit("Kamailio did not start: run it by hand with bench/peers/kamailio.cfg to see why")


def _family(process: int) -> list[int]:
    found, parents = [process], {process}
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    while parents:
        parents = {child for parent in parents for child in children.get(parent, ())}
        found += parents
    return found


def _cpu_ticks(process: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0

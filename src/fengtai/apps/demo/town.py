"""A whole town on this machine: the server and the simulated city, each as processes of their own on real sockets.

Used by the demonstration, the journeys and the benchmarks, so that all of them run what a user runs.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

READY_WITHIN_SECONDS = 60.0


@dataclass(slots=True)
class Town:
    """Where the parts of a running town are reached."""

    data: Path
    ports: Mapping[str, int]
    shared_password: str
    environment: Mapping[str, str]
    server: asyncio.subprocess.Process | None = None
    city: asyncio.subprocess.Process | None = None
    logs: list[Path] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"

    @property
    def setup_token(self) -> str:
        return (self.data / "setup-token").read_text().strip()

    async def start_server(self) -> None:
        """Start `fengtai serve` and return when it says that it is ready."""
        self.server = await self._started("serve", "serve")
        async with asyncio.timeout(READY_WITHIN_SECONDS), httpx.AsyncClient(trust_env=False) as http:
            while not await self._is_ready(http):
                if self.server.returncode is not None:
                    raise RuntimeError(f"the server stopped at its start:\n{self.last_words()}")
                await asyncio.sleep(0.05)

    async def start_city(self, *, cameras: int, size: str = "640x360", fault: str = "") -> None:
        """Start `fengtai simulate` against this server."""
        arguments = ["--server", f"127.0.0.1:{self.ports['sip']}", "--dc09", f"127.0.0.1:{self.ports['dc09']}"]
        self.city = await self._started(
            "simulate", "simulate", *arguments, "--cameras", str(cameras), "--size", size, "--fault", fault
        )

    async def stop_server(self, how: signal.Signals = signal.SIGTERM) -> None:
        await _ended(self.server, how)
        self.server = None

    async def stop(self) -> None:
        await _ended(self.city, signal.SIGTERM)
        await _ended(self.server, signal.SIGTERM)

    def last_words(self, lines: int = 40) -> str:
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) for log in self.logs
        )

    async def _started(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        log = self.data / f"{name}.log"
        if log not in self.logs:
            self.logs.append(log)
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "fengtai",
                *arguments,
                env={**os.environ, **self.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/readyz", timeout=2)).status_code == 200
        except httpx.TransportError:
            return False


@contextlib.asynccontextmanager
async def a_town(data: Path, *, ports: Mapping[str, int] | None = None, **environment: str) -> AsyncIterator[Town]:
    """A town in this data folder, not yet started; whatever was started in it is stopped at the end."""
    data.mkdir(parents=True, exist_ok=True)
    chosen = dict(ports or free_ports())
    password = secrets.token_urlsafe(12)
    town = Town(
        data,
        chosen,
        password,
        {
            "FENGTAI_DATA": str(data),
            "FENGTAI_HTTP__PORT": str(chosen["http"]),
            "FENGTAI_SIP__PORT": str(chosen["sip"]),
            "FENGTAI_SIP__SHARED_PASSWORD": password,
            "FENGTAI_DC09__PORT": str(chosen["dc09"]),
            "FENGTAI_MEDIA__PORTS": f"{chosen['rtp']}-{chosen['rtp'] + 199}",
            "FENGTAI_MEDIA__HTTP_PORTS": f"{chosen['media']}-{chosen['media'] + 7}",
            # A town is furnished by programs, so nobody is there to hold a second factor; it is offered all the same.
            "FENGTAI_ACCESS__SECOND_FACTOR_ROLES": "",
            "FENGTAI_ACCESS__CHANGE_GIVEN_PASSWORDS": "false",
            **environment,
        },
    )
    try:
        yield town
    finally:
        await town.stop()


def free_ports() -> dict[str, int]:
    """Ports that nobody uses now: singly for the listeners, a run of them for media."""
    return {
        "http": _free_run(1),
        "sip": _free_run(1),
        "dc09": _free_run(1),
        "media": _free_run(8),
        "rtp": _free_run(200, even=True),
    }


def _free_run(length: int, *, even: bool = False) -> int:
    for _ in range(200):
        first = 20000 + secrets.randbelow(12000)  # below those that the system gives to whoever asks for none
        if even:
            first &= ~1
        if all(is_free(port) for port in range(first, first + length)):
            return first
    raise OSError(f"no {length} free ports in a row")


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


async def _ended(process: asyncio.subprocess.Process | None, how: signal.Signals) -> None:
    if process is None or process.returncode is not None:
        return
    process.send_signal(how)
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()

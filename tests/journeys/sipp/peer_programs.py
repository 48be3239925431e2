"""SIPp, sipsak and baresip as processes beside the server: implementations of SIP that are not ours."""

import asyncio
import contextlib
import shutil
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PACKAGES = {"sipp": "sip-tester", "sipsak": "sipsak", "baresip": "baresip-core"}
LONGEST_SECONDS = 60


def needs(program: str) -> pytest.MarkDecorator:
    reason = f"{program} is not installed: apt-get install {PACKAGES[program]}"
    return pytest.mark.skipif(shutil.which(program) is None, reason=reason)


def free_port() -> int:
    """Free for UDP and TCP."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        ):
            udp.bind(("127.0.0.1", 0))
            port = int(udp.getsockname()[1])
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@dataclass(frozen=True, slots=True)
class Told:
    """What a program said at its end."""

    code: int
    text: str


async def run(program: str, *arguments: str, cwd: Path, within_seconds: float = LONGEST_SECONDS) -> Told:
    """Run to its end. Raise TimeoutError (it is killed then)."""
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        text, _ = await asyncio.wait_for(process.communicate(), within_seconds)
    finally:
        await _ended(process)
    return Told(process.returncode or 0, text.decode(errors="replace"))


@contextlib.asynccontextmanager
async def running(program: str, *arguments: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """In the background, until the block ends; its output is in the folder."""
    with (cwd / f"{program}.out").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            program, *arguments, cwd=cwd, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        await _ended(process)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()


async def call(
    folder: Path,
    server_port: int,
    scenario: str,
    device_ids: Sequence[str],
    *,
    password: str,
    own_host: str = "127.0.0.1",
    own_port: int = 0,
    options: Sequence[str] = (),
) -> Told:
    """SIPp as the caller, one call for each device. Code 0: every call went as the scenario says; the text: complaints."""
    folder.mkdir(parents=True, exist_ok=True)
    devices, complaints = folder / "devices.csv", folder / "errors.log"
    lines = [f"{code};[authentication username={code} password={password}]" for code in device_ids]
    devices.write_text("\n".join(["SEQUENTIAL", *lines]) + "\n")
    told = await run(
        "sipp",
        f"127.0.0.1:{server_port}",
        *("-sf", str(HERE / scenario), "-inf", str(devices), "-i", own_host, "-p", str(own_port or free_port())),
        *("-m", str(len(device_ids)), "-l", str(len(device_ids)), "-r", "100"),
        *("-timeout", f"{LONGEST_SECONDS - 10}s", "-timeout_error", "-nostdin"),
        *("-trace_err", "-error_file", str(complaints)),
        *options,
        cwd=folder,
    )
    return Told(told.code, complaints.read_text(errors="replace")[:2000] if complaints.exists() else "")

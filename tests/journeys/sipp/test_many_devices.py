"""SIPp plays five hundred devices against the gateway, on UDP and on TCP: an implementation that is not ours."""

import asyncio
import shutil
import socket
from pathlib import Path

import pytest
from tests.gateways.gb28181.conftest import ENGINEER, House

from fengtai.domain.devices.model import Presence

DEVICES = 500
HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is not installed: apt-get install sip-tester"),
]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def device_list(folder: Path) -> Path:
    lines = ["SEQUENTIAL"]
    for serial in range(DEVICES):
        code = f"3402000000132{serial:07d}"
        lines.append(f"{code};[authentication username={code} password=secret-12]")
    path = folder / "devices.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


async def sipp(folder: Path, port: int, *options: str) -> tuple[int, str]:
    """Run SIPp; its exit code (0: every call as the scenario says) and what it complained of."""
    complaints = folder / "errors.log"
    process = await asyncio.create_subprocess_exec(
        "sipp",
        f"127.0.0.1:{port}",
        *("-sf", str(HERE / "register.xml"), "-inf", str(device_list(folder))),
        *("-i", "127.0.0.1", "-p", str(free_port()), "-m", str(DEVICES), "-l", str(DEVICES), "-r", "250"),
        *("-timeout", "60s", "-timeout_error", "-nostdin", "-trace_err", "-error_file", str(complaints)),
        *options,
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    code = await process.wait()
    return code, complaints.read_text(errors="replace")[:2000] if complaints.exists() else ""


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-t", "u1", "-oocsf", str(HERE / "answer_queries.xml")), id="udp"),
        pytest.param(("-t", "tn", "-max_socket", "1000"), id="tcp"),
    ],
)
async def test_five_hundred_devices_register_and_stay(tmp_path: Path, options: tuple[str, ...]) -> None:
    house = House(tmp_path / "keys")
    gateway = await house.open()
    try:
        code, complaints = await sipp(tmp_path, gateway.port, *options)
        assert code == 0, complaints
        devices = await house.devices.page(by=ENGINEER, limit=1000)
        assert len(devices) == DEVICES
        status = gateway.status()
        assert status["registrations"] == DEVICES
        assert (status["registrations_refused"], status["messages_refused"], status["tasks_failed"]) == (0, 0, 0)
        if "-oocsf" in options:  # over TCP each device hangs up at its end, and is offline then
            assert status["devices_online"] == DEVICES
            assert all(device.presence is Presence.ONLINE for device, _ in devices)
    finally:
        await gateway.stop()

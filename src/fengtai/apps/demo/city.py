"""`fengtai simulate`: the simulated city of the demonstration, with a panel for each of its sites, until it is stopped."""

import asyncio
import signal
from pathlib import Path

from fengtai.apps.clocks import SystemClock
from fengtai.apps.demo.seed import SITES
from fengtai.apps.server.logs import set_up_logs
from fengtai.apps.settings import Settings
from fengtai.apps.simulator.city import SimulatedCity
from fengtai.apps.simulator.faults import parse_faults
from fengtai.apps.simulator.panels import SimulatedPanel
from fengtai.vocabulary.errors import Invalid


async def run_city(
    settings: Settings, *, server: str, dc09: str, cameras: int, size: str, clip: Path | None, fault: str = ""
) -> None:
    """The shared password and the SIP identity come from the platform's own settings (`[sip]`)."""
    set_up_logs(settings.log)
    clock = SystemClock()
    sip = settings.gateways["gb28181"]
    width, height = _size(size)
    panel_host, panel_port = _address(dc09, "--dc09")
    city = SimulatedCity(
        server=_address(server, "--server"),
        password=sip.shared_password.get_secret_value(),  # type: ignore[attr-defined]  # the section of gb28181
        clock=clock,
        cameras=cameras,
        panels=[
            SimulatedPanel(account=site.account, host=panel_host, port=panel_port, key=site.key or None, clock=clock)
            for site in SITES
        ],
        server_id=sip.id,  # type: ignore[attr-defined]
        domain=sip.domain,  # type: ignore[attr-defined]
        width=width,
        height=height,
        clip=clip,
        faults=parse_faults(fault),
    )
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await city.start()
    try:
        await stopped.wait()
    finally:
        await city.stop()


def _address(text: str, option: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise Invalid(f"{option}: {text!r} is not host:port", field=option)
    return host, int(port)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not cross or not width.isdigit() or not height.isdigit():
        raise Invalid(f"--size: {text!r} is not such as 640x360", field="--size")
    return int(width), int(height)

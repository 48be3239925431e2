"""The whole simulated city: cameras and recorders that register, send pictures and raise alarms; panels that report.

One process, real sockets. With eight cameras of 640x360 at 15 frames per second the pictures are drawn and encoded live
(about a quarter of a core, the burnt-in clock is right); larger cities send loops, which cost only the packets (twenty
cameras of 4 Mb/s: 9 % of a core).
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import structlog

from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.apps.simulator.gallery import Gallery, PictureMode
from fengtai.apps.simulator.scenes import Encoding
from fengtai.apps.simulator.sender import MediaSender, PacketHook
from fengtai.apps.simulator.town_plan import DEFAULT_DOMAIN, PlannedCamera, PlannedDevice, plan_town
from fengtai.apps.simulator.town_plan import device_ids as device_ids  # the demonstration accepts these
from fengtai.protocols.gb28181 import CatalogItem
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Invalid

log = structlog.get_logger()

SipTransport = Literal["udp", "tcp", "mixed"]


class Panel(Protocol):
    """`apps.simulator.panels.SimulatedPanel` is one."""

    async def heartbeat(self) -> object: ...


class SimulatedCity:
    """Call `start`, at the end `stop`. `devices` are at hand by device id, to let a camera raise an alarm."""

    def __init__(
        self,
        *,
        server: tuple[str, int],
        password: str,
        clock: Clock,
        cameras: int = 8,
        panels: Sequence[Panel] = (),
        server_id: str = "",
        domain: str = DEFAULT_DOMAIN,
        sip_transport: SipTransport = "mixed",
        width: int = 640,
        height: int = 360,
        grain: int = 0,
        encoding: Encoding | None = None,
        mode: PictureMode | None = None,
        clip: Path | None = None,
        has_sound: bool = True,
        packet_hook: PacketHook | None = None,
        keepalive_seconds: float = 60.0,
        retry_seconds: float = 10.0,
        heartbeat_seconds: float = 30.0,
    ) -> None:
        """`server`: where the platform's SIP listens; `password`: the shared one. `mode` None: live while bearable."""
        plan = plan_town(cameras, domain=domain)
        looks = {
            camera.channel_id: camera.look(width=width, height=height, grain=grain)
            for device in plan
            for camera in device.cameras
        }
        self._gallery = Gallery(looks, encoding or Encoding(frames_per_second=15), clock=clock, mode=mode, clip=clip)
        self.media = MediaSender(self._gallery.open, has_sound=has_sound, packet_hook=packet_hook)
        self.devices = {
            device.device_id: SimulatedDevice(
                device.device_id,
                password,
                server,
                media=self.media,
                transport=_transport(sip_transport, place),
                channels=_catalogue(device, domain),
                keepalive_seconds=keepalive_seconds,
                retry_seconds=retry_seconds,
                server_id=server_id or f"{domain}2000000001",
                domain=domain,
                name=device.name,
                clock=clock,
            )
            for place, device in enumerate(plan)
        }
        self.cameras = cameras
        self._panels, self._heartbeat_seconds = panels, heartbeat_seconds
        self._started: list[SimulatedDevice] = []
        self._heartbeats: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Make the pictures ready, open all sockets and send the first REGISTERs.

        Raise OSError when the platform cannot be reached by TCP, Invalid for a clip that cannot be read.
        """
        try:
            await self._gallery.prepare()
            for device in self.devices.values():
                await device.start()
                self._started.append(device)
        except (OSError, Invalid):
            await self.stop()
            raise
        self._heartbeats = [asyncio.create_task(self._report(panel)) for panel in self._panels]
        log.info(
            "city.started",
            cameras=self.cameras,
            devices=len(self.devices),
            panels=len(self._panels),
            pictures=self._gallery.mode,
        )

    async def registered(self, *, within_seconds: float = 30.0) -> None:
        """Wait until the platform has accepted every device. Raise TimeoutError."""
        async with asyncio.timeout(within_seconds):
            for device in self._started:
                await device.registered(within_seconds=within_seconds)

    async def stop(self) -> None:
        for task in self._heartbeats:
            task.cancel()
        if self._heartbeats:
            await asyncio.wait(self._heartbeats)
        for device in self._started:
            await device.stop()
        self._started.clear()
        await self.media.close()
        self._gallery.close()

    def status(self) -> dict[str, object]:
        return {
            "cameras": self.cameras,
            "devices": len(self.devices),
            "registered": sum(device.last_status == 200 for device in self.devices.values()),
            "panels": len(self._panels),
            "pictures": self._gallery.mode,
            **self.media.status(),
        }

    async def _report(self, panel: Panel) -> None:
        while True:
            try:
                await panel.heartbeat()
            except Exception as error:
                log.warning("panel.heartbeat_failed", error=repr(error), exc_info=not isinstance(error, OSError))
            await asyncio.sleep(self._heartbeat_seconds)


def _transport(wanted: SipTransport, place: int) -> str:
    """Mixed: every other device signals by TCP."""
    return wanted if wanted != "mixed" else ("udp", "tcp")[place % 2]


def _catalogue(device: PlannedDevice, domain: str) -> list[CatalogItem]:
    return [_item(camera, device, domain) for camera in device.cameras]


def _item(camera: PlannedCamera, device: PlannedDevice, domain: str) -> CatalogItem:
    return CatalogItem(
        id=camera.channel_id,
        name=camera.name,
        manufacturer="Fengtai",
        model="Simulated",
        civil_code=domain[:6],
        address=camera.address,
        parent_id=device.device_id,
        longitude=camera.position.longitude,
        latitude=camera.position.latitude,
        ptz_type=3,
    )

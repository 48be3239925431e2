"""The whole simulated city: cameras and recorders that register, send pictures and raise alarms; panels that report.

One process, real sockets. With eight cameras of 640x360 at 15 frames per second the pictures are drawn and encoded live
(about a quarter of a core, the burnt-in clock is right); larger cities send loops, which cost only the packets (twenty
cameras of 4 Mb/s: 9 % of a core).
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import structlog

from fengtai.apps.simulator.devices import SimulatedDevice
from fengtai.apps.simulator.faults import FAULTS, PacketHook
from fengtai.apps.simulator.gallery import Gallery, PictureMode
from fengtai.apps.simulator.scenes import Encoding, Pictures
from fengtai.apps.simulator.sender import MediaSender
from fengtai.apps.simulator.signalling_faults import NO_SIGNALLING_FAULT, SIGNALLING_FAULTS
from fengtai.apps.simulator.town_plan import DEFAULT_DOMAIN, PlannedCamera, PlannedDevice, plan_town
from fengtai.apps.simulator.town_plan import device_ids as device_ids  # the demonstration accepts these
from fengtai.protocols.gb28181 import CatalogItem
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Invalid

log = structlog.get_logger()

_BOOT_SECONDS: Final = 2.0

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
        faults: Mapping[int, str] | None = None,
        keepalive_seconds: float = 60.0,
        retry_seconds: float = 10.0,
        heartbeat_seconds: float = 30.0,
    ) -> None:
        """`server`: where the platform's SIP listens; `password`: the shared one. `mode` None: live while bearable.

        `faults`: camera number → name of `apps.simulator.faults.FAULTS`, or of `signalling_faults.SIGNALLING_FAULTS`
        for the camera's whole device.
        """
        plan = plan_town(cameras, domain=domain)
        self._faults = {
            camera.channel_id: FAULTS[faults[camera.number]]
            for device in plan
            for camera in device.cameras
            if faults and faults.get(camera.number) in FAULTS
        }
        saying = {
            device.device_id: SIGNALLING_FAULTS[name]
            for device in plan
            for camera in device.cameras
            if faults and (name := faults.get(camera.number, "")) in SIGNALLING_FAULTS
        }
        looks = {
            camera.channel_id: camera.look(width=width, height=height, grain=grain)
            for device in plan
            for camera in device.cameras
        }
        encoding = encoding or Encoding(frames_per_second=15)
        self._gallery = Gallery(looks, encoding, clock=clock, mode=mode, clip=clip)
        others = {channel_id: looks[channel_id] for channel_id, fault in self._faults.items() if fault.codec == "h265"}
        self._h265_gallery = Gallery(others, replace(encoding, codec="h265"), clock=clock, mode="loop")
        small = {
            channel_id: replace(looks[channel_id], width=max(160, width // 8 * 4), height=max(120, height // 8 * 4))
            for channel_id, fault in self._faults.items()
            if fault.has_substream
        }
        self._small_gallery = Gallery(small, encoding, clock=clock, mode="loop")
        self.media = MediaSender(
            self._open_pictures,
            has_sound=has_sound,
            packet_hook=packet_hook,
            faults=self._faults,
            on_started=self._camera_started,
        )

        def made(device: PlannedDevice, place: int) -> SimulatedDevice:
            fault = saying.get(device.device_id, NO_SIGNALLING_FAULT)
            return SimulatedDevice(
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
                manufacturer=fault.manufacturer,
                edition=fault.edition,
                faults=fault.faults,
                clock=clock,
            )

        self._movers = {
            device_id: one.moves_after_seconds for device_id, one in saying.items() if one.moves_after_seconds
        }

        self._device_of = {camera.channel_id: device.device_id for device in plan for camera in device.cameras}
        self.devices = {device.device_id: made(device, place) for place, device in enumerate(plan)}
        self.cameras, self.reboots = cameras, 0
        self._panels, self._heartbeat_seconds = panels, heartbeat_seconds
        self._started: dict[str, SimulatedDevice] = {}
        self._rebooted: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Make the pictures ready, open all sockets and send the first REGISTERs.

        Raise OSError when the platform cannot be reached by TCP, Invalid for a clip that cannot be read.
        """
        try:
            await self._gallery.prepare()
            await self._h265_gallery.prepare()
            await self._small_gallery.prepare()
            for device_id, device in self.devices.items():
                await device.start()
                self._started[device_id] = device
                if device_id in self._movers:
                    self._spawn(self._move(device_id, self._movers[device_id]))
        except (OSError, Invalid):
            await self.stop()
            raise
        for panel in self._panels:
            self._spawn(self._report(panel))
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
            for device in self._started.values():
                await device.registered(within_seconds=within_seconds)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for device in self._started.values():
            await device.stop()
        self._started.clear()
        await self.media.close()
        self._gallery.close()
        self._h265_gallery.close()
        self._small_gallery.close()

    def status(self) -> dict[str, object]:
        return {
            "cameras": self.cameras,
            "devices": len(self.devices),
            "registered": sum(device.last_status == 200 for device in self.devices.values()),
            "panels": len(self._panels),
            "pictures": self._gallery.mode,
            **self.media.status(),
        }

    async def _open_pictures(self, channel_id: str, stream_number: int) -> Pictures:
        """A camera without a sub-stream sends its main stream, whatever it is asked for."""
        fault, gallery = self._faults.get(channel_id), self._gallery
        if fault is not None and fault.has_substream and stream_number:
            gallery = self._small_gallery
        elif fault is not None and fault.codec == "h265":
            gallery = self._h265_gallery
        return await gallery.open(channel_id)

    def _camera_started(self, channel_id: str) -> None:
        fault, device_id = self._faults.get(channel_id), self._device_of[channel_id]
        if fault is not None and fault.reboots_after_seconds is not None and device_id not in self._rebooted:
            self._rebooted.add(device_id)
            self._spawn(self._reboot(device_id, fault.reboots_after_seconds))

    async def _reboot(self, device_id: str, after_seconds: float) -> None:
        """The device goes away without a word, in the middle of its dialogs, and comes back with no memory of them."""
        await asyncio.sleep(after_seconds)
        log.info("city.reboot", device_id=device_id)
        await self._started[device_id].reboot(boot_seconds=_BOOT_SECONDS)
        self.reboots += 1

    async def _move(self, device_id: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        log.info("city.move", device_id=device_id)
        self._started[device_id].move()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("city.task_failed", error=repr(error))

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

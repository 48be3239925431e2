"""What people decide about devices, read from the event log and done at once: who was refused or given another password
loses its registration, who was given another manner is spoken to so."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.manners import Manners
from fengtai.protocols.gb28181 import PlatformEndpoint
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError
from fengtai.vocabulary.events import EventReader

log = structlog.get_logger()

DECISIONS = frozenset(("devices.enrolled", "devices.manner_changed"))


class DecisionWatch:
    def __init__(
        self,
        events: EventReader,
        devices: DeviceRegistry,
        endpoint: PlatformEndpoint,
        manners: Manners,
        clock: Clock,
        pump: Callable[[], None],
    ) -> None:
        self._events, self._devices, self._endpoint, self._manners = events, devices, endpoint, manners
        self._clock, self._pump = clock, pump
        self.unread = 0

    async def work_forever(self, cursor: int) -> None:
        """`cursor`: the newest event of before the books were read."""
        while True:
            try:
                events = await self._events.after(cursor)
                decided = {str(event.payload["device_id"]) for event in events if event.kind in DECISIONS}
                await self._heed(sorted(decided))
                if events:
                    cursor = events[-1].seq
                await self._events.changed(cursor, seconds=30.0)
            except FengtaiError as error:
                self.unread += 1
                log.error("device.decisions_unread", error=str(error))
                await asyncio.sleep(1.0)

    async def _heed(self, device_ids: Sequence[str]) -> None:
        present = [device_id for device_id in device_ids if self._endpoint.is_present(device_id)]
        for device_id in await self._devices.unbound(present) if present else ():
            self._endpoint.forget(device_id, self._clock.now())
        for device in (await self._devices.known(device_ids) if device_ids else {}).values():
            self._manners.learn(device)
            if self._manners.server_of(device.id) is not None:
                self._endpoint.forget(device.id, self._clock.now())  # its next keepalive makes it register, and go
            self._manners.subscribe(device)
        self._pump()

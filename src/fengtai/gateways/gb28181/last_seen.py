"""When each device was last heard, written now and then in large lots: never a write for a life sign."""

import asyncio
from datetime import timedelta
from itertools import islice

import structlog

from fengtai.domain.devices.service import DeviceRegistry
from fengtai.protocols.gb28181 import PlatformEndpoint
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError

log = structlog.get_logger()

FLUSH_SECONDS = 15.0
FLUSHED_AT_ONCE = 5_000
"""in one unit: bounds how long other units wait"""


class LastSeen:
    def __init__(self, endpoint: PlatformEndpoint, devices: DeviceRegistry, clock: Clock) -> None:
        self._endpoint, self._devices, self._clock = endpoint, devices, clock
        self.failed = 0

    async def work_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.flush()
            except FengtaiError as error:
                self.failed += 1
                log.error("device.flush_failed", error=str(error))

    async def flush(self) -> None:
        now = self._clock.now()
        heard = iter(self._endpoint.heard())
        while lot := list(islice(heard, FLUSHED_AT_ONCE)):
            await self._devices.seen(
                {one.device_id: now.utc + timedelta(seconds=one.heard_at - now.monotonic) for one in lot}
            )

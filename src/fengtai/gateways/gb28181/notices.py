"""What devices tell by themselves, gathered for a moment and kept in few units: changes of catalogues, positions.

A recorder whose network flaps tells a hundred times what it told before, and a city of vehicles tells where they are every
second: only the last of each counts. Bounded: beyond, changes are dropped and the catalogue is asked for instead.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from fengtai.domain.devices.model import ChannelChange, ReportedPosition
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.throttle import Throttle
from fengtai.protocols.gb28181 import Fix
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError

log = structlog.get_logger()

GATHER_SECONDS = 1.0
MOST_CHANGES_OF_A_DEVICE, MOST_POSITIONS = 2_000, 50_000
POSITIONS_AT_ONCE = 2_000
ASKED_A_MINUTE = 1
"""catalogues of one device that are asked for because of its notices"""
STATUS_EVENTS = frozenset(("ON", "OFF", "VLOST", "DEFECT"))


class NoticeBoard:
    """`ask`: ask for this device's catalogue. `believes`: are its ON and OFF to be believed?"""

    def __init__(
        self,
        devices: DeviceRegistry,
        clock: Clock,
        *,
        ask: Callable[[str], None],
        believes: Callable[[str], bool],
    ) -> None:
        self._devices, self._clock, self._ask, self._believes = devices, clock, ask, believes
        self._changes: dict[str, list[ChannelChange]] = {}
        self._positions: dict[tuple[str, str], ReportedPosition] = {}
        self._asked = Throttle(most=ASKED_A_MINUTE)
        self._wake = asyncio.Event()
        self.dropped = self.failed = 0

    def changed(self, device_id: str, changes: Sequence[ChannelChange]) -> None:
        if not self._believes(device_id):
            doubtful = [one for one in changes if one.event in STATUS_EVENTS]
            changes = [one for one in changes if one.event not in STATUS_EVENTS]
            if doubtful:
                self._ask_catalogue(device_id)
        waiting = self._changes.setdefault(device_id, [])
        if len(waiting) + len(changes) > MOST_CHANGES_OF_A_DEVICE:
            self.dropped += len(changes)
            self._ask_catalogue(device_id)
            return
        waiting.extend(changes)
        self._wake.set()

    def moved(self, device_id: str, fixes: Sequence[Fix]) -> None:
        now = self._clock.now().utc
        for fix in fixes:
            key = device_id, fix.target_id
            if key not in self._positions and len(self._positions) >= MOST_POSITIONS:
                self.dropped += 1
                continue
            self._positions[key] = _position(device_id, fix, now)
        self._wake.set()

    async def work_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()
            await asyncio.sleep(GATHER_SECONDS)

    async def flush(self) -> None:
        """Keep what has gathered. What cannot be kept is lost and counted: the next notice or catalogue puts it right."""
        changes, self._changes = self._changes, {}
        positions, self._positions = list(self._positions.values()), {}
        for device_id, told in changes.items():
            try:
                if told and await self._devices.catalogue_changed(device_id, told):
                    self._ask_catalogue(device_id)
            except FengtaiError as error:
                self.failed += 1
                log.error("device.notice_not_kept", device=device_id, error=str(error))
        for start in range(0, len(positions), POSITIONS_AT_ONCE):
            try:
                await self._devices.positions_told(positions[start : start + POSITIONS_AT_ONCE])
            except FengtaiError as error:
                self.failed += 1
                log.error("device.positions_not_kept", error=str(error))

    def status(self) -> Mapping[str, int]:
        return {"notices_dropped": self.dropped, "notices_failed": self.failed}

    def _ask_catalogue(self, device_id: str) -> None:
        if self._asked.allows(device_id, self._clock.now().monotonic):
            self._ask(device_id)


def _position(device_id: str, fix: Fix, at: datetime) -> ReportedPosition:
    return ReportedPosition(
        device_id=device_id,
        channel_id=fix.target_id,
        longitude=fix.longitude,
        latitude=fix.latitude,
        at=at,
        device_time=fix.at,
        speed_kmh=fix.speed_kmh,
        direction_degrees=fix.direction_degrees,
        altitude_m=fix.altitude_m,
    )

"""Asks devices that have come for catalogue, description and clock, a few at a time.

After a power cut a city of devices comes back within seconds; asked all at once, they would answer with all their
catalogues at once, and every lost answer would be asked for eleven times. While registrations wait, fewer still are asked:
who comes back is worth more than what it is called.
"""

import asyncio
from collections.abc import Callable
from itertools import islice

DEVICES_A_ROUND, DEVICES_A_BUSY_ROUND, ROUND_SECONDS = 10, 1, 0.1


class AskQueue:
    """`ask` is called for each device in turn; it does not raise. `is_busy` tells that there is more urgent work."""

    def __init__(self, ask: Callable[[str], None], is_busy: Callable[[], bool] = lambda: False) -> None:
        self._ask, self._is_busy = ask, is_busy
        self._waiting: dict[str, None] = {}
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, device_id: str) -> None:
        self._waiting[device_id] = None
        self._wake.set()

    async def work_forever(self) -> None:
        while True:
            await self._wake.wait()
            most = DEVICES_A_BUSY_ROUND if self._is_busy() else DEVICES_A_ROUND
            for device_id in list(islice(self._waiting, most)):
                del self._waiting[device_id]
                self._ask(device_id)
            if self._waiting:
                await asyncio.sleep(ROUND_SECONDS)
            else:
                self._wake.clear()

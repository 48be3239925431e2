"""The background work of a simulated device: tasks that end with it, and start and stop of one stream in their order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from fengtai.protocols.gb28181 import DeviceEndpoint
from fengtai.vocabulary.clock import Instant

log = structlog.get_logger()

ENDLESS_PAUSE_SECONDS = 0.01


async def go_on_forever(tell: Callable[[Callable[[DeviceEndpoint, Instant], object]], None]) -> None:
    """The fault: part after part of a catalogue that has no end."""
    while True:
        await asyncio.sleep(ENDLESS_PAUSE_SECONDS)
        tell(lambda endpoint, now: endpoint.answers.part_of_endless(now))


class Turns:
    def __init__(self, device_id: str) -> None:
        self._device_id = device_id
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_of: dict[str, asyncio.Task[None]] = {}

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def in_turn(self, call_id: str, work: Coroutine[Any, Any, None]) -> None:
        """Start and stop of one stream never overtake each other."""
        before = self._last_of.get(call_id)

        async def turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            await work

        task = self.spawn(turn())
        self._last_of[call_id] = task
        task.add_done_callback(lambda done: self._over(call_id, done))

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _over(self, call_id: str, task: asyncio.Task[None]) -> None:
        if self._last_of.get(call_id) is task:
            del self._last_of[call_id]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("device.task_failed", device=self._device_id, error=repr(error))

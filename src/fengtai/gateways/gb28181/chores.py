"""The gateway's background work: tasks that are counted when they fail, and reports about one device done in order."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

import structlog

from fengtai.vocabulary.errors import FengtaiError

log = structlog.get_logger()


class Chores:
    """Different devices at once, one device in order of its reports."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_of: dict[str, asyncio.Task[None]] = {}
        self.failed = 0

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def in_order(self, device_id: str, work: Coroutine[Any, Any, object]) -> None:
        """Do this after whatever is still being done about the same device."""
        before = self._last_of.get(device_id)

        async def turn() -> None:
            if before is not None:
                await asyncio.wait([before])
            try:
                await work
            except FengtaiError as error:
                log.error("device.report_failed", device=device_id, error=str(error))

        task = self.spawn(turn())
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before its turn
        self._last_of[device_id] = task
        task.add_done_callback(
            lambda done: self._last_of.pop(device_id) if self._last_of.get(device_id) is done else None
        )

    async def done_about(self, device_ids: Iterable[str]) -> None:
        """Wait for what is being done about these devices."""
        if self._last_of:
            busy = [task for device_id in device_ids if (task := self._last_of.get(device_id)) is not None]
            if busy:
                await asyncio.wait(busy)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed += 1
            log.error("sip.task_failed", error=repr(error))

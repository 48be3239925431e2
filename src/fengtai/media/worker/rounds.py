"""Reads the sockets of all streams together, in rounds, instead of waking up for each picture of each camera.

A wake-up with cold caches costs more than the bytes that it is for: see docs/design/media-hot-path.md. What a round costs
in delay is bounded by `ROUND_SECONDS`; the kernel's buffers hold a second and more of a camera's packets.
"""

import asyncio
import select
from collections.abc import Callable

import structlog

log = structlog.get_logger()
ROUND_SECONDS = 0.04


class Rounds:
    """As `loop.add_reader`, but a descriptor that is readable is served at the next round. No timer while there is none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.faults = 0

    def add_reader(self, descriptor: int, read: Callable[[], None]) -> None:
        """Level-triggered: `read` is called again when it has left something."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = read
        if self._timer is None:
            self._timer = self._loop.call_later(ROUND_SECONDS, self._round)

    def remove_reader(self, descriptor: int) -> None:
        """Before the descriptor is closed. Unknown ones are no error."""
        if self._readers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._readers.clear()
        self._epoll.close()

    def _round(self) -> None:
        self._timer = self._loop.call_later(ROUND_SECONDS, self._round) if self._readers else None
        for descriptor, _ in self._epoll.poll(0):
            read = self._readers.get(descriptor)
            if read is None:
                continue  # closed in this round
            try:
                read()
            except Exception:
                self.faults += 1
                log.exception("round.read_failed")

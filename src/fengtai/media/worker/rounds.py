"""Reads the sockets of all streams together, in rounds, instead of waking up for each picture of each camera.

A wake-up with cold caches costs more than the bytes that it is for: see docs/design/media-hot-path.md. What a round costs
in delay is bounded by `ROUND_SECONDS`, or `RESTED_ROUNDS` times that for readers that say that nobody waits for them; the
kernel's buffers hold a second and more of a camera's packets.
"""

import asyncio
import select
from collections.abc import Callable

import structlog

log = structlog.get_logger()
Read = Callable[[], bool | None]
"""true: it has left something, and must not rest"""
ROUND_SECONDS = 0.04
RESTED_ROUNDS = 8
REST_SECONDS = ROUND_SECONDS * RESTED_ROUNDS
"""the longest that bytes of one who rests lie in the kernel"""


class Rounds:
    """As `loop.add_reader`, but a descriptor that is readable is served at the next round. No timer while there is none."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._readers: dict[int, Read] = {}
        self._resting: dict[int, int] = {}
        """descriptor → the first round that reads it again"""
        self._timer: asyncio.TimerHandle | None = None
        self._is_long = False
        self._number = 0
        self._reading = -1
        self.faults = 0

    def add_reader(self, descriptor: int, read: Read) -> None:
        """Level-triggered: `read` is called again when it has left something."""
        self._epoll.register(descriptor, select.EPOLLIN)
        self._readers[descriptor] = read
        if self._is_long:
            self._cancel()
        self._set_timer(1)

    def remove_reader(self, descriptor: int) -> None:
        """Before the descriptor is closed. Unknown ones are no error."""
        self._resting.pop(descriptor, None)
        if self._readers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def rest(self, rounds: int = RESTED_ROUNDS) -> None:
        """Called by a reader while it is served: nobody waits for what comes next, the coming rounds may pass it by. All
        that rest are read again in the same round, with caches that are warm for them. `rounds`: `RESTED_ROUNDS` or a
        whole part of it."""
        if self._reading in self._readers:
            self._resting[self._reading] = (self._number // rounds + 1) * rounds

    def wake(self) -> None:
        """Somebody waits now: the next round comes at once, and reads those that rest, too."""
        self._resting.clear()
        if self._readers:
            self._cancel()
            self._set_timer(0)

    def close(self) -> None:
        self._cancel()
        self._readers.clear()
        self._resting.clear()
        self._epoll.close()

    def _round(self) -> None:
        self._timer = None
        self._number += 1
        for descriptor, _ in self._epoll.poll(0):
            read = self._readers.get(descriptor)
            if read is None or self._resting.get(descriptor, 0) > self._number:
                continue  # closed in this round, or resting
            self._resting.pop(descriptor, None)
            self._reading = descriptor
            try:
                if read():
                    self._resting.pop(descriptor, None)
            except Exception:
                self.faults += 1
                log.exception("round.read_failed")
        self._reading = -1
        if self._readers:
            self._set_timer(self._rounds_to_next())

    def _set_timer(self, rounds: int) -> None:
        if self._timer is None:
            self._is_long = rounds > 1
            self._timer = self._loop.call_later(ROUND_SECONDS * rounds, self._round)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer, self._is_long = None, False

    def _rounds_to_next(self) -> int:
        """Rounds until the next one in which somebody is read; those between are not held, but counted."""
        if len(self._resting) < len(self._readers):
            return 1
        rounds = max(1, min(self._resting.values()) - self._number)
        self._number += rounds - 1
        return rounds

"""One viewer's queue: bounded, and emptied up to the next key frame when the viewer is too slow. No socket."""

import asyncio
from collections import deque

MOST_WAITING_BYTES = 8 << 20


class Viewer:
    """`take` waits for the next message; None at the end."""

    def __init__(self, session_id: str, *, plays_h265: bool = True) -> None:
        self.session_id, self.plays_h265 = session_id, plays_h265
        self.skips = 0
        """times that it was too slow"""
        self._queue: deque[bytes | str] = deque()
        self._bytes = 0
        self._waits_for_key = True
        self._generation = 0
        self._is_over = False
        self._awake = asyncio.Event()

    def generation_seen(self, generation: int) -> bool:
        """Whether it has the init segment of this generation; from now on it has."""
        seen, self._generation = self._generation == generation, generation
        return seen

    def begin_anew(self) -> None:
        """It gets another form of the stream: what waits of the old one is of no use."""
        self._queue = deque(message for message in self._queue if isinstance(message, str))
        self._bytes = sum(map(len, self._queue))
        self._waits_for_key, self._generation = True, 0

    @property
    def waits_for_key(self) -> bool:
        return self._waits_for_key

    def put_control(self, message: bytes | str) -> None:
        """Hello, init, state: never dropped; there are few."""
        self._put(message)

    def put_fragment(self, fragment: bytes, *, is_key: bool) -> None:
        if self._waits_for_key and not is_key:
            return
        if self._bytes + len(fragment) > MOST_WAITING_BYTES and self._queue:
            self.skips += 1
            self._drop_fragments()
            self._waits_for_key = not is_key
            if self._waits_for_key:
                return
        self._waits_for_key = False
        self._put(fragment)

    def end(self, last: str = "") -> None:
        if last:
            self._put(last)
        self._is_over = True
        self._awake.set()

    async def take(self) -> bytes | str | None:
        while not self._queue:
            if self._is_over:
                return None
            self._awake.clear()
            await self._awake.wait()
        message = self._queue.popleft()
        self._bytes -= len(message)
        return message

    def _put(self, message: bytes | str) -> None:
        if not self._is_over:
            self._queue.append(message)
            self._bytes += len(message)
            self._awake.set()

    def _drop_fragments(self) -> None:
        self._queue = deque(message for message in self._queue if isinstance(message, str) or message[4:8] == b"ftyp")
        self._bytes = sum(map(len, self._queue))

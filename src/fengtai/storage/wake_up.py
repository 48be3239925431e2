"""Wakes coroutines that wait for a newer event. Carries a number, never the event: readers read the log."""

import asyncio


class WakeUp:
    """Lives on one loop; `tell` is called there (by call_soon_threadsafe from other threads)."""

    def __init__(self, newest: int = 0) -> None:
        self.newest = newest
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self, seq: int) -> None:
        if seq <= self.newest:
            return
        self.newest = seq
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def changed(self, seq: int, *, seconds: float) -> bool:
        """True as soon as there is an event after `seq`, false when the seconds have passed."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self.newest <= seq:
            future = loop.create_future()
            self._waiting.add(future)
            try:
                async with asyncio.timeout_at(deadline):
                    await future
            except TimeoutError:
                return self.newest > seq
            finally:
                self._waiting.discard(future)
        return True

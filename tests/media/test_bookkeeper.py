"""What workers tell from time to time about open hours reaches the books rarely, and in time when a worker is lost."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fengtai.media import messages as m
from fengtai.media.bookkeeper import Bookkeeper
from fengtai.media.supervisor import Listener


class Wire:
    """The workers' side, spoken by the test."""

    def __init__(self) -> None:
        self.tell: Listener = lambda worker, report: None

    def listen(self, listener: Listener) -> None:
        self.tell = listener


class Books:
    def __init__(self) -> None:
        self.grown: asyncio.Queue[dict[str, int]] = asyncio.Queue()

    async def recorded_until(self, hours: Mapping[str, int]) -> None:
        self.grown.put_nowait(dict(hours))


def counters(**hours: int) -> m.Counters:
    return m.Counters(recorded_until=hours, free_bytes=1, figures={})


async def test_open_hours_grow_rarely_and_at_once_when_a_worker_is_lost() -> None:
    wire, books = Wire(), Books()
    roles: Any = {"workers": wire, "hours": books}
    keeper = Bookkeeper(**roles)
    await keeper.start()
    try:
        wire.tell(0, counters())
        wire.tell(0, counters(a=10))
        assert await asyncio.wait_for(books.grown.get(), 5) == {"a": 10}
        wire.tell(1, counters(b=5))
        wire.tell(0, counters(a=12))
        wire.tell(0, counters(a=14))
        wire.tell(1, None)
        assert await asyncio.wait_for(books.grown.get(), 5) == {"a": 14, "b": 5}
        wire.tell(1, None)
    finally:
        await keeper.stop()
    assert books.grown.empty()

"""Many consoles at the end of the log cost one query; who is behind still gets everything, in order, once."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fengtai.storage.recent_events import RecentEvents
from fengtai.vocabulary.events import LoggedEvent


class Log:
    """A log in a list that counts how often it is asked."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.asked = 0

    def happen(self, count: int, step: int = 1) -> None:
        for _ in range(count):
            seq = (self.events[-1].seq if self.events else 0) + step
            self.events.append(LoggedEvent(seq, 0, "thing.happened", "system.see", {}))

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        self.asked += 1
        await asyncio.sleep(0)
        return [event for event in self.events if event.seq > seq][:limit]

    async def newest(self) -> int:
        return self.events[-1].seq if self.events else 0

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return bool(self.events) and self.events[-1].seq > seq


async def test_a_hundred_consoles_at_the_end_cost_one_query():
    log = Log()
    log.happen(10)
    recent = RecentEvents(log)
    await recent.after(10)
    log.asked = 0
    log.happen(3)

    answers = await asyncio.gather(*(recent.after(10) for _ in range(100)))

    assert {tuple(event.seq for event in answer) for answer in answers} == {(11, 12, 13)}
    assert log.asked == 1


async def test_who_is_behind_reads_the_log_itself():
    log = Log()
    log.happen(50)
    recent = RecentEvents(log, kept=5)
    await recent.after(45)

    assert [event.seq for event in await recent.after(3, limit=4)] == [4, 5, 6, 7]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 3)), max_size=12), st.integers(1, 8), st.integers(1, 6))
def test_a_reader_misses_nothing_and_sees_nothing_twice(bursts, kept, limit):
    async def read() -> None:
        log = Log()
        recent = RecentEvents(log, kept=kept)
        fast, slow, seen_fast, seen_slow = 0, 0, [], []
        for count, step in bursts:
            log.happen(count, step)
            while batch := await recent.after(fast, limit=limit):
                seen_fast += [event.seq for event in batch]
                fast = batch[-1].seq
            if batch := await recent.after(slow, limit=limit):
                seen_slow += [event.seq for event in batch]
                slow = batch[-1].seq
        while batch := await recent.after(slow, limit=limit):
            seen_slow += [event.seq for event in batch]
            slow = batch[-1].seq
        assert seen_fast == seen_slow == [event.seq for event in log.events]

    asyncio.run(read())


async def test_what_was_just_committed_is_not_read_back():
    log = Log()
    log.happen(3)
    recent = RecentEvents(log)
    assert not recent.expects(4), "nobody follows yet"
    await recent.after(3)
    log.asked = 0
    log.happen(2)

    assert recent.expects(4)
    recent.add(log.events[3:])

    assert [event.seq for event in await recent.after(3)] == [4, 5]
    assert not recent.expects(7), "an event of another process comes first"
    assert log.asked == 0


async def test_what_comes_while_the_log_is_read_is_neither_lost_nor_doubled():
    log = Log()
    recent = RecentEvents(log, kept=4)
    assert await recent.after(0) == []
    log.happen(3)
    reading = asyncio.create_task(recent.after(0))
    await asyncio.sleep(0)
    assert recent.expects(1)
    recent.add(log.events[:3])
    log.happen(6)
    recent.add(log.events[3:])

    assert [event.seq for event in await reading] == list(range(1, 10))
    assert [event.seq for event in await recent.after(6)] == [7, 8, 9]
    assert [event.seq for event in await recent.after(9)] == []

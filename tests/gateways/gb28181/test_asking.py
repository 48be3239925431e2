"""Who came is asked, a few at a time, and fewer while others are still coming."""

import asyncio

import pytest

from fengtai.gateways.gb28181.asking import DEVICES_A_BUSY_ROUND, DEVICES_A_ROUND, AskQueue


@pytest.mark.parametrize(("busy", "most"), [(False, DEVICES_A_ROUND), (True, DEVICES_A_BUSY_ROUND)])
async def test_a_round_asks_so_many(busy: bool, most: int) -> None:
    asked: list[str] = []
    queue = AskQueue(asked.append, lambda: busy)
    for number in range(30):
        queue.add(f"device {number}")
    queue.add("device 0")

    working = asyncio.create_task(queue.work_forever())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    working.cancel()

    assert asked == [f"device {number}" for number in range(most)]
    assert len(queue) == 30 - most

"""Runs triage at a pace that lets the acknowledging of signals go first, and life safety before everything else.

The urgent lane is triaged at once and at full speed. The ordinary lane takes turns with acknowledging as soon as there
is much of it: after each unit it rests as long as the unit took, and in a flood (`rules.is_flood`) nine times as long, but
never longer than signals go on coming. What waits is shown on the status page. Why: docs/design/signal-journal.md.
"""

import asyncio
from functools import partial

from fengtai.apps.web_api.system import Figure, SystemBoard
from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import Backlog, TriageLane
from fengtai.domain.alarms.service import AlarmDesk

LONGEST_UNIT_SECONDS = 0.25
"""A unit that took longer waited for something else (a disk, a busy machine): its rest is not lengthened by that."""


class TriagePace:
    def __init__(self, alarms: AlarmDesk) -> None:
        self._alarms = alarms
        self._any, self._urgent = asyncio.Event(), asyncio.Event()
        self._any.set()  # what was left by the process before
        self._backlog = {lane: Backlog(signals=0) for lane in TriageLane}
        self._in_flood = False
        alarms.on_signal = self._came

    def _came(self, lane: TriageLane) -> None:
        self._any.set()
        if lane is TriageLane.URGENT:
            self._urgent.set()

    async def once(self) -> None:
        """Wait for signals, judge all that are urgent and one unit of the others, then rest as long as it should."""
        await self._any.wait()
        self._any.clear()
        await self._judge_urgent()
        loop, received = asyncio.get_running_loop(), self._alarms.received
        started = loop.time()
        handled = await self._alarms.triage(batches=1, lanes=(TriageLane.ORDINARY,))
        if not handled:
            return
        self._any.set()
        if handled < rules.FLOOD_SIGNALS or self._alarms.received == received:
            self._in_flood = False
            return
        await self._rest(min(loop.time() - started, LONGEST_UNIT_SECONDS), handled)

    async def _rest(self, busy_seconds: float, handled: int) -> None:
        arrived, rested = 0, 0
        while rested < (rules.FLOOD_REST if self._in_flood else 1):
            received = self._alarms.received
            await self._only_urgent(busy_seconds)
            arrived, rested = arrived + self._alarms.received - received, rested + 1
            if self._alarms.received == received:
                self._in_flood = False
                return
            self._in_flood = self._in_flood or rules.is_flood(handled=handled, arrived=arrived, times=1)
        self._in_flood = rules.is_flood(handled=handled, arrived=arrived, times=rested)

    async def _judge_urgent(self) -> None:
        self._urgent.clear()
        await self._alarms.triage(lanes=(TriageLane.URGENT,))

    async def _only_urgent(self, seconds: float) -> None:
        """Let so much time pass for acknowledging, and judge what is urgent meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            try:
                async with asyncio.timeout_at(until):
                    await self._urgent.wait()
            except TimeoutError:
                return
            await self._judge_urgent()

    # -- what is shown of it ---------------------------------------------------------------------------------------

    async def look(self) -> None:
        self._backlog = await self._alarms.backlog()

    def show_on(self, board: SystemBoard) -> None:
        for lane in TriageLane:
            board.figure(f"signals_waiting_{lane.name.lower()}", partial(self._signals, lane))
            board.figure(f"signals_oldest_{lane.name.lower()}_s", partial(self._age, board, lane))

    def _signals(self, lane: TriageLane) -> Figure:
        return self._backlog[lane].signals

    def _age(self, board: SystemBoard, lane: TriageLane) -> Figure:
        oldest_at = self._backlog[lane].oldest_at
        return 0.0 if oldest_at is None else round((board.clock.now().utc - oldest_at).total_seconds(), 1)

"""What goes on without being asked: subscribers of the event log, the tick of each service, followers for effects.

The tops of these loops are the only places that catch everything: a fault is logged, shown on the board, and the loop
goes on. Nothing that a loop does is lost by a fault: rows and cursors say what is still due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import structlog
from prometheus_client import Counter

from fengtai.apps.server.triage_pace import TriagePace
from fengtai.apps.web_api.system import Part, SystemBoard
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.subscribers import Handler
from fengtai.vocabulary.events import LoggedEvent

log = structlog.get_logger()

FAULTS = Counter("fengtai_background_faults", "Faults caught at the top of a background loop", ["loop"])
TICK_SECONDS = 1.0
FAULT_PAUSE_SECONDS = 1.0
FOLLOWED_AT_ONCE = 2_000

Effect = Callable[[LoggedEvent], Awaitable[None]]


@runtime_checkable
class Subscribes(Protocol):
    def subscriptions(self) -> Mapping[str, Handler]: ...


@runtime_checkable
class Ticks(Protocol):
    async def tick(self) -> None: ...


class Background:
    """Runs the loops from `start` to `stop`."""

    def __init__(self, database: SqlEngine, board: SystemBoard) -> None:
        self._database, self._board = database, board
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, services: Sequence[object], effects: Sequence[tuple[str, Mapping[str, Effect]]]) -> None:
        for service in services:
            name = type(service).__name__
            if isinstance(service, Subscribes) and (handlers := service.subscriptions()):
                self._run(f"subscriber {name}", self._subscriber(name, handlers))
            if isinstance(service, Ticks):
                self._run(f"tick {name}", self._repeating(service.tick))
        self._run("board", self._repeating(lambda: self._board.tick(self._database)))
        for name, followed in effects:
            self._run(f"effects {name}", self._follower(followed))

    def wake_on_signal(self, alarms: AlarmDesk) -> None:
        """Triage runs as soon as a signal is durable, at a pace that lets acknowledging go first in a flood."""
        pace = TriagePace(alarms)
        pace.show_on(self._board)
        self._run("triage", pace.once)
        self._run("backlog", self._repeating(pace.look))

    async def stop(self) -> None:
        self._stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _run(self, name: str, once: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(self._kept_up(name, once), name=name))

    async def _kept_up(self, name: str, once: Callable[[], Awaitable[None]]) -> None:
        part: Part = self._board.part("background")
        while not self._stop.is_set():
            try:
                await once()
                if part.detail.startswith(name):
                    part.good()
            except Exception as error:
                FAULTS.labels(name).inc()
                log.exception("background.fault", loop=name)
                part.degraded(f"{name}: {error!r}")
                await asyncio.sleep(FAULT_PAUSE_SECONDS)

    def _repeating(self, tick: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def once() -> None:
            await tick()
            # all at the same moment: a service that only asks whether something is due costs a third less CPU when the
            # code and the pages that it needs have just been used by another
            await asyncio.sleep(TICK_SECONDS - asyncio.get_running_loop().time() % TICK_SECONDS)

        return once

    def _subscriber(self, name: str, handlers: Mapping[str, Handler]) -> Callable[[], Awaitable[None]]:
        return lambda: self._database.run_subscriber(name, handlers, self._stop)

    def _follower(self, handlers: Mapping[str, Effect]) -> Callable[[], Awaitable[None]]:
        """Effects outside the database (closing sockets, asking devices): from now on, not from the past; a restart
        has nothing to undo, because what they act upon did not outlive it."""
        cursor: list[int] = []

        async def once() -> None:
            if not cursor:
                cursor.append(await self._database.newest())
            await self._database.changed(cursor[0], seconds=5)
            for event in await self._database.after(cursor[0], limit=FOLLOWED_AT_ONCE):
                cursor[0] = event.seq
                if effect := handlers.get(event.kind):
                    await effect(event)

        return once


def service_objects(made: Mapping[type[Any], object]) -> list[object]:
    """Each service once, however many types it was provided under."""
    return list({id(thing): thing for thing in made.values()}.values())

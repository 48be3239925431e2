"""A furnished town for the journeys: the server and the simulated city as processes, on free ports of this machine."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from fengtai.apps.demo.run import furnished_town
from fengtai.apps.demo.seed import Furnished
from fengtai.apps.demo.town import Town, a_town


@dataclass
class Walkabout:
    """A town that runs in the background while a test walks about in it."""

    town: Town
    furnished: Furnished
    loop: asyncio.AbstractEventLoop

    def run(self, coroutine):
        """Do something on the town's loop from a test without a loop of its own."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(120)


@pytest.fixture(scope="session")
def walkabout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walkabout]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stopping: asyncio.Event = asyncio.Event()
    ready: asyncio.Future[tuple[Town, Furnished]] = loop.create_future()
    folder = tmp_path_factory.mktemp("town")

    async def live(data: Path) -> None:
        async with a_town(data) as town:
            try:
                furnished = await furnished_town(town, cameras=4, say=Console(quiet=True))
            except Exception as error:  # noqa: BLE001 - told to the test that waits for it
                ready.set_exception(RuntimeError(f"{error!r}\n{town.last_words()}"))
                return
            ready.set_result((town, furnished))
            await stopping.wait()

    living = asyncio.run_coroutine_threadsafe(live(folder), loop)

    async def waited() -> tuple[Town, Furnished]:
        return await ready

    try:
        town, furnished = asyncio.run_coroutine_threadsafe(waited(), loop).result(180)
        yield Walkabout(town, furnished, loop)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        living.result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)

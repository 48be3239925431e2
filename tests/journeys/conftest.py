"""A furnished town for the journeys: the server and the simulated city as processes, on free ports of this machine."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from rich.console import Console
from tests.journeys.busy_town import Busy, made_busy
from tests.journeys.visitors import Visitor, chromium

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; one to a module, because Playwright lets nobody open a second one beside it."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def busy(walkabout: Walkabout) -> Busy:
    return walkabout.run(made_busy(walkabout.town, walkabout.furnished))


@dataclass
class Desks:
    """Everybody at a desk of their own, signed in when first asked for, at a small screen."""

    walkabout: Walkabout
    browser: Browser
    posts: dict[str, str] = field(default_factory=dict)
    taken: dict[str, Visitor] = field(default_factory=dict)

    def __getitem__(self, role: str) -> Visitor:
        if role not in self.taken:
            url, sign_in = self.walkabout.town.url, self.walkabout.furnished.sign_ins[role]
            post = self.posts.get(role, "")
            self.taken[role] = Visitor(self.browser, url, *sign_in, width=1280, height=720, post=post)
        return self.taken[role]


@pytest.fixture(scope="module")
def desks(walkabout: Walkabout, browser: Browser) -> Iterator[Desks]:
    desks = Desks(walkabout, browser, posts={"operator": "接警二席"})
    yield desks
    for visitor in desks.taken.values():
        visitor.leave()

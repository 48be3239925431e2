"""A media part of one worker on free ports, with cameras on this machine and books in memory."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.media.camera import Cameras

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.model import WatchPlace, WatchWish
from fengtai.domain.live.service import LearntTransports, StreamLog
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import WantedPoint
from fengtai.domain.recordings.ports import GapStore, HourStore
from fengtai.domain.recordings.service import RecordingLedger
from fengtai.media.bookkeeper import Bookkeeper
from fengtai.media.clips import ClipDesk
from fengtai.media.keeper import Keeper
from fengtai.media.playback import PlaybackStand
from fengtai.media.remote_shelf import RemoteShelf
from fengtai.media.settings import MediaSettings
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.storage.memory.live import STORES as LIVE_STORES
from fengtai.storage.memory.recordings import STORES
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import Instant

POINT = "0190aaaabbbbccccddddeeeeffff0001"
DEVICE, CHANNEL = "34020000001180000005", "34020000001320000001"


class WallClock:
    def now(self) -> Instant:
        return Instant(time.monotonic(), datetime.now(UTC))


class OnePoint:
    """The least of a PointStore that media's neighbours ask for."""

    def __init__(self) -> None:
        self.rows = {
            POINT: Point(
                id=POINT, number=1, code=CHANNEL, name="东门", organisation_id="", device_id=DEVICE, channel_id=CHANNEL
            )
        }

    def get(self, point_id: str) -> Point:
        return self.rows[point_id]

    def by_ids(self, point_ids: "object") -> list[Point]:
        return [self.rows[one] for one in point_ids if one in self.rows]  # type: ignore[attr-defined]


class Lines:
    """An audit log that is read by the test."""

    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class Wanted:
    """Which points are to be recorded, as the test says."""

    def __init__(self) -> None:
        self.points: list[WantedPoint] = []

    async def wanted(self) -> list[WantedPoint]:
        return self.points


@dataclass
class House:
    settings: MediaSettings
    cameras: Cameras
    workers: Supervisor
    streams: StreamTable
    keeper: Keeper
    clips: ClipDesk
    ledger: RecordingLedger
    books: MemoryTransactions
    wanted: Wanted
    bookkeeper: Bookkeeper
    stand: PlaybackStand

    @property
    def hours(self) -> HourStore:
        return self.books.run(lambda uow: uow.store(HourStore))

    @property
    def gaps(self) -> GapStore:
        return self.books.run(lambda uow: uow.store(GapStore))

    @property
    def gops_stored(self) -> int:
        return int(self.workers.states[0].get("gops_stored", 0))  # type: ignore[call-overload]

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        """Wait for something that happens in another process."""
        async with asyncio.timeout(seconds):
            while not condition():
                await asyncio.sleep(0.02)

    def record(self) -> None:
        self.wanted.points = [WantedPoint(point_id=POINT, device_id=DEVICE, channel_id=CHANNEL)]
        self.keeper.wake()

    async def watch(self, session_id: str = "session1", wish: WatchWish = WatchWish()) -> WatchPlace:
        return await self.streams.watch(
            POINT, device_id=DEVICE, channel_id=CHANNEL, session_id=session_id, host="127.0.0.1", wish=wish
        )


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def new_books() -> MemoryTransactions:
    stores = {port: twin() for port, twin in {**STORES, **LIVE_STORES}.items()}
    return MemoryTransactions(WallClock(), {**stores, PointStore: OnePoint(), AuditLog: Lines()})


async def open_house(folder: Path, cameras: Cameras, books: MemoryTransactions, **settings: object) -> House:
    first = free_port() & ~1
    chosen = MediaSettings(
        **{
            "workers": 1,
            "ports": f"{first}-{min(65535, first + 39)}",
            "http_ports": str(free_port()),
            "recordings": folder / "recordings",
            "clips": folder / "clips",
            "sync_seconds": 0.2,
            **settings,
        }  # type: ignore[arg-type]
    )
    clock = WallClock()
    workers = Supervisor(settings=chosen, clock=clock)
    ledger = RecordingLedger(transactions=books, shelf=RemoteShelf(workers=workers))
    lessons = LearntTransports(transactions=books)
    streams = StreamTable(
        workers=workers, source=cameras, lessons=lessons, news=StreamLog(transactions=books), clock=clock
    )
    bookkeeper = Bookkeeper(workers=workers, hours=ledger)
    wanted = Wanted()
    keeper = Keeper(streams=streams, workers=workers, points=wanted, hours=ledger)
    clips = ClipDesk(workers=workers, streams=streams, gaps=ledger)
    stand = PlaybackStand(workers=workers, streams=streams, clock=clock)
    house = House(chosen, cameras, workers, streams, keeper, clips, ledger, books, wanted, bookkeeper, stand)
    await bookkeeper.start()
    await workers.start()
    await streams.start()
    await keeper.start()
    return house


async def close_house(house: House) -> None:
    await house.keeper.stop()
    await house.streams.stop()
    await house.workers.stop()
    await house.bookkeeper.stop()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house(tmp_path, Cameras(), new_books())
    try:
        yield opened
    finally:
        await close_house(opened)

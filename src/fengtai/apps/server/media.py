"""Joins media to the business: what is to be recorded, where clip bytes are, and the order of start and stop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from fengtai.apps.server.gateways import Sources
from fengtai.apps.wiring import Workshop
from fengtai.domain.devices.model import Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.incidents.ports import ClipFiles
from fengtai.domain.live.ports import Streams
from fengtai.domain.live.service import StreamLog
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import WantedPoint
from fengtai.domain.recordings.ports import Clips, Shelf
from fengtai.domain.recordings.service import RecordingLedger
from fengtai.media.bookkeeper import Bookkeeper
from fengtai.media.clips import ClipDesk
from fengtai.media.keeper import Keeper
from fengtai.media.remote_shelf import RemoteShelf
from fengtai.media.settings import MediaSettings
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import NotFound, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

PIECE_BYTES = 256 * 1024
Answer = TypeVar("Answer")


class MediaHouse:
    """Supervisor, streams, keeper, books and clips. Workers start first and end last: everything else speaks to them."""

    def __init__(self, settings: MediaSettings, clock: Clock, transactions: Transactions, workshop: Workshop) -> None:
        self.sources = Sources()
        self.workers = Supervisor(settings=settings, clock=clock)
        self.streams = StreamTable(
            workers=self.workers, source=self.sources, news=StreamLog(transactions=transactions), clock=clock
        )
        workshop.provide(Streams, self.streams)
        workshop.provide(Shelf, RemoteShelf(workers=self.workers))
        ledger = workshop.get(RecordingLedger)
        self._books = Bookkeeper(workers=self.workers, hours=ledger)
        clips = ClipDesk(workers=self.workers, streams=self.streams, gaps=ledger)
        workshop.provide(Clips, clips)
        workshop.provide(ClipFiles, LocalClipFiles(clips))
        self.keeper = Keeper(
            streams=self.streams, workers=self.workers, points=PointsToRecord(transactions), hours=ledger
        )

    async def start(self) -> None:
        """Return when every worker is ready. Raise Unavailable when one is not."""
        await self._books.start()
        await self.workers.start()
        await self.streams.start()

    async def begin_recording(self) -> None:
        """After the gateways listen: from now on devices can be asked."""
        await self.keeper.start()

    async def end_streams(self) -> None:
        """Before the gateways stop: devices are told to stop sending."""
        await self.keeper.stop()
        await self.streams.stop()

    async def stop(self) -> None:
        await self.workers.stop()
        await self._books.stop()


class PointsToRecord:
    """Implements `recordings.ports.RecordedPoints` over points and devices."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def wanted(self) -> Sequence[WantedPoint]:
        return await self._transactions.read(_wanted)


def _wanted(uow: UnitOfWork) -> list[WantedPoint]:
    reachable = {
        device.id
        for device in uow.store(DeviceStore).bound()
        if device.presence is Presence.ONLINE and device.enrolment is Enrolment.ACCEPTED
    }
    return [_wanted_point(point, reachable) for point in uow.store(PointStore).recorded()]


def _wanted_point(point: Point, reachable: set[str]) -> WantedPoint:
    return WantedPoint(
        point_id=point.id,
        device_id=point.device_id,
        channel_id=point.channel_id,
        point_class=point.point_class.value,
        online=point.device_id in reachable,
    )


class LocalClipFiles:
    """Implements `incidents.ports.ClipFiles` over the folder into which media cuts clips."""

    def __init__(self, clips: ClipDesk) -> None:
        self._clips = clips

    async def size_bytes(self, file_key: str) -> int:
        return await self._reading(lambda: self._path(file_key).stat().st_size)

    async def read(self, file_key: str, first: int, last: int) -> AsyncIterator[bytes]:
        path = self._path(file_key)
        while first <= last:
            piece = await self._reading(partial(_piece, path, first, last))
            if not piece:
                raise Unavailable(f"the clip {file_key} is shorter than it was")
            first += len(piece)
            yield piece

    def _path(self, file_key: str) -> Path:
        try:
            return Path(self._clips.local_file(file_key))
        except NotFound as error:
            raise Unavailable(str(error)) from error

    async def _reading(self, read: Callable[[], Answer]) -> Answer:
        try:
            return await asyncio.to_thread(read)
        except OSError as error:
            raise Unavailable(f"the clip cannot be read: {error.strerror}") from error


def _piece(path: Path, first: int, last: int) -> bytes:
    with path.open("rb") as file:
        file.seek(first)
        return file.read(min(PIECE_BYTES, last - first + 1))

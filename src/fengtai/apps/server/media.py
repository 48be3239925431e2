"""Joins media to the business: what is to be recorded, where clip bytes are, and the order of start and stop."""

from collections.abc import AsyncIterator, Sequence

from fengtai.apps.server.gateways import Sources
from fengtai.apps.wiring import Workshop
from fengtai.domain.devices.model import Device, Enrolment, Presence
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.incidents.ports import ClipFiles
from fengtai.domain.live.ports import Streams
from fengtai.domain.live.service import LearntTransports, StreamLog
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import WantedPoint
from fengtai.domain.recordings.ports import Clips, Player, Shelf
from fengtai.domain.recordings.service import RecordingLedger
from fengtai.media.bookkeeper import Bookkeeper
from fengtai.media.clips import ClipDesk
from fengtai.media.keeper import Keeper
from fengtai.media.playback import PlaybackStand
from fengtai.media.remote_shelf import RemoteShelf
from fengtai.media.settings import MediaSettings
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import ObjectStore
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import NotFound, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

DEVICES_AT_ONCE = 500
"""whose state is asked for in one statement"""


class MediaHouse:
    """Supervisor, streams, keeper, books and clips. Workers start first and end last: everything else speaks to them."""

    def __init__(
        self,
        settings: MediaSettings,
        clock: Clock,
        transactions: Transactions,
        workshop: Workshop,
        objects: ObjectStore | None = None,
    ) -> None:
        self.sources = Sources()
        self.workers = Supervisor(settings=settings, clock=clock)
        self.streams = StreamTable(
            workers=self.workers,
            source=self.sources,
            lessons=workshop.get(LearntTransports),
            news=StreamLog(transactions=transactions),
            clock=clock,
        )
        workshop.provide(Streams, self.streams)
        workshop.provide(Shelf, RemoteShelf(workers=self.workers))
        ledger = workshop.get(RecordingLedger)
        self._books = Bookkeeper(workers=self.workers, hours=ledger)
        clips = ClipDesk(workers=self.workers, streams=self.streams, gaps=ledger)
        workshop.provide(Clips, clips)
        workshop.provide(Player, PlaybackStand(workers=self.workers, streams=self.streams, clock=clock))
        workshop.provide(ClipFiles, StoredClips(objects or LocalFiles(settings.clips)))
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
    points = uow.store(PointStore).recorded()
    devices: dict[str, Device] = {}
    wanted = sorted({point.device_id for point in points})
    for first in range(0, len(wanted), DEVICES_AT_ONCE):
        devices.update(uow.store(DeviceStore).get_all(wanted[first : first + DEVICES_AT_ONCE]))
    reachable = {
        device.id
        for device in devices.values()
        if device.presence is Presence.ONLINE and device.enrolment is Enrolment.ACCEPTED
    }
    return [_wanted_point(point, reachable) for point in points]


def _wanted_point(point: Point, reachable: set[str]) -> WantedPoint:
    return WantedPoint(
        point_id=point.id,
        device_id=point.device_id,
        channel_id=point.channel_id,
        point_class=point.point_class.value,
        online=point.device_id in reachable,
        carries_sound=point.audio,
    )


class StoredClips:
    """Implements `incidents.ports.ClipFiles` over the object store into whose folder media cuts clips."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def size_bytes(self, file_key: str) -> int:
        try:
            return await self._objects.size_bytes(file_key)
        except NotFound as error:
            raise Unavailable("this clip is not there any more") from error

    async def read(self, file_key: str, first: int, last: int) -> AsyncIterator[bytes]:
        left = last - first + 1
        async for piece in self._objects.stream(file_key, start=first, end=last + 1):
            left -= len(piece)
            yield piece
        if left:
            raise Unavailable(f"the clip {file_key} is shorter than it was")

"""Chooses where objects live by the settings, moves them there, and says on the board when that does not go on."""

from fengtai.apps.settings import Settings
from fengtai.apps.web_api.system import SystemBoard
from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import ObjectStore
from fengtai.storage.s3_objects import S3Objects
from fengtai.storage.tiered_objects import TieredObjects
from fengtai.vocabulary.clock import Clock

ROUND_SECONDS = 10.0


class ObjectHouse:
    """`store` is what the house reads and writes; `tick` runs once a second."""

    def __init__(self, settings: Settings, clock: Clock, board: SystemBoard) -> None:
        self._clock, self._board, self._settled_seconds = clock, board, settings.objects.settled_seconds
        self._moved_at = float("-inf")
        local, place = LocalFiles(settings.media.clips), settings.objects.place()
        self._tiered = None if place is None else TieredObjects(local, S3Objects(place))
        self.store: ObjectStore = self._tiered or local
        if self._tiered is not None:
            tiered = self._tiered
            board.part("objects").good("objects are moved to S3")
            board.figure("objects.waiting", lambda: tiered.waiting)

    async def tick(self) -> None:
        now = self._clock.now()
        if self._tiered is None or now.monotonic - self._moved_at < ROUND_SECONDS:
            return
        self._moved_at = now.monotonic
        await self._tiered.move_settled(self._settled_seconds, now.utc.timestamp())
        if self._tiered.fault:
            self._board.part("objects").degraded(f"{self._tiered.waiting} objects wait locally: {self._tiered.fault}")
        else:
            self._board.part("objects").good("objects are moved to S3")

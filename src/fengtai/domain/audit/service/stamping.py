"""When a checkpoint is stamped by a time-stamping authority: once a day, by command, and again after a failure.

The state is the folder of tokens, so a restart neither forgets nor repeats.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import TimeStamp
from fengtai.domain.audit.ports import CheckpointBook, TimeStamps
from fengtai.vocabulary.errors import NotFound, Unavailable


class Stamping:
    def __init__(self, stamps: TimeStamps, book: CheckpointBook) -> None:
        self._stamps, self._book = stamps, book
        self._next_look: datetime | None = None
        self._newest: TimeStamp | None = None
        self.fault = ""

    @property
    def is_configured(self) -> bool:
        return self._stamps.is_configured

    def newest(self) -> TimeStamp | None:
        """As of the last look at the folder."""
        return self._newest

    async def all(self) -> Sequence[TimeStamp]:
        return await self._stamps.all()

    async def stamp(self) -> TimeStamp:
        note = await self._book.last()
        if note is None:
            raise NotFound("no checkpoint has been signed yet")
        newest, size = await self._stamps.newest(), rules.read_checkpoint(note).size
        if newest is None or newest.size != size:
            newest = await self._stamps.stamp(size, note)
        self._newest, self.fault = newest, ""
        return newest

    async def stamp_if_due(self, now: datetime) -> None:
        if not self.is_configured or (self._next_look is not None and now < self._next_look):
            return
        self._next_look = now + timedelta(seconds=rules.STAMP_RETRY_SECONDS)
        try:
            self._newest = newest = await self._stamps.newest()
            if newest is None or now - newest.at >= timedelta(seconds=rules.STAMP_SECONDS):
                await self.stamp()
        except NotFound:
            self._next_look = None  # the first checkpoint is signed within seconds
        except Unavailable as error:
            self.fault = str(error)

"""Playback of recordings (`recordings.ports.Player`): a media worker shows them; here is who may see which, until when.

A playback that nobody opens within its ticket's time is closed; one that ends is told to whoever asked for it.
"""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fengtai.domain.recordings.model import Gap, PlaybackAsked, PlaybackPlace, PlaybackShown
from fengtai.media import messages as m
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.media.tickets import make_ticket
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

STILL_SECONDS = 15.0
MOST_OPEN = 500


@dataclass(frozen=True, slots=True)
class _Open:
    worker: int
    ended: Callable[[PlaybackShown], None]


class PlaybackStand:
    def __init__(self, *, workers: Supervisor, streams: StreamTable, clock: Clock) -> None:
        self._workers, self._streams, self._clock = workers, streams, clock
        self._open: dict[str, _Open] = {}
        workers.listen(self._report)

    async def open(
        self, asked: PlaybackAsked, gaps: Sequence[Gap], ended: Callable[[PlaybackShown], None]
    ) -> PlaybackPlace:
        worker = self._streams.worker_of(asked.point_id)
        if worker is None:
            raise Unavailable("no media worker is running: try again in a moment")
        if len(self._open) >= MOST_OPEN:
            raise Unavailable(f"{MOST_OPEN} playbacks are open already: close one that nobody needs")
        playback_id = uuid.uuid4().hex
        self._open[playback_id] = _Open(worker, ended)
        holes = [
            m.Hole(gap.from_ms, min(gap.until_ms or asked.until_ms, asked.until_ms), gap.cause.value) for gap in gaps
        ]

        def opening(ask: int) -> m.OpenPlayback:
            return m.OpenPlayback(
                ask=ask,
                playback_id=playback_id,
                point_id=asked.point_id,
                from_ms=asked.from_ms,
                until_ms=asked.until_ms,
                holes=holes,
                carries_sound=asked.carries_sound,
            )

        try:
            await self._workers.ask(worker, opening)
        except BaseException:
            del self._open[playback_id]
            raise
        settings = self._workers.settings
        expires = self._clock.now().plus(settings.ticket_seconds)
        ticket = make_ticket(
            self._workers.ticket_key, stream_id=playback_id, session_id=asked.session_id, until_ms=expires.utc_ms
        )
        # the worker counts from now, too, and tells when nobody has come
        asyncio.get_running_loop().call_later(settings.ticket_seconds + 1, self._give_up, playback_id)
        url = f"{self._streams.place(worker, asked.host)}/playback/{playback_id}?ticket={ticket}"
        return PlaybackPlace(playback_id=playback_id, url=url, expires_ms=expires.utc_ms)

    async def still(self, point_id: str, at_ms: int) -> bytes:
        worker = self._streams.worker_of(point_id)
        if worker is None:
            raise Unavailable("no media worker is running: try again in a moment")
        answer = await self._workers.ask(
            worker, lambda ask: m.MakeStill(ask=ask, point_id=point_id, at_ms=at_ms), seconds=STILL_SECONDS
        )
        assert isinstance(answer, m.SnapshotMade)
        return answer.jpeg

    def _give_up(self, playback_id: str) -> None:
        """The worker closes it unless somebody is watching; in that case it tells when he has gone."""
        if (found := self._open.get(playback_id)) is not None:
            self._workers.send(found.worker, m.ClosePlayback(playback_id=playback_id))

    def _report(self, worker: int, report: m.Report | None) -> None:
        if isinstance(report, m.PlaybackEnded):
            shown = PlaybackShown(
                playback_id=report.playback_id,
                seconds=report.seconds,
                size_bytes=report.size_bytes,
                first_ms=report.first_ms,
                last_ms=report.last_ms,
            )
            self._tell(shown)
        elif report is None:
            for playback_id in [one for one, found in self._open.items() if found.worker == worker]:
                self._tell(PlaybackShown(playback_id=playback_id, seconds=0, size_bytes=0, first_ms=0, last_ms=0))

    def _tell(self, shown: PlaybackShown) -> None:
        if (found := self._open.pop(shown.playback_id, None)) is not None:
            found.ended(shown)

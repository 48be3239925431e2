"""Clips out of recordings (`recordings.ports.Clips`): the worker that has the point's stream cuts them."""

from collections.abc import Sequence
from datetime import UTC, datetime

from fengtai.domain.recordings.model import ClipGap, ClipMade, Gap
from fengtai.domain.recordings.ports import GapBook
from fengtai.media import messages as m
from fengtai.media.streams import StreamTable
from fengtai.media.supervisor import Supervisor
from fengtai.vocabulary.clock import to_ms
from fengtai.vocabulary.errors import Unavailable

CUT_SECONDS = 90.0
_WORDS = {
    "device-offline": "its device was offline",
    "stream-lost": "its stream was lost",
    "worker-restarted": "a media worker was being restarted",
    "platform-down": "the platform was down",
    "disk": "the disk was full or refused",
    "clock": "a clock was set",
}


class ClipDesk:
    def __init__(self, *, workers: Supervisor, streams: StreamTable, gaps: GapBook) -> None:
        self._workers, self._streams, self._gaps = workers, streams, gaps

    async def make_clip(self, point_id: str, start: datetime, until: datetime, clip_id: str) -> ClipMade:
        from_ms, until_ms = to_ms(start.astimezone(UTC)), to_ms(until.astimezone(UTC))
        worker = self._streams.worker_of(point_id)
        if worker is None:
            raise Unavailable("no media worker is running: the clip is made later")
        known = await self._gaps.gaps(point_id, from_ms, until_ms)
        try:
            answer = await self._workers.ask(
                worker,
                lambda ask: m.MakeClip(ask=ask, point_id=point_id, clip_id=clip_id, from_ms=from_ms, until_ms=until_ms),
                seconds=CUT_SECONDS,
            )
        except Unavailable as error:
            causes = list(dict.fromkeys(_WORDS[gap.cause.value] for gap in known))
            if causes:
                raise Unavailable(f"{error}: {', '.join(causes)}") from error
            raise
        assert isinstance(answer, m.ClipCut)
        return ClipMade(
            object_key=answer.object_key,
            from_ms=answer.from_ms,
            until_ms=answer.until_ms,
            seconds=answer.seconds,
            sha256=answer.sha256,
            size_bytes=answer.size_bytes,
            gaps=tuple(ClipGap(from_ms=h.from_ms, until_ms=h.until_ms, cause=_cause(h, known)) for h in answer.holes),
        )


def _cause(hole: m.Hole, known: Sequence[Gap]) -> str:
    """The cause of the gap that touches this hole; "not-recorded" when the books know none."""
    for gap in known:
        if gap.from_ms < hole.until_ms and (gap.until_ms is None or gap.until_ms > hole.from_ms):
            return gap.cause.value
    return "not-recorded"

"""Playing a clip is a sensitive act: INTENT stands durably before the first byte, RESULT tells how many went out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fengtai.domain.access.model import Actor
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import Clip, ClipState
from fengtai.domain.incidents.ports import ClipFiles, ClipStore, IncidentStore
from fengtai.vocabulary.errors import Conflict, FengtaiError, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """A clip that somebody may read now. End it with `finish`, whatever happens."""

    clip: Clip
    size_bytes: int
    act: str
    purpose: str
    by: Actor
    player: "ClipPlayer"

    def read(self, first: int, last: int) -> AsyncIterator[bytes]:
        return self.player.files.read(self.clip.file_key, first, last)

    async def finish(self, *, sent_bytes: int, failed: str = "") -> None:
        """`failed` is the cause when we could not send; a reader that leaves early has seen what was sent."""
        await self.player.end(self, sent_bytes, failed)


class ClipPlayer:
    def __init__(self, *, transactions: Transactions, files: ClipFiles) -> None:
        self._transactions, self.files = transactions, files

    async def begin(self, clip_id: str, *, by: Actor) -> Playback:
        clip, act, purpose = await self._transactions.write(lambda uow: _intend(uow, clip_id, by))
        try:
            size_bytes = await self.files.size_bytes(clip.file_key)
            if size_bytes != clip.size_bytes:
                raise Unavailable(f"clip {clip.id} has {size_bytes} bytes where {clip.size_bytes} were written")
        except FengtaiError as error:
            cause = str(error)
            await self._transactions.write(lambda uow: _result(uow, clip, act, purpose, by, Outcome.FAILED, cause, 0))
            raise
        return Playback(clip=clip, size_bytes=size_bytes, act=act, purpose=purpose, by=by, player=self)

    async def end(self, playback: Playback, sent_bytes: int, failed: str) -> None:
        outcome = Outcome.FAILED if failed else Outcome.DONE
        await self._transactions.write(
            lambda uow: _result(
                uow, playback.clip, playback.act, playback.purpose, playback.by, outcome, failed, sent_bytes
            )
        )


def _intend(uow: UnitOfWork, clip_id: str, by: Actor) -> tuple[Clip, str, str]:
    clip = uow.store(ClipStore).get(clip_id)
    if clip.state is not ClipState.READY:
        raise Conflict(f"the clip is {clip.state.value}" + (f": {clip.reason}" if clip.reason else ""))
    if not clip.incident_id:
        raise Conflict("take the alarm first: a clip is seen for an incident")
    act, purpose = uow.new_id(), uow.store(IncidentStore).get(clip.incident_id).number
    uow.store(AuditLog).append(
        by.entry(
            "clip.play",
            f"clip:{clip.id}",
            Outcome.INTENT,
            act=act,
            purpose=purpose,
            point_id=clip.point_id,
            incident_id=clip.incident_id,
        )
    )
    return clip, act, purpose


def _result(
    uow: UnitOfWork, clip: Clip, act: str, purpose: str, by: Actor, outcome: Outcome, cause: str, sent_bytes: int
) -> None:
    uow.store(AuditLog).append(
        by.entry(
            "clip.play",
            f"clip:{clip.id}",
            outcome,
            act=act,
            purpose=purpose,
            point_id=clip.point_id,
            incident_id=clip.incident_id,
            sent_bytes=sent_bytes,
            cause=cause,
        )
    )

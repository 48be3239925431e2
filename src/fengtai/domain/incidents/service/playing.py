"""Playing a clip, or taking it out of the house, is a sensitive act: INTENT stands durably before the first byte, RESULT
tells how many went out. Taking out needs a right of its own, and a second person where the settings ask for one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fengtai.domain.access.model import AccessPolicy, Actor, Approval, ApprovalState, ApprovedAct, Permission
from fengtai.domain.access.rules import checked_purpose
from fengtai.domain.access.service.four_eyes import asked_or_approved, names, use_up
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.incidents.model import Clip, ClipState
from fengtai.domain.incidents.ports import ClipFiles, ClipStore, IncidentStore
from fengtai.domain.incidents.service.viewing import ClipView, GivenViews
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Conflict, FengtaiError, NotFound, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """A clip that somebody may read now. End it with `finish`, whatever happens."""

    clip: Clip
    size_bytes: int
    act: str
    view: ClipView
    by: Actor
    player: "ClipPlayer"

    def read(self, first: int, last: int) -> AsyncIterator[bytes]:
        return self.player.files.read(self.clip.file_key, first, last)

    async def finish(self, *, sent_bytes: int, failed: str = "") -> None:
        """`failed` is the cause when we could not send; a reader that leaves early has seen what was sent."""
        await self.player.end(self, sent_bytes, failed)


class ClipPlayer:
    def __init__(self, *, transactions: Transactions, files: ClipFiles, policy: AccessPolicy = AccessPolicy()) -> None:
        self._transactions, self.files, self._policy = transactions, files, policy
        self._views = GivenViews()

    async def view(self, clip_id: str, purpose: str, reference: str, *, by: Actor) -> ClipView:
        """Raise Invalid when nothing is said of what for, NotFound or NotAllowed for what may not be seen."""
        stated = checked_purpose(purpose, reference, by=by)

        def unit(uow: UnitOfWork) -> tuple[str, Instant]:
            _readable(uow, clip_id, by)
            return uow.new_secret(24).hex(), uow.now

        word, now = await self._transactions.read(unit)
        return self._views.give(word, clip_id, by.session_id, stated, now)

    async def export(
        self, clip_id: str, purpose: str, reference: str, reason: str, *, by: Actor
    ) -> ClipView | Approval:
        """As `view`, for a file that leaves the house: the request that waits for a second person where one has to agree,
        and once that person has, the same call answers the view, once."""
        stated = checked_purpose(purpose, reference, by=by)

        def unit(uow: UnitOfWork) -> Approval | tuple[str, Instant, dict[str, str]]:
            clip = _readable(uow, clip_id, by)
            point = uow.store(PointStore).get(clip.point_id)
            by.require(Permission.PLAYBACK_EXPORT, point.place)
            two: dict[str, str] = {}
            if self._policy.approve_clip_exports:
                approval = asked_or_approved(
                    uow,
                    ApprovedAct.EXPORT_CLIP,
                    f"clip:{clip.id}",
                    {"purpose": stated.words},
                    title=f"{point.name} {clip.from_at:%Y-%m-%d %H:%M:%S}Z",
                    place=point.place,
                    reason=reason,
                    by=by,
                )
                if approval.state is not ApprovalState.APPROVED:
                    return approval
                two = names(use_up(uow, approval))
            return uow.new_secret(24).hex(), uow.now, two

        answer = await self._transactions.write(unit)
        if isinstance(answer, Approval):
            return answer
        word, now, two = answer
        return self._views.give(word, clip_id, by.session_id, stated, now, two)

    async def begin(self, clip_id: str, word: str, *, by: Actor) -> Playback:
        clip, act, view = await self._transactions.write(lambda uow: self._intend(uow, clip_id, word, by))
        try:
            size_bytes = await self.files.size_bytes(clip.file_key)
            if size_bytes != clip.size_bytes:
                raise Unavailable(f"clip {clip.id} has {size_bytes} bytes where {clip.size_bytes} were written")
        except FengtaiError as error:
            cause = str(error)
            await self._transactions.write(lambda uow: _result(uow, clip, act, view, by, Outcome.FAILED, cause, 0))
            raise
        return Playback(clip=clip, size_bytes=size_bytes, act=act, view=view, by=by, player=self)

    def _intend(self, uow: UnitOfWork, clip_id: str, word: str, by: Actor) -> tuple[Clip, str, ClipView]:
        clip = _readable(uow, clip_id, by)
        act, view = uow.new_id(), self._views.find(word, clip_id, by.session_id, uow.now)
        if view.export is not None:
            by.require(Permission.PLAYBACK_EXPORT, uow.store(PointStore).get(clip.point_id).place)
        uow.store(AuditLog).append(
            by.entry(
                _action(view),
                f"clip:{clip.id}",
                Outcome.INTENT,
                act=act,
                purpose=view.purpose.words,
                point_id=clip.point_id,
                incident_id=clip.incident_id,
                **view.export or {},
            )
        )
        return clip, act, view

    async def end(self, playback: Playback, sent_bytes: int, failed: str) -> None:
        outcome = Outcome.FAILED if failed else Outcome.DONE
        await self._transactions.write(
            lambda uow: _result(
                uow, playback.clip, playback.act, playback.view, playback.by, outcome, failed, sent_bytes
            )
        )


def _readable(uow: UnitOfWork, clip_id: str, by: Actor) -> Clip:
    """A clip is seen for an incident that is seen, and shows a point whose recordings may be seen."""
    clip, unknown = uow.store(ClipStore).get(clip_id), NotFound(f"there is no clip {clip_id}")
    if not clip.incident_id:
        by.must_see(Permission.INCIDENTS_SEE, uow.store(AlarmStore).get(clip.alarm_id).place, unknown)
        raise Conflict("take the alarm first: a clip is seen for an incident")
    incident = uow.store(IncidentStore).get(clip.incident_id)
    by.must_see(Permission.INCIDENTS_SEE, incident.place, unknown)
    by.require(Permission.PLAYBACK_SEE, uow.store(PointStore).get(clip.point_id).place)
    if clip.state is not ClipState.READY:
        raise Conflict(f"the clip is {clip.state.value}" + (f": {clip.reason}" if clip.reason else ""))
    return clip


def _result(
    uow: UnitOfWork, clip: Clip, act: str, view: ClipView, by: Actor, outcome: Outcome, cause: str, sent_bytes: int
) -> None:
    uow.store(AuditLog).append(
        by.entry(
            _action(view),
            f"clip:{clip.id}",
            outcome,
            act=act,
            purpose=view.purpose.words,
            point_id=clip.point_id,
            incident_id=clip.incident_id,
            sent_bytes=sent_bytes,
            cause=cause,
            **view.export or {},
        )
    )


def _action(view: ClipView) -> str:
    return "clip.play" if view.export is None else "clip.export"

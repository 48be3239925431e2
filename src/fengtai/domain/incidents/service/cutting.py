"""Clips that are cut by themselves: planned when an alarm is raised, cut when due, tried again, given up with a reason.

A row is pushed back and its tries counted before recordings are asked, so a crash in between costs one try and never
leaves a clip that is tried for ever. The same clip id again overwrites, so a try that was lost after its end is harmless.
"""

from dataclasses import replace

from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.incidents.model import Clip, ClipChanged, ClipGap, ClipState
from fengtai.domain.incidents.ports import ClipStore
from fengtai.domain.incidents.rules import clips as rules
from fengtai.domain.points.ports import PointStore
from fengtai.domain.recordings.model import ClipMade
from fengtai.domain.recordings.ports import Clips
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.errors import FengtaiError, Unavailable
from fengtai.vocabulary.events import LoggedEvent
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


def plan_clips(uow: UnitOfWork, raised: LoggedEvent) -> None:
    """On "alarms.raised": a waiting clip for each of the alarm's best cameras."""
    if not raised.payload["point_ids"]:
        return  # no camera, no question to the database: in a storm these are many
    alarm_id = raised.payload["alarm_id"]
    clips = uow.store(ClipStore)
    if clips.of_alarm(alarm_id):
        return
    from_at, until_at = rules.clip_range(from_ms(raised.payload["raised_at_ms"]))
    # The operator may have been quicker than this subscription.
    incident_id = uow.store(AlarmStore).get(alarm_id).incident_id
    cameras = [point for point in uow.store(PointStore).by_ids(raised.payload["point_ids"]) if point.is_bound]
    for point in cameras[: rules.CLIPS_PER_ALARM]:
        _save(
            uow,
            Clip(
                id=uow.new_id(),
                alarm_id=alarm_id,
                incident_id=incident_id,
                point_id=point.id,
                from_at=from_at,
                until_at=until_at,
                due_at=rules.first_due(until_at),
            ),
        )


def attach_clips(uow: UnitOfWork, alarm_id: str, incident_id: str) -> None:
    """Clips planned before the alarm was taken belong to its incident from now on."""
    for clip in uow.store(ClipStore).of_alarm(alarm_id):
        _save(uow, replace(clip, incident_id=incident_id))


class ClipCutter:
    """Cuts one clip at a time: a storm of alarms must not take the disks from the recorder."""

    def __init__(self, *, transactions: Transactions, clips: Clips) -> None:
        self._transactions, self._clips = transactions, clips
        self._cutting = False

    async def cut_one(self) -> None:
        if self._cutting:
            return
        self._cutting = True
        try:
            if await self._transactions.read(lambda uow: uow.store(ClipStore).due(uow.now.utc)) is None:
                return
            clip = await self._transactions.write(_claim)
            if clip is not None:
                await self._cut(clip)
        finally:
            self._cutting = False

    async def _cut(self, clip: Clip) -> None:
        try:
            made = await self._clips.make_clip(clip.point_id, clip.from_at, clip.until_at, clip.id)
        except Unavailable as error:
            cause = str(error)
            await self._transactions.write(lambda uow: _missed(uow, clip.id, cause))
        except FengtaiError as error:
            # Not a matter of time: the point is unknown, or is not recorded.
            cause = str(error)
            await self._transactions.write(lambda uow: _failed(uow, clip.id, cause))
        else:
            await self._transactions.write(lambda uow: _ready(uow, clip.id, made))


def _claim(uow: UnitOfWork) -> Clip | None:
    clips = uow.store(ClipStore)
    clip = clips.due(uow.now.utc)
    if clip is None:
        return None
    if clip.attempts >= rules.MOST_ATTEMPTS:
        # Only a crash during the last try leads here; an ordinary failure has given up already.
        _failed(uow, clip.id, clip.reason or f"cutting it was interrupted {rules.MOST_ATTEMPTS} times")
        return None
    attempts = clip.attempts + 1
    claimed = replace(clip, attempts=attempts, due_at=rules.next_due(uow.now.utc, attempts))
    clips.save(claimed)
    return claimed


def _missed(uow: UnitOfWork, clip_id: str, cause: str) -> None:
    clips = uow.store(ClipStore)
    clip = replace(clips.get(clip_id), reason=cause)
    if clip.attempts >= rules.MOST_ATTEMPTS:
        _failed(uow, clip_id, cause)
    else:
        clips.save(clip)


def _failed(uow: UnitOfWork, clip_id: str, cause: str) -> None:
    _save(uow, replace(uow.store(ClipStore).get(clip_id), state=ClipState.FAILED, reason=cause))


def _ready(uow: UnitOfWork, clip_id: str, made: ClipMade) -> None:
    _save(
        uow,
        replace(
            uow.store(ClipStore).get(clip_id),
            state=ClipState.READY,
            file_key=made.object_key,
            from_at=from_ms(made.from_ms),
            until_at=from_ms(made.until_ms),
            seconds=made.seconds,
            size_bytes=made.size_bytes,
            sha256=made.sha256,
            gaps=tuple(ClipGap(from_ms=gap.from_ms, until_ms=gap.until_ms, cause=gap.cause) for gap in made.gaps),
            reason="",
        ),
    )


def _save(uow: UnitOfWork, clip: Clip) -> None:
    uow.store(ClipStore).save(clip)
    place = uow.store(AlarmStore).get(clip.alarm_id).place
    uow.publish(
        ClipChanged(
            incident_id=clip.incident_id,
            alarm_id=clip.alarm_id,
            clip_id=clip.id,
            state=clip.state.value,
            organisation_id=place.organisation_id,
            area_code=place.area_code,
        )
    )

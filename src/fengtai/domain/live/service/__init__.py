"""Use cases of live pictures: watching is audited before it begins, and when it has ended one way or the other.

Must not know: SIP, RTP, workers, WebSockets.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from fengtai.domain.access.model import AccessPolicy, Actor, Permission, Place, Purpose
from fengtai.domain.access.rules import checked_purpose
from fengtai.domain.access.service.granting import rights_of
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.devices.service.seen import seen_device
from fengtai.domain.live.model import (
    PICTURES,
    DevicePicture,
    GivenTicket,
    GivenTickets,
    StreamChanged,
    StreamState,
    StreamTrace,
    Transport,
    TransportLesson,
    WatchPlace,
    WatchWish,
)
from fengtai.domain.live.ports import PictureFiles, Streams, TransportStore
from fengtai.domain.live.service.walls import WallDesk as WallDesk
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.domain.points.service.seen import seen_point
from fengtai.vocabulary.errors import Conflict, FengtaiError, Invalid, NotFound, Unavailable
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_PURPOSE_CHARACTERS = 500
PICTURES_KEPT_HOURS = 24
"""of what devices upload: to look at, not an archive. What is to be evidence is recorded"""
TICKS_A_LOOK = 60
PICTURE_ID = re.compile(r"[0-9]{13}-[0-9a-z-]{8,40}")
Answer = TypeVar("Answer")


class StreamLog:
    """Puts the changes of streams into the event log (`live.ports.StreamNews`)."""

    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def changed(self, event: StreamChanged) -> None:
        """Media knows points by their id only; who may be told goes by where the point lies."""

        def publish(uow: UnitOfWork) -> None:
            points = uow.store(PointStore).by_ids([event.point_id])
            place = points[0].place if points else Place()
            uow.publish(replace(event, **place._asdict()))

        await self._transactions.write(publish)


class LearntTransports:
    """Remembers by which transport each device's media come (`live.ports.TransportBook`)."""

    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def of(self, device_id: str) -> TransportLesson | None:
        return await self._transactions.read(lambda uow: uow.store(TransportStore).get(device_id))

    async def learn(self, device_id: str, transport: Transport, why: str) -> None:
        def save(uow: UnitOfWork) -> None:
            lesson = TransportLesson(device_id=device_id, transport=transport, learnt_at=uow.now.utc, why=why)
            uow.store(TransportStore).save(lesson)

        await self._transactions.write(save)

    async def of_device(self, device_id: str, *, by: Actor) -> TransportLesson | None:
        """For people. Raise NotFound when there is no such device, or when it is out of reach."""

        def look(uow: UnitOfWork) -> TransportLesson | None:
            seen_device(uow, device_id, by)
            return uow.store(TransportStore).get(device_id)

        return await self._transactions.read(look)

    async def forget(self, device_id: str, by: Actor) -> None:
        """The usual order is tried again at the next start. Raise NotFound when there is no such device."""

        def delete(uow: UnitOfWork) -> None:
            seen_device(uow, device_id, by, Permission.DEVICES_EDIT)
            lesson = uow.store(TransportStore).get(device_id)
            uow.store(TransportStore).delete(device_id)
            before = "" if lesson is None else lesson.transport.value
            uow.store(AuditLog).append(by.entry("live.forget_transport", f"device:{device_id}", before=before))

        await self._transactions.write(delete)


def may_still(uow: UnitOfWork, given: GivenTicket, permission: Permission) -> bool:
    """Whether the person to whom a ticket was given may do that at its point now."""
    points = uow.store(PointStore).by_ids([given.point_id])
    rights = rights_of(uow, given.user_id)
    return bool(points) and rights.decide(permission, points[0].place).allowed


class NoPictures:
    """Where no object store was given: refuses, and says so."""

    async def put(self, key: str, content: object) -> None:
        raise Unavailable("no object store was set up for pictures of devices")

    async def get(self, key: str) -> bytes:
        raise Unavailable("no object store was set up for pictures of devices")

    async def delete(self, key: str) -> None:
        raise Unavailable("no object store was set up for pictures of devices")

    async def listed(self, prefix: str = "") -> AsyncIterator[str]:
        nothing: tuple[str, ...] = ()
        for key in nothing:
            yield key


class LiveDesk:
    """Where a person asks for a live picture."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        streams: Streams,
        pictures: PictureFiles = NoPictures(),
        policy: AccessPolicy = AccessPolicy(),
    ) -> None:
        self._transactions = transactions
        self._streams, self._pictures, self._policy = streams, pictures, policy
        self._ticks = 0
        self._given = GivenTickets()

    async def watch(
        self, point_id: str, by: Actor, purpose: str = "", *, host: str = "", plays_h265: bool = True
    ) -> WatchPlace:
        """Return where it is watched. Raise NotFound, Conflict when no device is bound, Unavailable with the cause."""

        def start(point: Point) -> Awaitable[WatchPlace]:
            holder = self._given.holder(by.session_id, by.user_id, point.id)
            return self._streams.watch(
                point.id,
                device_id=point.device_id,
                channel_id=point.channel_id,
                session_id=holder,
                host=host,
                wish=WatchWish(carries_sound=point.audio, plays_h265=plays_h265),
            )

        return await self._audited("live.watch", point_id, by, purpose, start)

    async def snapshot(self, point_id: str, by: Actor, purpose: str = "") -> bytes:
        """The latest key frame as JPEG. Raises as `watch` does; it starts no stream."""
        return await self._audited(
            "live.snapshot", point_id, by, purpose, lambda point: self._streams.snapshot(point.id)
        )

    async def device_pictures(
        self, point_id: str, by: Actor, purpose: str = "", *, count: int = 1, commands: DeviceCommands
    ) -> Sequence[DevicePicture]:
        """Have the camera take pictures itself and upload them; they are kept for `PICTURES_KEPT_HOURS`. Raise NotFound,
        Conflict when no device is bound or it cannot do that, Unavailable with one sentence."""

        async def take(point: Point) -> Sequence[DevicePicture]:
            came = await commands.take_pictures(point.device_id, point.channel_id or point.device_id, count=count)
            names = await self._transactions.write(lambda uow: [f"{uow.now.utc_ms}-{uow.new_id()}" for _ in came])
            kept = []
            for name, jpeg in zip(names, came, strict=True):
                kept.append(DevicePicture(id=name, point_id=point.id, size_bytes=len(jpeg)))
                await self._pictures.put(kept[-1].key, jpeg)
            return kept

        return await self._audited("live.device_snapshot", point_id, by, purpose, take)

    async def device_picture(self, point_id: str, picture_id: str, by: Actor, purpose: str = "") -> bytes:
        """One of them, while it is kept. Raise NotFound."""
        if not PICTURE_ID.fullmatch(picture_id):
            raise NotFound("there is no such picture (any more)")
        picture = DevicePicture(id=picture_id, point_id=point_id, size_bytes=0)
        return await self._audited(
            "live.device_picture", point_id, by, purpose, lambda _point: self._pictures.get(picture.key)
        )

    async def tick(self) -> None:
        """Once a minute: pictures that have had their time go. What a crash left behind goes with them."""
        self._ticks += 1
        if self._ticks % TICKS_A_LOOK != 1:
            return
        now_ms = await self._transactions.read(lambda uow: uow.now.utc_ms)
        async for key in self._pictures.listed(PICTURES):
            at_ms = key.rpartition("/")[2].partition("-")[0]
            if at_ms.isdigit() and int(at_ms) + PICTURES_KEPT_HOURS * 3_600_000 <= now_ms:
                await self._pictures.delete(key)

    async def traces(self, point_id: str, by: Actor) -> list[StreamTrace]:
        await self._transactions.read(lambda uow: seen_point(uow, point_id, by, Permission.LIVE_SEE))
        return self._streams.traces(point_id)

    async def states(self, by: Actor) -> list[StreamState]:
        """Of the points whose live picture this person may see."""
        states = self._streams.states()
        if by.reach(Permission.LIVE_SEE).is_everywhere:
            return states
        ids = [state.point_id for state in states]
        points = await self._transactions.read(lambda uow: list(uow.store(PointStore).by_ids(ids)))
        seen = {point.id for point in points if by.may(Permission.LIVE_SEE, point.place)}
        return [state for state in states if state.point_id in seen]

    async def obey_policy(self, point_id: str) -> None:
        """A point was changed (`points.changed`): its sound follows its policy at once."""
        points = await self._transactions.read(lambda uow: list(uow.store(PointStore).by_ids([point_id])))
        for point in points:
            self._streams.carry_sound(point.id, point.audio)

    async def end_session(self, session_id: str) -> None:
        """A session is over (`access.session_ended`): what it watches is closed at once."""
        for holder in [*self._given.end_session(session_id), session_id]:
            await self._streams.end_session(holder)

    async def look_again(self, *, user_id: str = "", point_id: str = "") -> None:
        """Rights of a person have changed, or a point has (`access.rights_changed`, `points.changed`): what may not be
        watched any more is closed, and its tickets are dead."""
        for given in self._given.of(user_id=user_id, point_id=point_id):
            if not await self._transactions.read(partial(may_still, given=given, permission=Permission.LIVE_SEE)):
                self._given.end(given)
                await self._streams.end_session(given.holder)

    async def _audited(
        self, action: str, point_id: str, by: Actor, purpose: str, act: Callable[[Point], Awaitable[Answer]]
    ) -> Answer:
        """INTENT is durable before the act begins; a RESULT that cannot be written withholds the answer."""
        if len(purpose) > MOST_PURPOSE_CHARACTERS:
            raise Invalid(f"a purpose has at most {MOST_PURPOSE_CHARACTERS} characters", field="purpose")
        if self._policy.live_purpose_asked:
            purpose = _stated(purpose, by)
        point, act_id = await self._transactions.write(lambda uow: self._intend(uow, action, point_id, by, purpose))
        outcome, cause = Outcome.FAILED, "broken off"
        try:
            answer = await act(point)
            outcome, cause = Outcome.DONE, ""
            return answer
        except FengtaiError as error:
            cause = str(error)
            raise
        finally:
            entry = by.entry(action, f"point:{point_id}", outcome, act=act_id, purpose=purpose, cause=cause)
            await self._transactions.write(lambda uow: uow.store(AuditLog).append(entry))

    @staticmethod
    def _intend(uow: UnitOfWork, action: str, point_id: str, by: Actor, purpose: str) -> tuple[Point, str]:
        point = seen_point(uow, point_id, by, Permission.LIVE_SEE)
        if not point.is_bound:
            raise Conflict(
                f"point {point.number} ({point.name}) has no camera bound to it: bind a device channel first"
            )
        act_id = uow.new_id()
        uow.store(AuditLog).append(by.entry(action, f"point:{point_id}", Outcome.INTENT, act=act_id, purpose=purpose))
        return point, act_id


def _stated(purpose: str, by: Actor) -> str:
    """As for recordings: one of the list with its number ("case: A-2026-0815"). Whatever else a console says is a look
    round, for which a duty post is asked. Raise Invalid, saying what is missing."""
    code, _, reference = purpose.partition(":")
    if code.strip() not in {one.value for one in Purpose}:
        code, reference = Purpose.DUTY_CHECK.value, ""
    return checked_purpose(code.strip(), reference, by=by).words

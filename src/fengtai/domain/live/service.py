"""Use cases of live pictures: watching is audited before it begins, and when it has ended one way or the other.

Must not know: SIP, RTP, workers, WebSockets.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fengtai.domain.access.model import Actor
from fengtai.domain.audit.model import Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.model import StreamChanged, StreamState, StreamTrace, WatchPlace
from fengtai.domain.live.ports import Streams
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.vocabulary.errors import Conflict, FengtaiError, Invalid
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_PURPOSE_CHARACTERS = 500
Answer = TypeVar("Answer")


class StreamLog:
    """Puts the changes of streams into the event log (`live.ports.StreamNews`)."""

    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def changed(self, event: StreamChanged) -> None:
        await self._transactions.write(lambda uow: uow.publish(event))


class LiveDesk:
    """Where a person asks for a live picture."""

    def __init__(self, *, transactions: Transactions, streams: Streams) -> None:
        self._transactions = transactions
        self._streams = streams

    async def watch(self, point_id: str, by: Actor, purpose: str = "", *, host: str = "") -> WatchPlace:
        """Return where it is watched. Raise NotFound, Conflict when no device is bound, Unavailable with the cause."""

        def start(point: Point) -> Awaitable[WatchPlace]:
            return self._streams.watch(
                point.id, device_id=point.device_id, channel_id=point.channel_id, session_id=by.session_id, host=host
            )

        return await self._audited("live.watch", point_id, by, purpose, start)

    async def snapshot(self, point_id: str, by: Actor, purpose: str = "") -> bytes:
        """The latest key frame as JPEG. Raises as `watch` does; it starts no stream."""
        return await self._audited(
            "live.snapshot", point_id, by, purpose, lambda point: self._streams.snapshot(point.id)
        )

    async def traces(self, point_id: str) -> list[StreamTrace]:
        await self._transactions.read(lambda uow: uow.store(PointStore).get(point_id))
        return self._streams.traces(point_id)

    async def states(self) -> list[StreamState]:
        return self._streams.states()

    async def end_session(self, session_id: str) -> None:
        """A session is over (`access.session_ended`): what it watches is closed at once."""
        await self._streams.end_session(session_id)

    async def _audited(
        self, action: str, point_id: str, by: Actor, purpose: str, act: Callable[[Point], Awaitable[Answer]]
    ) -> Answer:
        """INTENT is durable before the act begins; a RESULT that cannot be written withholds the answer."""
        if len(purpose) > MOST_PURPOSE_CHARACTERS:
            raise Invalid(f"a purpose has at most {MOST_PURPOSE_CHARACTERS} characters", field="purpose")
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
        point = uow.store(PointStore).get(point_id)
        if not point.is_bound:
            raise Conflict(
                f"point {point.number} ({point.name}) has no camera bound to it: bind a device channel first"
            )
        act_id = uow.new_id()
        uow.store(AuditLog).append(by.entry(action, f"point:{point_id}", Outcome.INTENT, act=act_id, purpose=purpose))
        return point, act_id

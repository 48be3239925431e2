"""Use cases of playback: what was recorded is seen only with a purpose, audited before it begins, and after it has ended
with what was seen. Must not know: MP4, workers, WebSockets.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from fengtai.domain.access.model import Actor, Permission, StatedPurpose
from fengtai.domain.access.rules import checked_purpose
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.model import GivenTickets
from fengtai.domain.live.ports import Streams
from fengtai.domain.live.service import may_still
from fengtai.domain.points.model import Point
from fengtai.domain.points.service.seen import seen_point
from fengtai.domain.recordings.model import Gap, PlaybackAsked, PlaybackPlace, PlaybackShown
from fengtai.domain.recordings.ports import GapStore, Player
from fengtai.vocabulary.errors import FengtaiError, Invalid
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

MOST_PLAYBACK_MS = 24 * 3_600_000
DEFAULT_PLAYBACK_MS = 3_600_000
MOST_KEPT_RESULTS = 10_000
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeAsked:
    """Why somebody says that they look at what was recorded (`access.model.Purpose`), with its number."""

    code: str = ""
    reference: str = ""


class PlaybackDesk:
    """Where a person asks for what was recorded."""

    def __init__(self, *, transactions: Transactions, player: Player, streams: Streams) -> None:
        self._transactions, self._player, self._streams = transactions, player, streams
        self._given = GivenTickets("playback")
        self._unwritten: list[AuditEntry] = []
        """of playbacks that have ended; written by the next tick"""

    async def play(
        self, point_id: str, from_ms: int, until_ms: int | None, by: Actor, purpose: PurposeAsked, *, host: str = ""
    ) -> tuple[PlaybackPlace, PlaybackAsked, list[Gap]]:
        """Where it is seen, the range that may be seen, and its gaps. Raise NotFound, NotAllowed, Invalid, Unavailable."""
        end_ms = from_ms + DEFAULT_PLAYBACK_MS if until_ms is None else until_ms
        if not from_ms < end_ms <= from_ms + MOST_PLAYBACK_MS:
            raise Invalid(
                "a playback has more than 0 and at most 24 hours: ask for the next day by itself", field="until"
            )
        stated = checked_purpose(purpose.code, purpose.reference, by=by)
        details: dict[str, Any] = {"from_ms": from_ms, "until_ms": end_ms}

        async def open_it(point: Point, act: str) -> tuple[PlaybackPlace, PlaybackAsked, list[Gap]]:
            gaps = await self._transactions.read(
                lambda uow: list(uow.store(GapStore).of_point(point.id, from_ms, end_ms))
            )
            asked = PlaybackAsked(
                point_id=point.id,
                from_ms=from_ms,
                until_ms=end_ms,
                session_id=self._given.holder(by.session_id, by.user_id, point.id),
                host=host,
                carries_sound=point.audio,
            )
            place = await self._player.open(asked, gaps, lambda shown: self._ended(shown, point.id, by, stated, act))
            return place, asked, gaps

        return await self._audited("recordings.playback", point_id, by, stated, details, open_it)

    async def still(self, point_id: str, at_ms: int, by: Actor, purpose: PurposeAsked) -> bytes:
        """The picture of one moment as JPEG. Raise NotFound, Unavailable."""
        return await self._audited(
            "recordings.still",
            point_id,
            by,
            checked_purpose(purpose.code, purpose.reference, by=by),
            {"at_ms": at_ms},
            lambda point, _: self._player.still(point.id, at_ms),
        )

    async def tick(self) -> None:
        """Write down what was seen of playbacks that have ended; what cannot be written now is written later."""
        if not self._unwritten:
            return
        entries = list(self._unwritten)

        def write(uow: UnitOfWork) -> None:
            for entry in entries:
                uow.store(AuditLog).append(entry)

        await self._transactions.write(write)
        del self._unwritten[: len(entries)]

    async def end_session(self, session_id: str) -> None:
        """A session is over: what it plays back is closed, and its tickets are dead."""
        for holder in self._given.end_session(session_id):
            await self._streams.end_session(holder)

    async def look_again(self, *, user_id: str = "", point_id: str = "") -> None:
        """Rights of a person have changed, or a point has: what may not be seen any more is closed."""
        for given in self._given.of(user_id=user_id, point_id=point_id):
            still = partial(may_still, given=given, permission=Permission.PLAYBACK_SEE)
            if not await self._transactions.read(still):
                self._given.end(given)
                await self._streams.end_session(given.holder)

    def _ended(self, shown: PlaybackShown, point_id: str, by: Actor, purpose: StatedPurpose, act: str) -> None:
        entry = by.entry(
            "recordings.playback_ended",
            f"point:{point_id}",
            act=act,
            purpose=purpose.words,
            seconds=round(shown.seconds, 1),
            size_bytes=shown.size_bytes,
            first_ms=shown.first_ms,
            last_ms=shown.last_ms,
        )
        if len(self._unwritten) < MOST_KEPT_RESULTS:  # beyond it the audit log has been failing for long, and says so
            self._unwritten.append(entry)

    async def _audited(
        self,
        action: str,
        point_id: str,
        by: Actor,
        purpose: StatedPurpose,
        details: dict[str, Any],
        act: Callable[[Point, str], Awaitable[Answer]],
    ) -> Answer:
        """INTENT is durable before the act begins; a RESULT that cannot be written withholds the answer."""
        place = f"point:{point_id}"

        def intend(uow: UnitOfWork) -> tuple[Point, str]:
            point = seen_point(uow, point_id, by, Permission.PLAYBACK_SEE)
            act_id = uow.new_id()
            intent = by.entry(action, place, Outcome.INTENT, act=act_id, purpose=purpose.words, **details)
            uow.store(AuditLog).append(intent)
            return point, act_id

        point, act_id = await self._transactions.write(intend)
        outcome, cause = Outcome.FAILED, "broken off"
        try:
            answer = await act(point, act_id)
            outcome, cause = Outcome.DONE, ""
            return answer
        except FengtaiError as error:
            cause = str(error)
            raise
        finally:
            result = by.entry(action, place, outcome, act=act_id, purpose=purpose.words, cause=cause, **details)
            await self._transactions.write(lambda uow: uow.store(AuditLog).append(result))

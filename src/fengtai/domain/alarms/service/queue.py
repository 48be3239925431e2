"""The queue as a person reads it: open alarms in order, those of one panel folded where they are many, and the counts.

Reads only. What is done to an alarm stands in `desk` and, when somebody takes it, in incidents.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.alarms.model import Alarm, OpenCounts, QueueEntry
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.alarms.service.life_cycle import seen_alarm
from fengtai.vocabulary.transactions import Transactions, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    entries: Sequence[QueueEntry]
    counts: OpenCounts
    """of the whole queue, not of this page"""


class AlarmQueue:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions

    async def page(self, *, after: str = "", limit: int = 200, text: str = "", by: Actor) -> QueuePage:
        within = by.reach(Permission.ALARMS_SEE)

        def read(uow: UnitOfWork) -> QueuePage:
            if after:
                seen_alarm(uow, after, by)
            alarms = uow.store(AlarmStore)
            return QueuePage(
                entries=alarms.queue_page(after=after, limit=limit, within=within, text=text.strip()),
                counts=alarms.open_counts(within),
            )

        return await self._transactions.read(read)

    async def folded_with(self, alarm_id: str, *, after: str = "", limit: int = 200, by: Actor) -> Sequence[Alarm]:
        """The alarms of one row of the queue, oldest first."""
        within = by.reach(Permission.ALARMS_SEE)

        def read(uow: UnitOfWork) -> Sequence[Alarm]:
            alarm = seen_alarm(uow, alarm_id, by)
            if after:
                seen_alarm(uow, after, by)
            return uow.store(AlarmStore).folded_with(alarm, after=after, limit=limit, within=within)

        return await self._transactions.read(read)

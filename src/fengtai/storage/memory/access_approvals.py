"""The in-memory twin of requests for a second person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Approval, ApprovalState, Reach
from fengtai.domain.access.ports import ApprovalStore
from fengtai.vocabulary.errors import NotFound

_OPEN = (ApprovalState.WAITING, ApprovalState.APPROVED)


class MemoryApprovals:
    def __init__(self) -> None:
        self.by_id: dict[str, Approval] = {}

    def get(self, approval_id: str) -> Approval:
        try:
            return self.by_id[approval_id]
        except KeyError:
            raise NotFound("there is no such request") from None

    def open_of(self, user_id: str) -> Sequence[Approval]:
        return [one for one in self._in_order() if one.asked_by == user_id and one.state in _OPEN]

    def over(self, now: datetime) -> Sequence[Approval]:
        return [one for one in self._in_order() if one.state in _OPEN and one.expires_at <= now]

    def page(
        self,
        reach: Reach | None,
        *,
        asked_by: str = "",
        only_waiting: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Approval]:
        return [
            one
            for one in reversed(self._in_order())
            if (reach is None or reach.covers(one.place))
            and (not asked_by or one.asked_by == asked_by)
            and (not only_waiting or one.state is ApprovalState.WAITING)
            and (not after or one.id < after)
        ][:limit]

    def add(self, approval: Approval) -> None:
        self.by_id[approval.id] = approval

    def move(self, approval: Approval, *, seen: ApprovalState) -> bool:
        if self.by_id[approval.id].state is not seen:
            return False
        self.by_id[approval.id] = approval
        return True

    def _in_order(self) -> list[Approval]:
        return sorted(self.by_id.values(), key=lambda approval: approval.id)


STORES: Mapping[type[Any], type[Any]] = {ApprovalStore: MemoryApprovals}

"""Hand-overs of shifts kept in a dict: the complete twin of `domain.incidents.store.hand_overs`."""

from collections.abc import Mapping, Sequence
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.incidents.model import HandOver, HandOverState
from fengtai.domain.incidents.ports import HandOverStore
from fengtai.vocabulary.errors import NotFound


class MemoryHandOvers:
    def __init__(self) -> None:
        self.by_id: dict[str, HandOver] = {}

    def get(self, hand_over_id: str) -> HandOver:
        try:
            return self.by_id[hand_over_id]
        except KeyError:
            raise NotFound(f"there is no hand-over {hand_over_id}") from None

    def save(self, hand_over: HandOver) -> None:
        self.by_id[hand_over.id] = hand_over

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[HandOver]:
        return [
            one
            for hand_over_id, one in sorted(self.by_id.items(), reverse=True)
            if (not after or hand_over_id < after) and (within is None or within.covers(one.place))
        ][:limit]

    def waiting_of(self, post: str, *, organisation_id: str) -> HandOver | None:
        waiting = [
            one
            for one in self.by_id.values()
            if (one.post, one.organisation_id, one.state) == (post, organisation_id, HandOverState.WAITING)
        ]
        return min(waiting, key=lambda one: one.id, default=None)


STORES: Mapping[type[Any], type[Any]] = {HandOverStore: MemoryHandOvers}

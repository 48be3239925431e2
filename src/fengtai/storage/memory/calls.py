"""Telephone calls kept in a dict: the complete twin of `domain.alarms.store.calls`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fengtai.domain.access.model import Reach
from fengtai.domain.alarms.model import TelephoneCall
from fengtai.domain.alarms.ports import CallStore
from fengtai.vocabulary.errors import NotFound


class MemoryCalls:
    def __init__(self) -> None:
        self.by_id: dict[str, TelephoneCall] = {}

    def get(self, call_id: str) -> TelephoneCall:
        try:
            return self.by_id[call_id]
        except KeyError:
            raise NotFound(f"there is no call {call_id}") from None

    def save(self, call: TelephoneCall) -> None:
        self.by_id[call.id] = call

    def page(self, *, after: str = "", limit: int = 50, within: Reach | None = None) -> Sequence[TelephoneCall]:
        return [
            call
            for call in self._newest_first()
            if (not after or call.id < after) and (within is None or within.covers(call.place))
        ][:limit]

    def of_number(self, caller_number: str, *, since: datetime, limit: int = 20) -> Sequence[TelephoneCall]:
        return [
            call
            for call in self._newest_first()
            if call.words.caller_number == caller_number and call.registered_at >= since
        ][:limit]

    def without_signal(self, *, limit: int = 50) -> Sequence[TelephoneCall]:
        return [call for call in reversed(self._newest_first()) if not call.signal_seq][:limit]

    def _newest_first(self) -> list[TelephoneCall]:
        return sorted(self.by_id.values(), key=lambda call: call.id, reverse=True)


STORES: Mapping[type[Any], type[Any]] = {CallStore: MemoryCalls}

"""Orders to devices whose answer is waited for: guard, alarm reset, snapshot (GB/T 28181-2022 sections 9.3 and 9.14).

An order is carried out when its Response says OK. A device that takes it (200) and never answers has perhaps done it:
that is told as unconfirmed, not as done. Key frames, PTZ and restarts have no Response and are not waited for.
"""

import heapq
from dataclasses import dataclass
from enum import Enum

from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.gb28181.notices import OrderResult
from fengtai.protocols.sip import Response

MOST_ORDERS = 10_000


class OrderOutcome(Enum):
    DONE = "done"
    REFUSED = "refused"
    UNCONFIRMED = "unconfirmed"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded:
    """`detail` is a sentence for a person."""

    device_id: str
    sn: int
    outcome: OrderOutcome
    detail: str = ""


@dataclass(slots=True)
class _Order:
    device_id: str
    sn: int
    branch: str
    deadline: float


class Orders:
    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._by_sn: dict[tuple[str, int], _Order] = {}
        self._by_branch: dict[str, _Order] = {}
        self._heap: list[tuple[float, str, int]] = []
        self._events: list[OrderEnded] = []

    @property
    def full(self) -> bool:
        return len(self._by_sn) >= MOST_ORDERS

    def events(self) -> list[OrderEnded]:
        events, self._events = self._events, []
        return events

    def sent(self, device_id: str, sn: int, branch: str, now: float) -> None:
        order = _Order(device_id, sn, branch, now + self._bounds.order_answer_seconds)
        self._by_sn[device_id, sn] = self._by_branch[branch] = order
        heapq.heappush(self._heap, (order.deadline, device_id, sn))

    def take_response(self, branch: str, response: Response, now: float) -> bool:
        """True when it was the answer to an order."""
        order = self._by_branch.get(branch)
        if order is None:
            return False
        if 200 <= response.status < 300:
            del self._by_branch[branch]
            order.deadline = now + self._bounds.order_result_seconds
            heapq.heappush(self._heap, (order.deadline, order.device_id, order.sn))
        elif response.status >= 300:
            self._end(order, OrderOutcome.REFUSED, f"The device refuses: {response.status} {response.reason}.")
        return True

    def take_timeout(self, branch: str) -> bool:
        order = self._by_branch.get(branch)
        if order is None:
            return False
        self._end(order, OrderOutcome.SILENT, "The device did not answer.")
        return True

    def take_result(self, device_id: str, result: OrderResult) -> None:
        """Results of orders that nobody waits for (some devices answer even PTZ) are passed over."""
        order = self._by_sn.get((device_id, result.sn))
        if order is None:
            return
        if result.ok:
            self._end(order, OrderOutcome.DONE, "")
        else:
            because = f": {result.reason}" if result.reason else ""
            self._end(order, OrderOutcome.REFUSED, f"The device answers ERROR{because}.")

    def device_gone(self, device_id: str) -> None:
        for order in [one for one in self._by_sn.values() if one.device_id == device_id]:
            self._end(order, OrderOutcome.SILENT, "The device went away before it answered.")

    def next_deadline(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def pass_time(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            _, device_id, sn = heapq.heappop(self._heap)
            order = self._by_sn.get((device_id, sn))
            if order is None or order.deadline > now:
                continue
            if order.branch in self._by_branch:
                self._end(order, OrderOutcome.SILENT, "The device did not answer.")
            else:
                self._end(order, OrderOutcome.UNCONFIRMED, "The device took the order (200) but did not confirm it.")

    def _end(self, order: _Order, outcome: OrderOutcome, detail: str) -> None:
        self._by_sn.pop((order.device_id, order.sn), None)
        self._by_branch.pop(order.branch, None)
        self._events.append(OrderEnded(device_id=order.device_id, sn=order.sn, outcome=outcome, detail=detail))

"""Orders that people give to devices, and the wait for their answers."""

import asyncio

from fengtai.domain.devices.model import Order, OrderOutcome, OrderReport
from fengtai.protocols.gb28181 import OrderEnded, PlatformEndpoint
from fengtai.vocabulary.clock import Clock

Waiting = asyncio.Future[OrderReport]


class OrderDesk:
    """Call `carry_out`, pump the sockets through `sent`; every order ends by an `OrderEnded` of the endpoint."""

    def __init__(self, endpoint: PlatformEndpoint, clock: Clock) -> None:
        self._endpoint, self._clock = endpoint, clock
        self._waiting: dict[tuple[str, int], Waiting] = {}

    def send(self, device_id: str, target_id: str, order: Order) -> Waiting:
        """Raise Unavailable when the device is offline, TooMany when too many orders wait."""
        asking, now = self._endpoint.asking, self._clock.now()
        if order is Order.RESET_ALARM:
            sn = asking.reset_alarm(device_id, target_id, now)
        else:
            sn = asking.set_guard(device_id, target_id, now, on=order is Order.GUARD)
        return self.wait_for(device_id, sn)

    def wait_for(self, device_id: str, sn: int) -> Waiting:
        """The answer to an order that has just been given."""
        answer: Waiting = asyncio.get_running_loop().create_future()
        self._waiting[device_id, sn] = answer
        return answer

    def take(self, ended: OrderEnded) -> None:
        waiting = self._waiting.pop((ended.device_id, ended.sn), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(OrderReport(outcome=OrderOutcome(ended.outcome.value), detail=ended.detail))

    def close(self) -> None:
        """We stop: nobody will hear the answers."""
        for waiting in self._waiting.values():
            if not waiting.done():
                report = OrderReport(outcome=OrderOutcome.UNCONFIRMED, detail="The platform stopped in between.")
                waiting.set_result(report)
        self._waiting.clear()

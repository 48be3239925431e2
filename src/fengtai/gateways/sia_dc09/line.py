"""What TCP and UDP of the gateway have in common: events of the endpoint become signals, and answers go back.

The ACK of a message leaves only when `AlarmDesk.take` has told that every event of it is durable, which is after the
commit. Heartbeats are answered at once. Nothing is answered twice, nothing out of order on one connection.
No task and no future per message: this is the hot path of a storm.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from fengtai.domain.alarms.model import Signal
from fengtai.domain.alarms.ports import Told
from fengtai.gateways.sia_dc09.accounts import RELOAD_SECONDS, AccountBook, KnownAccount
from fengtai.gateways.sia_dc09.signals import signals_of
from fengtai.protocols.sia_dc09 import (
    Address,
    FrameIgnored,
    FrameReceived,
    FrameRefused,
    HeartbeatReceived,
    Message,
    Receiver,
    ReceiverEvent,
)
from fengtai.vocabulary.clock import Clock, Instant
from fengtai.vocabulary.errors import FengtaiError, Unavailable

log = structlog.get_logger()

Send = Callable[[bytes], None]
Wait = Callable[[FrameReceived], "Answer"]
"""a place in the line of those that wait for their commit"""


class Answer(Protocol):
    """What is to happen when it is known whether a message is durable: true, and its ACK may be sent."""

    def __call__(self, is_stored: bool) -> None: ...


class AlarmReceiver(Protocol):
    """What the line needs of the alarm desk (`domain.alarms.service.AlarmDesk`)."""

    def take(self, signals: Sequence[Signal], told: Told) -> None: ...

    def heard(self, account_id: str, now: Instant) -> None: ...


class Line:
    """Shared by all connections and datagrams of one gateway."""

    def __init__(self, receiver: Receiver, book: AccountBook, alarms: AlarmReceiver, clock: Clock) -> None:
        self.receiver, self.clock = receiver, clock
        self._book, self._alarms = book, alarms
        self._running: set[asyncio.Task[None]] = set()
        self.counters: Counter[str] = Counter()

    def handle(self, event: ReceiverEvent, peer: Address, send: Send, wait: Wait, now: Instant) -> None:
        """Act on an event. A message that must be stored takes a place by `wait`, and the place is told the outcome."""
        if isinstance(event, FrameReceived):
            account = self._heard(event.message, now)
            in_clear = bool(account and account.keys and not event.message.encrypted)
            self._store(event, signals_of(event, peer, in_clear=in_clear), wait(event))
        elif isinstance(event, HeartbeatReceived):
            self._heard(event.message, now)
            send(event.reply)
        elif isinstance(event, FrameRefused):
            send(event.reply)
            log.info("dc09.refused", account=event.message.account, reason=event.reason, peer=peer[0])
        else:
            self._ignored(event, peer, send, wait)

    def acknowledge(self, received: FrameReceived) -> bytes:
        self.counters["acknowledged"] += 1
        return self.receiver.acknowledge(received, now=self.clock.now())

    def _store(self, received: FrameReceived, signals: Sequence[Signal], answer: Answer) -> None:
        def told(error: Unavailable | None) -> None:
            if error is not None:
                self._not_stored(received, error)
            answer(error is None)

        try:
            self._alarms.take(signals, told)
        except FengtaiError as error:
            self._not_stored(received, error)
            answer(False)

    def _not_stored(self, received: FrameReceived, error: FengtaiError) -> None:
        """Not durable, so not acknowledged: the panel repeats, or goes to its next receiver."""
        self.counters["not_stored"] += 1
        message = received.message
        log.error("dc09.not_stored", account=message.account, sequence=message.sequence, error=str(error))

    def _heard(self, message: Message, now: Instant) -> KnownAccount | None:
        account = self._book.find(message.account, message.receiver or "", message.line or "")
        if account is not None:
            self._alarms.heard(account.id, now)
        return account

    def _ignored(self, event: FrameIgnored, peer: Address, send: Send, wait: Wait) -> None:
        log.info("dc09.ignored", account=event.account, reason=event.reason, peer=peer[0])
        if event.reason in ("no-key", "wrong-key") and self._book.age_seconds > RELOAD_SECONDS:
            self._keep(asyncio.create_task(self._try_again(event, peer, send, wait)))

    async def _try_again(self, event: FrameIgnored, peer: Address, send: Send, wait: Wait) -> None:
        """Perhaps its key was entered a moment ago."""
        await self._book.reload()
        now = self.clock.now()
        for again in self.receiver.receive_datagram(event.raw, peer, now=now):
            self.handle(again, peer, send, wait, now)

    def _keep(self, task: asyncio.Task[None]) -> None:
        """The loop holds tasks weakly; a failure is told, not lost."""
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("dc09.failed", error=repr(error))

    async def finish(self) -> None:
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

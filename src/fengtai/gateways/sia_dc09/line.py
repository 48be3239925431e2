"""What TCP and UDP of the gateway have in common: events of the endpoint become signals, and answers go back.

The ACK of a message leaves only after `AlarmDesk.receive` has returned for every event of it, which is after the commit.
Heartbeats are answered at once. Nothing is answered twice, nothing out of order on one connection.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from fengtai.domain.alarms.model import JournalledSignal, Signal
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
from fengtai.vocabulary.errors import FengtaiError

log = structlog.get_logger()

Send = Callable[[bytes], None]


class AlarmReceiver(Protocol):
    """What the line needs of the alarm desk (`domain.alarms.service.AlarmDesk`)."""

    async def receive(self, signal: Signal) -> JournalledSignal: ...

    def heard(self, account_id: str, now: Instant) -> None: ...


class Line:
    """Shared by all connections and datagrams of one gateway."""

    def __init__(self, receiver: Receiver, book: AccountBook, alarms: AlarmReceiver, clock: Clock) -> None:
        self.receiver, self.clock = receiver, clock
        self._book, self._alarms = book, alarms
        self._running: set[asyncio.Task[None]] = set()
        self.counters: Counter[str] = Counter()

    def handle(self, event: ReceiverEvent, peer: Address, send: Send, now: Instant) -> asyncio.Task[bool] | None:
        """Act on an event. A message that must be stored gives a task: true when its ACK may be sent."""
        if isinstance(event, FrameReceived):
            account = self._heard(event.message, now)
            in_clear = bool(account and account.keys and not event.message.encrypted)
            return asyncio.create_task(self._store(event, signals_of(event, peer, in_clear=in_clear)))
        if isinstance(event, HeartbeatReceived):
            self._heard(event.message, now)
            send(event.reply)
        elif isinstance(event, FrameRefused):
            send(event.reply)
            log.info("dc09.refused", account=event.message.account, reason=event.reason, peer=peer[0])
        else:
            self._ignored(event, peer, send)
        return None

    def acknowledge(self, received: FrameReceived) -> bytes:
        self.counters["acknowledged"] += 1
        return self.receiver.acknowledge(received, now=self.clock.now())

    async def _store(self, received: FrameReceived, signals: Sequence[Signal]) -> bool:
        try:
            if len(signals) == 1:
                await self._alarms.receive(signals[0])
            else:
                await asyncio.gather(*(self._alarms.receive(signal) for signal in signals))
        except FengtaiError as error:
            # Not durable, so not acknowledged: the panel repeats, or goes to its next receiver.
            self.counters["not_stored"] += 1
            message = received.message
            log.error("dc09.not_stored", account=message.account, sequence=message.sequence, error=str(error))
            return False
        return True

    def _heard(self, message: Message, now: Instant) -> KnownAccount | None:
        account = self._book.find(message.account, message.receiver or "", message.line or "")
        if account is not None:
            self._alarms.heard(account.id, now)
        return account

    def _ignored(self, event: FrameIgnored, peer: Address, send: Send) -> None:
        log.info("dc09.ignored", account=event.account, reason=event.reason, peer=peer[0])
        if event.reason in ("no-key", "wrong-key") and self._book.age_seconds > RELOAD_SECONDS:
            self._keep(asyncio.create_task(self._try_again(event, peer, send)))

    async def _try_again(self, event: FrameIgnored, peer: Address, send: Send) -> None:
        """Perhaps its key was entered a moment ago."""
        await self._book.reload()
        now = self.clock.now()
        for again in self.receiver.receive_datagram(event.raw, peer, now=now):
            task = self.handle(again, peer, send, now)
            if task is not None and isinstance(again, FrameReceived) and await task:
                send(self.acknowledge(again))

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

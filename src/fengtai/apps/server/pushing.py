"""Tells webhooks what happened: for each its own cursor in the event log, one message at a time, slow ones beside quick.

`tick` runs once a second (a background loop): it starts a round for each webhook that is due and has none running.
"""

import asyncio
from collections.abc import Mapping

import structlog

from fengtai.apps.events_reference import found_events
from fengtai.domain.webhooks.model import Webhook
from fengtai.domain.webhooks.rules import is_wanted
from fengtai.domain.webhooks.service import WebhookDesk
from fengtai.vocabulary.events import EventReader

log = structlog.get_logger()

PAGE = 200


class EventKinds:
    """Implements webhooks.ports.KnownKinds: the kinds of all event classes that there are."""

    def __init__(self) -> None:
        self._needs = {event.kind: event.needs for event in found_events()}

    def needs(self) -> Mapping[str, str]:
        return self._needs


class Pusher:
    """Runs the rounds; `stop` ends those that run (what they were telling is told again later)."""

    def __init__(self, desk: WebhookDesk, events: EventReader) -> None:
        self._desk, self._events = desk, events
        self._rounds: dict[str, asyncio.Task[None]] = {}

    async def tick(self) -> None:
        for webhook_id, task in list(self._rounds.items()):
            if task.done():
                del self._rounds[webhook_id]
                if not task.cancelled() and (error := task.exception()) is not None:
                    raise error  # to the top of the background loop, which logs, counts and goes on
        for webhook in await self._desk.due():
            if webhook.id not in self._rounds:
                self._rounds[webhook.id] = asyncio.create_task(self._round(webhook), name=f"webhook {webhook.name}")

    async def stop(self) -> None:
        for task in self._rounds.values():
            task.cancel()
        await asyncio.gather(*self._rounds.values(), return_exceptions=True)

    async def _round(self, webhook: Webhook) -> None:
        """Until it knows all, or must wait."""
        current: Webhook | None = webhook
        while current is not None:
            events = await self._events.after(current.told_seq, limit=PAGE)
            if not events:
                return
            for event in events:
                if not is_wanted(current, event):
                    continue
                current = await self._desk.tell(current, event)
                if current is None:
                    log.info("webhook.waits", webhook_id=webhook.id, seq=event.seq)
                    return
            if events[-1].seq > current.told_seq:
                current = await self._desk.pass_over(current, events[-1].seq)

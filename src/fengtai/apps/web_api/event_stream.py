"""`GET /api/events`: the event log as server-sent events (WHATWG HTML 9.2), resuming where the client left off.

A client costs a cursor, not a queue: each stream reads the log itself, and only as fast as its client takes. It is told
what its person may see, shows a sign of life every two seconds, and ends when the session ends or the server stops.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from fengtai.apps.web_api.gate import who
from fengtai.domain.access.model import Actor, SessionEnded, signed_in
from fengtai.domain.access.rules import may_be_told
from fengtai.domain.access.service import AccessDesk
from fengtai.vocabulary.clock import from_ms
from fengtai.vocabulary.errors import TooMany, Unauthenticated
from fengtai.vocabulary.events import EventReader, LoggedEvent

LIFE_SIGN_SECONDS = 2.0
BATCH = 200
TEXTS_KEPT = 2000
_LARGEST_SEQ = 2**63 - 1


class EventStreams:
    """All open streams. `close()` lets them end, each at its next sign of life at the latest, before the server stops."""

    def __init__(self, events: EventReader, access: AccessDesk, *, most_per_person: int = 8) -> None:
        self._events, self._access, self._most_per_person = events, access, most_per_person
        self._open: Counter[str] = Counter()
        self._closing = False
        self._texts: dict[int, str] = {}
        """what the newest events look like on the wire, written once for all consoles"""

    @property
    def open_streams(self) -> int:
        return self._open.total()

    def close(self) -> None:
        self._closing = True

    def enter(self, user_id: str) -> None:
        """Raise TooMany when this person has as many streams as one may have."""
        if self._open[user_id] >= self._most_per_person:
            raise TooMany(f"You have {self._most_per_person} consoles open already; close one.")
        self._open[user_id] += 1

    def leave(self, user_id: str) -> None:
        self._open[user_id] -= 1
        if not self._open[user_id]:
            del self._open[user_id]

    async def told_to(self, by: Actor, token_check: "SessionCheck", after: int | None) -> AsyncIterator[str]:
        newest = await self._events.newest()
        seq = newest if after is None else min(after, newest)
        yield _message("hello", {"seq": seq}, seq)
        while not self._closing:
            batch = await self._events.after(seq, limit=BATCH)
            try:
                by = await token_check()
            except Unauthenticated:
                yield "".join(self._told([event for event in batch if _ends(event, by.session_id)], by))
                return
            if not batch:
                if not await self._events.changed(seq, seconds=LIFE_SIGN_SECONDS):
                    yield ": here\n\n"
                continue
            seq = batch[-1].seq
            yield "".join(self._told(batch, by)) or f"id: {seq}\n: here\n\n"
            if any(_ends(event, by.session_id) for event in batch):
                return

    def _told(self, batch: Iterable[LoggedEvent], by: Actor) -> Iterable[str]:
        for event in batch:
            if may_be_told(event, by) or _ends(event, by.session_id):
                yield self._texts.get(event.seq) or self._written(event)

    def _written(self, event: LoggedEvent) -> str:
        if len(self._texts) >= TEXTS_KEPT:
            self._texts.clear()
        at = from_ms(event.at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = self._texts[event.seq] = _message(event.kind, {"at": at, **event.payload}, event.seq)
        return text


class SessionCheck:
    """Asks again who holds this token; the desk's memory of two seconds makes that cheap."""

    def __init__(self, access: AccessDesk, token: str, source_ip: str) -> None:
        self._access, self._token, self._source_ip = access, token, source_ip

    async def __call__(self) -> Actor:
        return await self._access.authenticate(self._token, self._source_ip)


class _Stream(StreamingResponse):
    """Gives its place back however it ends, also when the client left before the first byte."""

    def __init__(self, content: AsyncIterator[str], streams: EventStreams, user_id: str) -> None:
        super().__init__(
            content, media_type="text/event-stream", headers={"cache-control": "no-store", "x-accel-buffering": "no"}
        )
        self._streams, self._user_id = streams, user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._user_id)


def event_routes(streams: EventStreams, access: AccessDesk) -> APIRouter:
    routes = APIRouter(tags=["events"])

    @routes.get("/api/events", openapi_extra=signed_in(), response_class=StreamingResponse)
    async def events(
        request: Request,
        after: Annotated[int | None, Query(ge=0, le=_LARGEST_SEQ)] = None,
        last_event_id: Annotated[str, Header()] = "",
        by: Actor = Depends(who),
    ) -> StreamingResponse:
        """Server-sent events. `Last-Event-ID` (sent by the browser when it reconnects) wins over `after`."""
        if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19:
            after = int(last_event_id)
        check = SessionCheck(access, request.state.token, by.source_ip)
        streams.enter(by.user_id)
        return _Stream(streams.told_to(by, check, after), streams, by.user_id)

    return routes


def _ends(event: LoggedEvent, session_id: str) -> bool:
    return event.kind == SessionEnded.kind and event.payload.get("session_id") == session_id


def _message(kind: str, data: object, seq: int) -> str:
    """JSON has no raw line feeds, so one `data:` line is enough."""
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"

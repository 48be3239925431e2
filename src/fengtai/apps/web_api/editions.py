"""ETag and If-Match (RFC 9110, 8.8.3 and 13.1): nobody's edit is written over unseen.

`GET` of one thing answers an ETag over what it shows; `If-None-Match` saves the body. A change of that thing, or of what
hangs below it, with `If-Match` is done only if the thing still looks so: look and act under one lock per thing. Things
that carry a `version` in their body keep it; it is checked in their unit of work, whatever this layer says.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping
from typing import ClassVar
from weakref import WeakValueDictionary

from fastapi.routing import APIRoute
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fengtai.apps.web_api.problems import problem
from fengtai.vocabulary.errors import Kind


def thing_routes(routes: Iterable[APIRoute]) -> Mapping[str, APIRoute]:
    """`GET` routes of one thing, by path: those whose last part is a parameter, such as /api/points/{point_id}."""
    return {
        route.path: route
        for route in routes
        if "GET" in (route.methods or ()) and route.path.endswith("}") and route.path.startswith("/api/")
    }


def thing_of(path: str, things: Mapping[str, APIRoute]) -> APIRoute | None:
    """The thing that a change at this path is about: the route at the path itself or the nearest above it."""
    while "{" in path:
        if path in things:
            return things[path]
        path = path.rsplit("/", 1)[0]
    return None


class Tagged:
    """Around the GET of one thing: adds the ETag, answers 304."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        heard = await _heard(self._app, scope, receive, send)
        if heard is None:
            return
        start, body = heard
        if start["status"] != 200:
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        tag = etag(body)
        headers = MutableHeaders(raw=start["headers"])
        headers["etag"] = tag
        if _names(Headers(scope=scope).get("if-none-match", ""), tag, weak=True):
            kept = [
                (name, value) for name, value in start["headers"] if name not in (b"content-length", b"content-type")
            ]
            await send({"type": "http.response.start", "status": 304, "headers": kept})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send(start)
            await send({"type": "http.response.body", "body": body})


class Matched:
    """Around a change of a thing: 412 when it no longer looks as the caller saw it, 428 when he must say how."""

    _turns: ClassVar[WeakValueDictionary[str, asyncio.Lock]] = WeakValueDictionary()

    def __init__(self, app: ASGIApp, change: APIRoute, thing: APIRoute, look: ASGIApp, *, required: bool) -> None:
        self._app, self._thing, self._look = app, thing, look
        self._required = required and "PUT" in (change.methods or ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = Headers(scope=scope).get("if-match", "")
        if not wanted:
            if self._required:
                sentence = "Say which edition you edit: send the ETag of your last GET as If-Match."
                await problem(Kind.INVALID, sentence, status=428)(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        path = self._thing.path.format(**scope["path_params"])
        async with self._turns.setdefault(path, asyncio.Lock()):
            shown = await _heard(self._look, _as_get(scope, path), receive, None)
            if shown is None or shown[0]["status"] != 200 or not _names(wanted, etag(shown[1]), weak=False):
                sentence = "This was changed since you read it: read it again, then decide."
                await problem(Kind.CONFLICT, sentence, status=412)(scope, receive, send)
            else:
                await self._app(scope, receive, send)


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _names(header: str, tag: str, *, weak: bool) -> bool:
    """If-Match compares strongly, If-None-Match weakly (RFC 9110, 13.1.1 and 13.1.2)."""
    tags = [one.strip() for one in header.split(",")]
    return "*" in tags or tag in tags or (weak and f"W/{tag}" in tags)


def _as_get(scope: Scope, path: str) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if not name.startswith((b"if-", b"content-"))]
    return {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}


async def _heard(app: ASGIApp, scope: Scope, receive: Receive, send: Send | None) -> tuple[Message, bytes] | None:
    """The whole answer; None when it was not JSON and went on to `send` as it came."""
    start: Message = {}
    body: list[bytes] = []
    passed = False

    async def hear(message: Message) -> None:
        nonlocal start, passed
        if message["type"] == "http.response.start":
            start = message
            passed = not Headers(raw=message["headers"]).get("content-type", "").startswith("application/json")
        elif not passed:
            body.append(message.get("body", b""))
        if passed and send is not None:
            await send(message)

    await app(scope, receive, hear)
    return None if passed or not start else (start, b"".join(body))

"""The gate that stands before every route: who calls, may they, is it really the console that asks.

Each route carries a marker (`access.model.needs`, `public`, `signed_in`); a route without one cannot be hung in, so that
the server does not start. The gate decides before the body is read. What it decides stands in `access.rules.admitted`.
"""

import asyncio
import ipaddress
import typing
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import structlog
from fastapi import Request
from fastapi.routing import APIRoute
from prometheus_client import Counter
from starlette.datastructures import Headers, QueryParams
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fengtai.apps.web_api.bodies import NotJson, TooLarge, check_json, read_body, replay
from fengtai.apps.web_api.problems import of_error, problem
from fengtai.domain.access.api import SESSION_COOKIE
from fengtai.domain.access.model import Actor, NotAllowed, Permission
from fengtai.domain.access.rules import admitted
from fengtai.domain.access.service import AccessDesk
from fengtai.vocabulary.errors import FengtaiError, Forbidden, Invalid, Kind, Unauthenticated

log = structlog.get_logger()

ANSWERED = Counter("fengtai_http_answers_total", "Answers by route and status", ["method", "route", "status"])

BODY_SECONDS = 30.0
"""A request that takes longer to arrive holds a connection for nothing (slow loris)."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_DIGITS = 18
_MARKERS = frozenset({"public", "signed-in", *(permission.value for permission in Permission)})


class UnmarkedRoute(RuntimeError):
    """A route that does not say who may call it; the server must not start."""


def marker_of(route: BaseRoute) -> str:
    """The route's `x-access`. Raise UnmarkedRoute when it has none, or one that nobody knows."""
    marker = (route.openapi_extra or {}).get("x-access") if isinstance(route, APIRoute) else None
    if marker not in _MARKERS:
        name = getattr(route, "path", repr(route))
        raise UnmarkedRoute(f"{name} does not say who may call it: openapi_extra=needs(Permission...) or public()")
    return str(marker)


def or_from_here() -> dict[str, bool]:
    """Beside a marker: a caller on this machine's loopback needs no session (`/metrics` for a local collector)."""
    return {"x-access-loopback": True}


def who(request: Request) -> Actor:
    """The dependency by which a route learns who calls; the gate has put the answer there."""
    actor = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor):
        raise Unauthenticated("You are not signed in. Sign in first.")
    return actor


class Gate:
    """Wraps the ASGI application of one route."""

    def __init__(
        self, route: APIRoute, access: AccessDesk, *, origins: Iterable[str] = (), body_limit_bytes: int = 1 << 20
    ) -> None:
        self._marker, self._path = marker_of(route), route.path
        self._from_here = bool((route.openapi_extra or {}).get("x-access-loopback"))
        self._inner: ASGIApp = route.app
        self._integers = _integer_parameters(route)
        self._access, self._origins, self._body_limit_bytes = access, frozenset(origins), body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                ANSWERED.labels(scope["method"], self._path, status).inc()
                if status >= 400:
                    method, source_ip = scope["method"], _source_ip(scope)
                    log.info("request.refused", method=method, path=self._path, status=status, source_ip=source_ip)
            await send(message)

        try:
            receive = await self._admitted(scope, receive)
        except TooLarge as error:
            await problem(Kind.INVALID, str(error), status=413)(scope, receive, counted)
        except NotJson as error:
            await problem(Kind.INVALID, str(error), status=400)(scope, receive, counted)
        except TimeoutError:
            sentence = f"the request did not arrive within {BODY_SECONDS:.0f} s"
            await problem(Kind.INVALID, sentence, status=408)(scope, receive, counted)
        except FengtaiError as error:
            await of_error(error)(scope, receive, counted)
        else:
            await self._inner(scope, receive, counted)

    async def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        """Raise the refusal, or leave the actor in `scope` and return the way to read the body."""
        headers, changes = Headers(scope=scope), scope["method"] not in _SAFE_METHODS
        if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
            raise NotJson("the address holds a NUL character")
        self._check_integers(scope)
        if changes:
            self._check_origin(headers)
        is_free = self._from_here and _is_from_here(scope, headers)
        await self._admit(scope, headers, is_free=is_free)
        if not changes:
            return receive
        async with asyncio.timeout(BODY_SECONDS):
            body = await read_body(scope, receive, self._body_limit_bytes)
        if body:
            check_json(body)
        await self._admit(scope, headers, is_free=is_free)  # rights may have ended while a slow body was arriving
        return replay(body, receive)

    async def _admit(self, scope: Scope, headers: Headers, *, is_free: bool) -> None:
        """Leave the actor in `scope`. Raise Unauthenticated, or the refusal with the right that is missing."""
        actor = None
        if self._marker != "public" and not is_free:
            actor = await self._actor(scope, headers, scope["method"] not in _SAFE_METHODS)
        if actor is not None or self._marker == "public":
            admission = admitted(actor, self._marker)
            if not admission.allowed:
                log.info("request.forbidden", path=self._path, user_id=actor and actor.user_id, reason=admission.reason)
                if admission.decision is not None:
                    raise NotAllowed(admission.decision)
                raise Forbidden(f"You may not do this: {admission.reason}.")
        scope.setdefault("state", {})["actor"] = actor

    async def _actor(self, scope: Scope, headers: Headers, changes: bool) -> Actor:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else ""
        if not token:
            token = _cookie(headers)
            if token and changes and headers.get("x-fengtai") != "1":
                raise Forbidden("A request by cookie that changes something needs the header X-Fengtai: 1.")
            if token and changes and not headers.get("origin"):
                raise Forbidden("A request by cookie that changes something needs its Origin.")
        if not token:
            raise Unauthenticated("You are not signed in. Sign in first.")
        scope.setdefault("state", {})["token"] = token  # a stream asks again while it lasts
        return await self._access.authenticate(token, _source_ip(scope))

    def _check_integers(self, scope: Scope) -> None:
        """Raise Invalid for integers of more than 64 bits, which no database takes."""
        query = QueryParams(scope.get("query_string", b""))
        for name in self._integers:
            for text in (*query.getlist(name), str(scope.get("path_params", {}).get(name, ""))):
                if len(text) > _MOST_DIGITS and text.strip().lstrip("+-0").isdigit():
                    raise Invalid(f"{name}: this number is too large", field=name)

    def _check_origin(self, headers: Headers) -> None:
        """Raise Forbidden when a page of another site asks (browsers send Origin with every request that changes)."""
        origin = headers.get("origin")
        if origin is None or origin in self._origins:
            return
        if urlsplit(origin).netloc.lower() != headers.get("host", "").lower() or not origin.startswith("http"):
            raise Forbidden("This request comes from a page of another site.")


def _integer_parameters(route: APIRoute) -> frozenset[str]:
    """Names of the query and path parameters that are integers, or may be."""
    parameters = [*route.dependant.query_params, *route.dependant.path_params]
    return frozenset(
        parameter.alias
        for parameter in parameters
        if int in (parameter.field_info.annotation, *typing.get_args(parameter.field_info.annotation))
    )


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(SESSION_COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _source_ip(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _is_from_here(scope: Scope, headers: Headers) -> bool:
    """From loopback and not through a proxy on this machine, which would make everybody look local."""
    if any(headers.get(name) for name in ("x-forwarded-for", "forwarded", "via", "x-real-ip")):
        return False
    try:
        return ipaddress.ip_address(_source_ip(scope)).is_loopback
    except ValueError:
        return False

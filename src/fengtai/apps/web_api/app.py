"""Hangs every route behind the gate and joins the parts of the web edge into one ASGI application.

Default deny: a route that does not say who may call it, or that is of a kind the gate cannot guard, stops the start.
"""

from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fengtai.apps.tiles.tile_book import TileBook
from fengtai.apps.web_api.charter import charter_routes
from fengtai.apps.web_api.console import Console
from fengtai.apps.web_api.description import describe
from fengtai.apps.web_api.editions import Matched, Tagged, thing_of, thing_routes
from fengtai.apps.web_api.event_stream import EventStreams, event_routes
from fengtai.apps.web_api.gate import Gate, UnmarkedRoute, marker_of
from fengtai.apps.web_api.headers import SecurityHeaders, content_security_policy
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.apps.web_api.rates import LimitedAddress, LimitedRoute, Rates
from fengtai.apps.web_api.repeats import AnsweredRequests, Repeatable
from fengtai.apps.web_api.system import SystemBoard, system_routes
from fengtai.apps.web_api.tiles import tile_routes
from fengtai.domain.access.model import public
from fengtai.domain.access.service import AccessDesk
from fengtai.vocabulary.events import EventReader


def create_app(
    routers: Iterable[APIRouter],
    *,
    access: AccessDesk,
    events: EventReader,
    board: SystemBoard,
    console: Path | None = None,
    media_sources: Iterable[str] = (),
    origins: Iterable[str] = (),
    body_limit_bytes: int = 1 << 20,
    streams_per_person: int = 8,
    rates: Rates | None = None,
    answered: AnsweredRequests | None = None,
    edits_need_if_match: bool = False,
    tiles: Path | None = None,
) -> FastAPI:
    """The web edge. Raise UnmarkedRoute when a route does not say who may call it.

    `console` is the folder of the built console, `media_sources` what `headers.live_sources` says, `origins`
    further origins under which browsers reach us (a proxy), `tiles` where the customer's own map lies. Call
    `app.state.streams.close()` before stopping.
    """
    app = FastAPI(title="Fengtai", version=board.version, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.streams = EventStreams(events, access, most_per_person=streams_per_person)
    allowed_origins = frozenset(origins)
    of_the_edge = (event_routes(app.state.streams, access), system_routes(board), charter_routes(), _description(app))
    all_routers = (*routers, *of_the_edge, tile_routes(TileBook(tiles)))
    edge = _Edge((route for router in all_routers for route in router.routes), rates, answered, edits_need_if_match)
    for route in edge.routes:
        route.app = edge.around(route)
        route.app = Gate(route, access, origins=allowed_origins, body_limit_bytes=body_limit_bytes)
        app.router.routes.append(route)
    app.router.redirect_slashes = False
    app.router.default = Console(console)
    add_problem_answers(app)
    if rates is not None:
        app.add_middleware(LimitedAddress, rates=rates)
    app.add_middleware(SecurityHeaders, policy=content_security_policy(media_sources))
    describe(app)
    check_every_route(app)
    return app


class _Edge:
    """What stands between the gate and a route: rate limit, If-Match, Idempotency-Key, ETag, from outside in."""

    def __init__(
        self,
        routes: Iterable[BaseRoute],
        rates: Rates | None,
        answered: AnsweredRequests | None,
        edits_need_if_match: bool,
    ) -> None:
        self.routes: list[APIRoute] = []
        for route in routes:
            marker_of(route)
            assert isinstance(route, APIRoute)
            self.routes.append(route)
        self._rates, self._answered, self._edits_need_if_match = rates, answered, edits_need_if_match
        self._things = thing_routes(self.routes)
        self._bare: dict[str, ASGIApp] = {path: route.app for path, route in self._things.items()}

    def around(self, route: APIRoute) -> ASGIApp:
        methods, app = route.methods or set(), route.app
        thing = thing_of(route.path, self._things)
        if route.path in self._things and "GET" in methods:
            app = Tagged(app)
        if "POST" in methods and self._answered is not None:
            app = Repeatable(app, self._answered)
        if thing is not None and "GET" not in methods:
            look = self._bare[thing.path]
            app = Matched(app, route, thing, look, required=self._edits_need_if_match)
        return app if self._rates is None else LimitedRoute(app, route, self._rates)


def check_every_route(app: FastAPI) -> None:
    """Raise UnmarkedRoute unless each route stands behind the gate; also for whatever was hung in later."""
    for route in app.routes:
        marker_of(route)
        if not isinstance(getattr(route, "app", None), Gate):
            raise UnmarkedRoute(f"{getattr(route, 'path', route)} does not stand behind the gate")


def _description(app: FastAPI) -> APIRouter:
    routes = APIRouter(tags=["system"])

    @routes.get("/openapi.json", openapi_extra=public(), include_in_schema=False)
    async def description() -> JSONResponse:
        """OpenAPI of all routes; each tells in `x-access` who may call it."""
        return JSONResponse(app.openapi())

    return routes

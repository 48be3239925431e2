"""Hangs every route behind the gate and joins the parts of the web edge into one ASGI application.

Default deny: a route that does not say who may call it, or that is of a kind the gate cannot guard, stops the start.
"""

from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse

from fengtai.apps.web_api.console import Console
from fengtai.apps.web_api.event_stream import EventStreams, event_routes
from fengtai.apps.web_api.gate import Gate, UnmarkedRoute, marker_of
from fengtai.apps.web_api.headers import SecurityHeaders, content_security_policy
from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.apps.web_api.system import SystemBoard, system_routes
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
) -> FastAPI:
    """The web edge. Raise UnmarkedRoute when a route does not say who may call it.

    `console` is the folder of the built console, `media_sources` what `headers.live_sources` says, `origins`
    further origins under which browsers reach us (a proxy). Call `app.state.streams.close()` before stopping.
    """
    app = FastAPI(title="Fengtai", version=board.version, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.streams = EventStreams(events, access, most_per_person=streams_per_person)
    allowed_origins = frozenset(origins)
    for router in (*routers, event_routes(app.state.streams, access), system_routes(board), _description(app)):
        for route in router.routes:
            marker_of(route)
            assert isinstance(route, APIRoute)
            route.app = Gate(route, access, origins=allowed_origins, body_limit_bytes=body_limit_bytes)
            app.router.routes.append(route)
    app.router.redirect_slashes = False
    app.router.default = Console(console)
    add_problem_answers(app)
    app.add_middleware(SecurityHeaders, policy=content_security_policy(media_sources))
    check_every_route(app)
    return app


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

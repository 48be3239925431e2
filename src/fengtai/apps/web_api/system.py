"""The board on which each running part says how it is, and the routes that read it: system, health, readiness, metrics.

A part speaks in plain words of what is wrong; the console shows them, `/readyz` and `/metrics` count them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar, Literal

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from fengtai.apps.web_api.gate import or_from_here
from fengtai.domain.access.model import Permission, needs, public
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.events import Event
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

PART_STATE = Gauge("fengtai_part_state", "0 good, 1 degraded, 2 down", ["part"])


class PartState(Enum):
    GOOD = "good"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChanged(Event):
    """A part of the system changed its state."""

    kind: ClassVar[str] = "system.part_changed"
    needs: ClassVar[str] = Permission.SYSTEM_SEE.value
    name: str
    state: str
    detail: str


class Part:
    """One running part. Saying the same again costs nothing and changes no `since`."""

    def __init__(self, name: str, board: "SystemBoard") -> None:
        self.name, self._board = name, board
        self.state, self.detail = PartState.GOOD, ""
        self.since: datetime = board.clock.now().utc
        PART_STATE.labels(name).set(0)

    def good(self, detail: str = "") -> None:
        self._say(PartState.GOOD, detail)

    def degraded(self, detail: str) -> None:
        self._say(PartState.DEGRADED, detail)

    def down(self, detail: str) -> None:
        self._say(PartState.DOWN, detail)

    def _say(self, state: PartState, detail: str) -> None:
        if state is not self.state:
            self.since = self._board.clock.now().utc
            PART_STATE.labels(self.name).set(list(PartState).index(state))
            self._board.note(PartChanged(name=self.name, state=state.value, detail=detail))
        self.state, self.detail = state, detail


Figure = int | float | str | None


class SystemBoard:
    """`board.part("gb28181").degraded("...")` from anywhere on the loop; `tick` publishes what changed."""

    def __init__(self, *, clock: Clock, version: str, site: str, time_zone: str) -> None:
        self.clock, self.version, self.site, self.time_zone = clock, version, site, time_zone
        self.started_at = clock.now().utc
        self._parts: dict[str, Part] = {}
        self._figures: dict[str, Callable[[], Figure]] = {}
        self._counters: dict[str, Callable[[], Mapping[str, object]]] = {}
        self._changes: list[PartChanged] = []

    def part(self, name: str) -> Part:
        """The part of this name; good until it says otherwise."""
        if name not in self._parts:
            self._parts[name] = Part(name, self)
        return self._parts[name]

    def parts(self) -> list[Part]:
        return sorted(self._parts.values(), key=lambda part: part.name)

    def figure(self, name: str, read: Callable[[], Figure]) -> None:
        """Show this figure on the status page; `read` must be quick."""
        self._figures[name] = read

    def counters(self, prefix: str, read: Callable[[], Mapping[str, object]]) -> None:
        """Show the numbers that `read` names, below this prefix: for counters that begin when something is counted."""
        self._counters[prefix] = read

    def figures(self) -> dict[str, Figure]:
        told: dict[str, Figure] = {name: read() for name, read in self._figures.items()}
        for prefix, counted in self._counters.items():
            told |= {f"{prefix}.{name}": value for name, value in counted().items() if isinstance(value, int | float)}
        return dict(sorted(told.items()))

    def note(self, change: PartChanged) -> None:
        self._changes.append(change)

    async def tick(self, transactions: Transactions) -> None:
        """Publish the changes since the last call. Called about once a second."""
        if not self._changes:
            return
        changes, self._changes = self._changes, []

        def unit(uow: UnitOfWork) -> None:
            for change in changes:
                uow.publish(change)

        try:
            await transactions.write(unit)
        except BaseException:
            self._changes = changes + self._changes
            raise


class BoardFigures(Collector):
    """The board's figures for Prometheus, read when it asks: `fengtai_figure{name="media.streams"}`."""

    def __init__(self, board: SystemBoard) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("fengtai_figure", "What the status page shows, by name", labels=["name"])
        for name, value in self._board.figures().items():
            if isinstance(value, int | float):
                family.add_metric([name], float(value))
        yield family
        labels = ["version"]
        build = GaugeMetricFamily("fengtai_build_info", "Always 1; the version that is running", labels=labels)
        build.add_metric([self._board.version], 1)
        yield build


class PartView(BaseModel):
    name: str
    state: PartState
    detail: str
    since: str


class SystemView(BaseModel):
    version: str
    started_at: str
    site: str
    time_zone: str
    parts: list[PartView]
    figures: dict[str, Figure]


class SiteView(BaseModel):
    """What every page shows in its frame, before and after sign-in."""

    name: str
    time_zone: str
    version: str


class Health(BaseModel):
    alive: Literal[True] = True


def system_routes(board: SystemBoard) -> APIRouter:
    routes = APIRouter(tags=["system"])
    figures = CollectorRegistry(auto_describe=False)
    figures.register(BoardFigures(board))

    @routes.get("/healthz", openapi_extra=public())
    async def health() -> Health:
        """The process answers. Nothing else is looked at, so that a supervisor does not restart for a full disk."""
        return Health()

    @routes.get("/readyz", openapi_extra=public())
    async def readiness() -> JSONResponse:
        """200 when no part is down; else 503 with their names (details are for those who are signed in)."""
        down = [part.name for part in board.parts() if part.state is PartState.DOWN]
        return JSONResponse({"ready": not down, "down": down}, status_code=503 if down else 200)

    @routes.get("/metrics", openapi_extra={**needs(Permission.SYSTEM_SEE), **or_from_here()}, response_class=Response)
    async def metrics() -> Response:
        """Prometheus text: from this machine, or with the permission."""
        return Response(generate_latest(REGISTRY) + generate_latest(figures), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/api/site", openapi_extra=public())
    async def site() -> SiteView:
        """Name of the site and the time zone in which its people read times."""
        return SiteView(name=board.site, time_zone=board.time_zone, version=board.version)

    @routes.get("/api/system", openapi_extra=needs(Permission.SYSTEM_SEE))
    async def system() -> SystemView:
        return SystemView(
            version=board.version,
            started_at=_iso(board.started_at),
            site=board.site,
            time_zone=board.time_zone,
            parts=[
                PartView(name=part.name, state=part.state, detail=part.detail, since=_iso(part.since))
                for part in board.parts()
            ],
            figures=board.figures(),
        )

    return routes


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

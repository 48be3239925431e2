"""Routes of live pictures."""

from collections.abc import Callable
from datetime import datetime

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.live.model import StreamState, StreamTrace, WatchPlace
from fengtai.domain.live.service import MOST_PURPOSE_CHARACTERS, LiveDesk


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WatchAsked(BaseModel):
    purpose: str = Field("", max_length=MOST_PURPOSE_CHARACTERS)


class WatchView(BaseModel):
    point_id: str
    stream_id: str
    url: str
    expires_at: str

    @classmethod
    def of(cls, place: WatchPlace) -> "WatchView":
        return cls(point_id=place.point_id, stream_id=place.stream_id, url=place.url, expires_at=_iso(place.expires_at))


class StreamView(BaseModel):
    point_id: str
    stream_id: str
    stage: str
    since: str
    detail: str
    fix: str

    @classmethod
    def of(cls, state: StreamState) -> "StreamView":
        return cls(
            point_id=state.point_id,
            stream_id=state.stream_id,
            stage=state.stage.value,
            since=_iso(state.since),
            detail=state.detail,
            fix=state.fix,
        )


class StageView(BaseModel):
    stage: str
    at: str
    detail: str


class TraceView(BaseModel):
    stream_id: str
    started_at: str
    stages: list[StageView]
    failed: str
    fix: str

    @classmethod
    def of(cls, trace: StreamTrace) -> "TraceView":
        return cls(
            stream_id=trace.stream_id,
            started_at=_iso(trace.started_at),
            stages=[StageView(stage=one.stage.value, at=_iso(one.at), detail=one.detail) for one in trace.stages],
            failed=trace.failed,
            fix=trace.fix,
        )


def router(desk: LiveDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(prefix="/api/live", tags=["live"])

    @routes.post("/{point_id}/watch", openapi_extra=needs(Permission.LIVE_SEE))
    async def watch(point_id: str, asked: WatchAsked, request: Request, by: Actor = Depends(who)) -> WatchView:
        return WatchView.of(await desk.watch(point_id, by, asked.purpose, host=request.url.hostname or ""))

    @routes.get("/streams", openapi_extra=needs(Permission.LIVE_SEE))
    async def streams() -> list[StreamView]:
        return [StreamView.of(state) for state in await desk.states()]

    @routes.get("/{point_id}/traces", openapi_extra=needs(Permission.LIVE_SEE))
    async def traces(point_id: str) -> list[TraceView]:
        return [TraceView.of(trace) for trace in await desk.traces(point_id)]

    @routes.get("/{point_id}/snapshot.jpg", openapi_extra=needs(Permission.LIVE_SEE), response_class=Response)
    async def snapshot(point_id: str, purpose: str = "", by: Actor = Depends(who)) -> Response:
        jpeg = await desk.snapshot(point_id, by, purpose)
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    return routes

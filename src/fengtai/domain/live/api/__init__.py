"""Routes of live pictures."""

from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.live.api.walls import add_walls
from fengtai.domain.live.model import DevicePicture, StreamState, StreamTrace, TransportLesson, WatchPlace
from fengtai.domain.live.service import (
    MOST_PURPOSE_CHARACTERS,
    PICTURES_KEPT_HOURS,
    LearntTransports,
    LiveDesk,
    WallDesk,
)
from fengtai.vocabulary.clock import from_ms


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class WatchAsked(BaseModel):
    purpose: str = Field("", max_length=MOST_PURPOSE_CHARACTERS)
    plays_h265: bool = Field(True, description="false: this browser cannot decode H.265")


class WatchView(BaseModel):
    point_id: str
    stream_id: str
    url: str
    expires_at: str

    @classmethod
    def of(cls, place: WatchPlace) -> "WatchView":
        return cls(point_id=place.point_id, stream_id=place.stream_id, url=place.url, expires_at=_iso(place.expires_at))


class TransportView(BaseModel):
    device_id: str
    transport: str | None = Field(description="tcp-passive, udp or tcp-active; null: nothing had to be learnt")
    learnt_at: str | None
    why: str

    @classmethod
    def of(cls, device_id: str, lesson: TransportLesson | None) -> "TransportView":
        if lesson is None:
            return cls(device_id=device_id, transport=None, learnt_at=None, why="")
        return cls(
            device_id=device_id, transport=lesson.transport.value, learnt_at=_iso(lesson.learnt_at), why=lesson.why
        )


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


class PicturesAsked(BaseModel):
    purpose: str = Field("", max_length=MOST_PURPOSE_CHARACTERS)
    count: int = Field(1, ge=1, le=10, description="how many, a second apart")


class PictureView(BaseModel):
    id: str
    url: str
    taken_at: str = Field(description="when it came")
    kept_until: str
    size_bytes: int

    @classmethod
    def of(cls, picture: DevicePicture) -> "PictureView":
        at = from_ms(int(picture.id.partition("-")[0]))
        return cls(
            id=picture.id,
            url=f"/api/live/{picture.point_id}/device-snapshots/{picture.id}.jpg",
            taken_at=_iso(at),
            kept_until=_iso(at + timedelta(hours=PICTURES_KEPT_HOURS)),
            size_bytes=picture.size_bytes,
        )


class PicturesView(BaseModel):
    items: list[PictureView]


def router(
    desk: LiveDesk,
    transports: LearntTransports,
    walls: WallDesk,
    commands: DeviceCommands,
    who: Callable[..., Actor],
) -> APIRouter:
    routes = APIRouter(prefix="/api/live", tags=["live"])
    add_walls(routes, walls, who)

    @routes.post("/{point_id}/watch", openapi_extra=needs(Permission.LIVE_SEE))
    async def watch(point_id: str, asked: WatchAsked, request: Request, by: Actor = Depends(who)) -> WatchView:
        host = request.url.hostname or ""
        return WatchView.of(await desk.watch(point_id, by, asked.purpose, host=host, plays_h265=asked.plays_h265))

    @routes.get("/streams", openapi_extra=needs(Permission.LIVE_SEE))
    async def streams(by: Actor = Depends(who)) -> list[StreamView]:
        return [StreamView.of(state) for state in await desk.states(by)]

    @routes.get("/devices/{device_id}/transport", openapi_extra=needs(Permission.DEVICES_SEE))
    async def transport(device_id: str, by: Actor = Depends(who)) -> TransportView:
        return TransportView.of(device_id, await transports.of_device(device_id, by=by))

    @routes.delete("/devices/{device_id}/transport", status_code=204, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def forget_transport(device_id: str, by: Actor = Depends(who)) -> None:
        await transports.forget(device_id, by)

    @routes.get("/{point_id}/traces", openapi_extra=needs(Permission.LIVE_SEE))
    async def traces(point_id: str, by: Actor = Depends(who)) -> list[TraceView]:
        return [TraceView.of(trace) for trace in await desk.traces(point_id, by)]

    @routes.get("/{point_id}/snapshot.jpg", openapi_extra=needs(Permission.LIVE_SEE), response_class=Response)
    async def snapshot(point_id: str, purpose: str = "", by: Actor = Depends(who)) -> Response:
        jpeg = await desk.snapshot(point_id, by, purpose)
        return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @routes.post("/{point_id}/device-snapshots", status_code=201, openapi_extra=needs(Permission.LIVE_SEE))
    async def device_snapshots(point_id: str, asked: PicturesAsked, by: Actor = Depends(who)) -> PicturesView:
        taken = await desk.device_pictures(point_id, by, asked.purpose, count=asked.count, commands=commands)
        return PicturesView(items=[PictureView.of(picture) for picture in taken])

    @routes.get(
        "/{point_id}/device-snapshots/{picture_id}.jpg",
        openapi_extra=needs(Permission.LIVE_SEE),
        response_class=Response,
    )
    async def device_snapshot(point_id: str, picture_id: str, purpose: str = "", by: Actor = Depends(who)) -> Response:
        jpeg = await desk.device_picture(point_id, picture_id, by, purpose)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    return routes

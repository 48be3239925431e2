"""Routes of incidents, their clips, and hand-overs of shifts."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.incidents.api.clip_answer import clip_answer
from fengtai.domain.incidents.api.exporting import add_exporting
from fengtai.domain.incidents.api.forms import (
    AlarmToTake,
    CallMade,
    ClipViewAnswer,
    ClipViewAsked,
    Closing,
    Note,
    StepMark,
    UnitToSend,
    UnitWord,
)
from fengtai.domain.incidents.api.hand_overs import add_hand_overs
from fengtai.domain.incidents.api.joining import add_joining
from fengtai.domain.incidents.api.views import (
    IncidentPage,
    IncidentView,
    LifeCycles,
    incident_view,
    life_cycles,
    summary_view,
)
from fengtai.domain.incidents.service import HandOverDesk, IncidentDesk


def router(incidents: IncidentDesk, hand_overs: HandOverDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["incidents"])
    _add_reading(routes, incidents, who)
    _add_working(routes, incidents, who)
    add_joining(routes, incidents, who)
    _add_units(routes, incidents, who)
    _add_clips(routes, incidents, who)
    add_exporting(routes, incidents, who)
    add_hand_overs(routes, hand_overs, who)
    return routes


def _add_reading(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    @routes.get("/api/life-cycles", openapi_extra=needs(Permission.INCIDENTS_SEE))
    async def get_life_cycles() -> LifeCycles:
        return life_cycles()

    @routes.get("/api/incidents", openapi_extra=needs(Permission.INCIDENTS_SEE))
    async def list_incidents(
        state: str = Query("open", pattern="^(open|all)$"),
        after: str = Query("", max_length=64),
        limit: int = Query(100, ge=1, le=500),
        text: str = Query("", max_length=64, description="in number, title, name and address of the premises"),
        by: Actor = Depends(who),
    ) -> IncidentPage:
        found = await incidents.page(only_open=state == "open", after=after, limit=limit, text=text, by=by)
        return IncidentPage(
            items=[summary_view(brief) for brief in found], next=found[-1].incident.id if len(found) == limit else None
        )

    @routes.get("/api/incidents/{incident_id}", openapi_extra=needs(Permission.INCIDENTS_SEE))
    async def get_incident(incident_id: str, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.get(incident_id, by=by))


def _add_working(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    handle = needs(Permission.INCIDENTS_HANDLE)

    @routes.post("/api/incidents", status_code=201, openapi_extra=handle)
    async def take_alarm(wanted: AlarmToTake, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.open_from_alarm(wanted.alarm_id, with_folded=wanted.with_folded, by=by))

    @routes.post("/api/incidents/{incident_id}/steps/{index}", openapi_extra=handle)
    async def mark_step(incident_id: str, index: int, mark: StepMark, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.mark_step(incident_id, index, done=mark.done, by=by))

    @routes.post("/api/incidents/{incident_id}/notes", openapi_extra=handle)
    async def add_note(incident_id: str, note: Note, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.add_note(incident_id, note.text, by=by))

    @routes.post("/api/incidents/{incident_id}/calls", openapi_extra=handle)
    async def add_call(incident_id: str, call: CallMade, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.add_call(incident_id, call.keyholder_id, call.result, call.note, by=by))

    @routes.post("/api/incidents/{incident_id}/close", openapi_extra=handle)
    async def close_incident(incident_id: str, closing: Closing, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(
            await incidents.close(incident_id, closing.disposition, closing.note, version=closing.version, by=by)
        )


def _add_units(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    handle = needs(Permission.INCIDENTS_HANDLE)
    one = "/api/incidents/{incident_id}/dispatches/{dispatch_id}"

    @routes.post("/api/incidents/{incident_id}/dispatches", openapi_extra=handle)
    async def send_unit(incident_id: str, wanted: UnitToSend, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.dispatch(incident_id, wanted.unit_id, by=by))

    @routes.post(f"{one}/accept", openapi_extra=handle)
    async def unit_accepted(
        incident_id: str, dispatch_id: str, word: UnitWord, by: Actor = Depends(who)
    ) -> IncidentView:
        return incident_view(await incidents.accept(incident_id, dispatch_id, word.text, by=by))

    @routes.post(f"{one}/arrive", openapi_extra=handle)
    async def unit_arrived(
        incident_id: str, dispatch_id: str, word: UnitWord, by: Actor = Depends(who)
    ) -> IncidentView:
        return incident_view(await incidents.arrive(incident_id, dispatch_id, word.text, by=by))

    @routes.post(f"{one}/feedback", openapi_extra=handle)
    async def unit_finished(
        incident_id: str, dispatch_id: str, word: UnitWord, by: Actor = Depends(who)
    ) -> IncidentView:
        return incident_view(await incidents.feedback(incident_id, dispatch_id, word.text, by=by))

    @routes.post(f"{one}/recall", openapi_extra=handle)
    async def recall_unit(incident_id: str, dispatch_id: str, word: UnitWord, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.recall(incident_id, dispatch_id, word.text, by=by))


def _add_clips(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    @routes.post("/api/clips/{clip_id}/views", status_code=201, openapi_extra=needs(Permission.PLAYBACK_SEE))
    async def ask_for_clip(clip_id: str, asked: ClipViewAsked, by: Actor = Depends(who)) -> ClipViewAnswer:
        """Say what for; the answer's address plays the clip in this session for a quarter of an hour."""
        view = await incidents.view_clip(clip_id, asked.purpose.value, asked.reference, by=by)
        return ClipViewAnswer(
            url=f"/api/clips/{clip_id}?view={view.word}",
            expires_at=view.until.utc,
            purpose=view.purpose.code,
            reference=view.purpose.reference,
        )

    @routes.get(
        "/api/clips/{clip_id}",
        openapi_extra=needs(Permission.PLAYBACK_SEE),
        response_class=StreamingResponse,
        responses={200: {"content": {"video/mp4": {}}}, 206: {"content": {"video/mp4": {}}}},
    )
    async def play_clip(
        clip_id: str,
        request: Request,
        view: Annotated[str, Query(max_length=64, description="from `POST /api/clips/{clip_id}/views`")] = "",
        by: Actor = Depends(who),
    ) -> Response:
        playback = await incidents.play_clip(clip_id, view, by=by)
        return await clip_answer(playback, request.headers.get("range", ""))

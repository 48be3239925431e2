"""Routes of alarms by telephone."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.alarms.api.moments import Moment
from fengtai.domain.alarms.model import CallWords
from fengtai.domain.alarms.service import CallDesk
from fengtai.domain.alarms.service.calls import Similar, TakenCall
from fengtai.vocabulary.places import Position


class CallPlace(BaseModel):
    longitude: float
    latitude: float


class CallForm(BaseModel):
    category: Literal["fire", "hold-up", "medical", "burglary", "technical", "trouble"]
    text: str = Field("", max_length=4000)
    caller_number: str = Field("", max_length=40, description="empty: withheld")
    caller_name: str = Field("", max_length=120)
    address: str = Field("", max_length=300)
    premises_id: str = Field("", max_length=32)
    point_id: str = Field("", max_length=32)
    position: CallPlace | None = None
    repeats_alarm_id: str = Field("", max_length=32, description="the alarm that the call-taker says it is about")
    drill: bool = False
    took_seconds: float = Field(0, ge=0, le=86_400)


class TakenCallView(BaseModel):
    id: str
    registered_at: Moment
    by_name: str
    category: str
    text: str
    caller_number: str
    caller_name: str
    address: str
    premises_id: str
    point_id: str
    position: CallPlace | None
    repeats_alarm_id: str
    drill: bool
    took_seconds: float
    signal_seq: int
    alarm_id: str
    """empty while triage has not judged it"""
    is_repeat: bool
    """the alarm was there before the call"""
    place_name: str
    """what its alarm calls the place"""


class TakenCallPage(BaseModel):
    items: list[TakenCallView]
    next: str | None


class SimilarAlarm(BaseModel):
    alarm_id: str
    why: str
    """ "place" or "number" """
    state: str
    priority: int
    category: str
    title: str
    title_zh: str
    code_system: str
    code: str
    raised_at: Moment
    premises_name: str
    text: str
    account: str
    repeats: int
    incident_id: str
    held_by_name: str


class SimilarAlarms(BaseModel):
    items: list[SimilarAlarm]
    next: str | None = None


def add_calls(routes: APIRouter, calls: CallDesk, who: Callable[..., Actor]) -> None:
    see, handle = needs(Permission.ALARMS_SEE), needs(Permission.ALARMS_HANDLE)

    @routes.post("/calls", status_code=201, openapi_extra=handle)
    async def register_call(form: CallForm, by: Actor = Depends(who)) -> TakenCallView:
        return _view(await calls.register(_words(form), by=by))

    @routes.get("/calls", openapi_extra=see)
    async def list_calls(
        after: str = Query("", max_length=32), limit: int = Query(50, ge=1, le=200), by: Actor = Depends(who)
    ) -> TakenCallPage:
        found = await calls.page(after=after, limit=limit, by=by)
        return TakenCallPage(
            items=[_view(taken) for taken in found], next=found[-1].call.id if len(found) == limit else None
        )

    @routes.post("/calls/similar", openapi_extra=handle)
    async def similar_alarms(form: CallForm, by: Actor = Depends(who)) -> SimilarAlarms:
        """Open alarms that this call may be about; nothing is kept of the question."""
        return SimilarAlarms(items=[_similar(found) for found in await calls.similar(_words(form), by=by)])

    @routes.get("/calls/{call_id}", openapi_extra=see)
    async def one_call(call_id: str, by: Actor = Depends(who)) -> TakenCallView:
        return _view(await calls.get(call_id, by=by))


def _words(form: CallForm) -> CallWords:
    place = form.position
    values = form.model_dump(exclude={"position"})
    return CallWords(**values, position=Position(place.longitude, place.latitude) if place else None)


def _view(taken: TakenCall) -> TakenCallView:
    call, words = taken.call, taken.call.words
    place = words.position
    values = {name: getattr(words, name) for name in TakenCallView.model_fields if hasattr(words, name)}
    return TakenCallView(
        **values
        | {
            "id": call.id,
            "registered_at": call.registered_at,
            "by_name": call.by_name,
            "signal_seq": call.signal_seq,
            "alarm_id": taken.alarm.id if taken.alarm else "",
            "is_repeat": taken.is_repeat,
            "place_name": taken.alarm.premises_name if taken.alarm else words.address,
            "position": CallPlace(longitude=place.longitude, latitude=place.latitude) if place else None,
        }
    )


def _similar(found: Similar) -> SimilarAlarm:
    alarm = found.alarm
    values = {name: getattr(alarm, name) for name in SimilarAlarm.model_fields if hasattr(alarm, name)}
    return SimilarAlarm(**values | {"alarm_id": alarm.id, "why": found.why, "state": alarm.state.value})

"""Routes by which alarms and incidents are joined to an incident (并警), and taken apart."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.incidents.api.views import IncidentView, incident_view
from fengtai.domain.incidents.model import Incident, IncidentState
from fengtai.domain.incidents.rules.joining import Joining
from fengtai.domain.incidents.service import IncidentDesk


class AlarmToJoin(BaseModel):
    alarm_id: str = Field(max_length=32)


class IncidentToJoin(BaseModel):
    incident_id: str = Field(max_length=32)
    version: int = Field(description="of the incident that is joined")
    into_version: int


class Parting(BaseModel):
    version: int


class StepToCome(BaseModel):
    text_zh: str
    text_en: str


class IncidentOutline(BaseModel):
    number: str
    version: int
    state: IncidentState
    priority: int
    category: str
    title: str


class JoiningView(BaseModel):
    """What joining would do; `refusal` says why it cannot be done."""

    before: IncidentOutline
    after: IncidentOutline
    joined: IncidentOutline | None = Field(description="null: an alarm that nobody has taken")
    alarms: int
    units_out: list[str]
    calls: int
    clips: int
    new_steps: list[StepToCome]
    refusal: str


def add_joining(routes: APIRouter, incidents: IncidentDesk, who: Callable[..., Actor]) -> None:
    handle = needs(Permission.INCIDENTS_HANDLE)

    @routes.get("/api/incidents/{incident_id}/joining", openapi_extra=handle)
    async def what_joining_would_do(
        incident_id: str,
        joined: str = Query("", max_length=32, description="id of an incident"),
        alarm: str = Query("", max_length=32, description="or id of an alarm"),
        by: Actor = Depends(who),
    ) -> JoiningView:
        return joining_view(await incidents.joining(incident_id, incident_id=joined, alarm_id=alarm, by=by))

    @routes.post("/api/incidents/{incident_id}/alarms", openapi_extra=handle)
    async def join_alarm(incident_id: str, wanted: AlarmToJoin, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.join_alarm(incident_id, wanted.alarm_id, by=by))

    @routes.post("/api/incidents/{incident_id}/joined", openapi_extra=handle)
    async def join_incident(incident_id: str, wanted: IncidentToJoin, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(
            await incidents.join_incident(
                incident_id, wanted.incident_id, version=wanted.version, into_version=wanted.into_version, by=by
            )
        )

    @routes.post("/api/incidents/{incident_id}/part", openapi_extra=handle)
    async def part_incident(incident_id: str, parting: Parting, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.part_incident(incident_id, version=parting.version, by=by))

    @routes.post("/api/incidents/{incident_id}/alarms/{alarm_id}/part", openapi_extra=handle)
    async def part_alarm(incident_id: str, alarm_id: str, parting: Parting, by: Actor = Depends(who)) -> IncidentView:
        return incident_view(await incidents.part_alarm(incident_id, alarm_id, version=parting.version, by=by))


def joining_view(joining: Joining) -> JoiningView:
    return JoiningView(
        before=_outline(joining.before),
        after=_outline(joining.after),
        joined=_outline(joining.joined) if joining.joined else None,
        alarms=len(joining.alarms),
        units_out=[dispatch.unit_name for dispatch in joining.dispatches],
        calls=joining.calls,
        clips=joining.clips,
        new_steps=[StepToCome(text_zh=step.text_zh, text_en=step.text_en) for step in joining.new_steps],
        refusal=joining.refusal,
    )


def _outline(incident: Incident) -> IncidentOutline:
    return IncidentOutline(**{name: getattr(incident, name) for name in IncidentOutline.model_fields})

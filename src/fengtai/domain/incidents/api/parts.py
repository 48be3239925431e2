"""The parts of an incident as a console is told them."""

from pydantic import BaseModel, Field

from fengtai.domain.incidents.api.alarm_view import Place, place_of
from fengtai.domain.incidents.api.moments import Moment
from fengtai.domain.incidents.model import (
    CallResult,
    Camera,
    CameraReason,
    ClipState,
    DispatchState,
    Incident,
    IncidentDetail,
    Phases,
)
from fengtai.domain.incidents.rules.life_cycles import DISPATCH_STEPS
from fengtai.domain.premises.model import Premises
from fengtai.vocabulary.clock import from_ms


class ZoneInIncident(BaseModel):
    number: str
    name: str


class KeyholderInIncident(BaseModel):
    id: str
    name: str
    phone: str
    order: int
    note: str


class PremisesInIncident(BaseModel):
    id: str
    name: str
    address: str
    note: str
    position: Place | None
    zones: list[ZoneInIncident]
    keyholders: list[KeyholderInIncident]


class CameraView(BaseModel):
    point_id: str
    number: int
    name: str
    distance_m: float | None
    why: CameraReason


class StepView(BaseModel):
    index: int
    text: str = Field(description="as text_zh; kept for plain clients")
    text_zh: str
    text_en: str
    done_at: Moment | None
    done_by: str


class DispatchView(BaseModel):
    id: str
    unit_id: str
    unit_name: str
    state: DispatchState
    allowed_steps: list[str]
    dispatched_at: Moment
    accepted_at: Moment | None
    arrived_at: Moment | None
    finished_at: Moment | None
    feedback: str


class CallView(BaseModel):
    keyholder_id: str
    name: str
    result: CallResult
    note: str
    at: Moment
    by: str


class GapView(BaseModel):
    from_: Moment = Field(serialization_alias="from")
    until: Moment
    cause: str


class ClipView(BaseModel):
    id: str
    alarm_id: str
    point_id: str
    point_name: str
    state: ClipState
    from_: Moment = Field(serialization_alias="from")
    until: Moment
    seconds: float
    size_bytes: int
    sha256: str
    gaps: list[GapView]
    reason: str


class LogLineView(BaseModel):
    at: Moment
    who: str
    kind: str
    text: str
    number: str = Field(description="of the incident that it belongs to, when that was joined to this one; else empty")


class PhasesView(BaseModel):
    received_at: Moment
    taken_at: Moment
    dispatched_at: Moment | None
    arrived_at: Moment | None
    closed_at: Moment | None
    take_s: float
    dispatch_s: float | None
    arrive_s: float | None
    close_s: float | None


def premises_view(premises: Premises) -> PremisesInIncident:
    return PremisesInIncident(
        id=premises.id,
        name=premises.name,
        address=premises.address,
        note=premises.note,
        position=place_of(premises.position),
        zones=[ZoneInIncident(number=zone.number, name=zone.name) for zone in premises.zones],
        keyholders=[
            KeyholderInIncident(id=each.id, name=each.name, phone=each.phone, order=each.order, note=each.note)
            for each in premises.keyholders
        ],
    )


def cameras_of(detail: IncidentDetail) -> list[CameraView]:
    """Its own first, then those of the incidents that were joined to it."""
    shown: dict[str, Camera] = {}
    for incident in (detail.incident, *(brief.incident for brief in detail.joined)):
        for camera in incident.cameras:
            shown.setdefault(camera.point_id, camera)
    return [
        CameraView(
            point_id=camera.point_id,
            number=detail.points[camera.point_id].number,
            name=detail.points[camera.point_id].name,
            distance_m=camera.distance_m,
            why=camera.why,
        )
        for camera in shown.values()
        if camera.point_id in detail.points
    ]


def steps_of(incident: Incident) -> list[StepView]:
    return [
        StepView(
            index=step.index,
            text=step.text_zh,
            text_zh=step.text_zh,
            text_en=step.text_en,
            done_at=step.done_at,
            done_by=step.done_by,
        )
        for step in incident.steps
    ]


def dispatches_of(detail: IncidentDetail) -> list[DispatchView]:
    return [
        DispatchView(
            id=dispatch.id,
            unit_id=dispatch.unit_id,
            unit_name=dispatch.unit_name,
            state=dispatch.state,
            allowed_steps=[step.value for step in DISPATCH_STEPS[dispatch.state]],
            dispatched_at=dispatch.dispatched_at,
            accepted_at=dispatch.accepted_at,
            arrived_at=dispatch.arrived_at,
            finished_at=dispatch.finished_at,
            feedback=dispatch.feedback,
        )
        for dispatch in detail.dispatches
    ]


def calls_of(detail: IncidentDetail) -> list[CallView]:
    return [
        CallView(
            keyholder_id=call.keyholder_id,
            name=call.name,
            result=call.result,
            note=call.note,
            at=call.at,
            by=call.by,
        )
        for call in detail.calls
    ]


def clips_of(detail: IncidentDetail) -> list[ClipView]:
    return [
        ClipView(
            id=clip.id,
            alarm_id=clip.alarm_id,
            point_id=clip.point_id,
            point_name=detail.points[clip.point_id].name if clip.point_id in detail.points else "",
            state=clip.state,
            from_=clip.from_at,
            until=clip.until_at,
            seconds=clip.seconds,
            size_bytes=clip.size_bytes,
            sha256=clip.sha256,
            gaps=[
                GapView(from_=from_ms(gap.from_ms), until=from_ms(gap.until_ms), cause=gap.cause) for gap in clip.gaps
            ],
            reason=clip.reason,
        )
        for clip in detail.clips
    ]


def log_of(detail: IncidentDetail) -> list[LogLineView]:
    numbers = {brief.incident.id: brief.incident.number for brief in detail.joined}
    return [
        LogLineView(at=line.at, who=line.who, kind=line.kind, text=line.text, number=numbers.get(line.incident_id, ""))
        for line in detail.log
    ]


def phases_view(phases: Phases) -> PhasesView:
    return PhasesView(
        received_at=phases.received_at,
        taken_at=phases.taken_at,
        dispatched_at=phases.dispatched_at,
        arrived_at=phases.arrived_at,
        closed_at=phases.closed_at,
        take_s=phases.take_s,
        dispatch_s=phases.dispatch_s,
        arrive_s=phases.arrive_s,
        close_s=phases.close_s,
    )

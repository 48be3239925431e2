"""What a console is told about incidents."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from pydantic import BaseModel

from fengtai.domain.alarms.rules import ALLOWED_STEPS as ALARM_STEPS
from fengtai.domain.incidents.api.alarm_view import IncidentAlarm, Place, alarm_view, place_of
from fengtai.domain.incidents.api.moments import Moment
from fengtai.domain.incidents.api.parts import (
    CallView,
    CameraView,
    ClipView,
    DispatchView,
    LogLineView,
    PhasesView,
    PremisesInIncident,
    StepView,
    calls_of,
    cameras_of,
    clips_of,
    dispatches_of,
    log_of,
    phases_view,
    premises_view,
    steps_of,
)
from fengtai.domain.incidents.model import Disposition, IncidentBrief, IncidentDetail, IncidentState
from fengtai.domain.incidents.rules.life_cycles import DISPATCH_STEPS, INCIDENT_STEPS, allowed_steps

State = TypeVar("State", bound=Enum)
Step = TypeVar("Step", bound=Enum)


class Holder(BaseModel):
    id: str
    name: str


class IncidentSummary(BaseModel):
    """A line of the list: an incident with its alarms and premises, without what was done about it."""

    id: str
    number: str
    state: IncidentState
    version: int
    allowed_steps: list[str]
    opened_at: Moment
    closed_at: Moment | None
    drill: bool
    title: str
    priority: int
    category: str
    holder: Holder
    alarms: list[IncidentAlarm]
    premises: PremisesInIncident | None
    disposition: Disposition | None
    position: Place | None


class IncidentPage(BaseModel):
    items: list[IncidentSummary]
    next: str | None


class JoinedIncident(BaseModel):
    """One that goes on as a part of this one."""

    id: str
    number: str
    version: int
    title: str
    priority: int
    category: str
    joined_at: Moment | None
    alarms: list[IncidentAlarm]
    premises: PremisesInIncident | None


class IncidentLink(BaseModel):
    id: str
    number: str


class IncidentView(BaseModel):
    id: str
    number: str
    state: IncidentState
    version: int
    allowed_steps: list[str]
    opened_at: Moment
    drill: bool
    title: str
    priority: int
    category: str
    holder: Holder
    alarms: list[IncidentAlarm]
    premises: PremisesInIncident | None
    cameras: list[CameraView]
    steps: list[StepView]
    dispatches: list[DispatchView]
    calls: list[CallView]
    clips: list[ClipView]
    log: list[LogLineView]
    phases: PhasesView
    disposition: Disposition | None
    closing_note: str
    position: Place | None
    joined: list[JoinedIncident]
    joined_to: IncidentLink | None


class LifeCycles(BaseModel):
    """State → step → next state: what a console may offer."""

    alarm: dict[str, dict[str, str]]
    incident: dict[str, dict[str, str]]
    dispatch: dict[str, dict[str, str]]


def summary_view(brief: IncidentBrief) -> IncidentSummary:
    incident = brief.incident
    return IncidentSummary(
        id=incident.id,
        number=incident.number,
        state=incident.state,
        version=incident.version,
        allowed_steps=[step.value for step in allowed_steps(incident)],
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        drill=incident.drill,
        title=incident.title,
        priority=incident.priority,
        category=incident.category,
        holder=Holder(id=incident.holder_id, name=incident.holder_name),
        alarms=[alarm_view(alarm) for alarm in brief.alarms],
        premises=premises_view(brief.premises) if brief.premises else None,
        disposition=incident.disposition,
        position=place_of(incident.position),
    )


def incident_view(detail: IncidentDetail) -> IncidentView:
    incident = detail.incident
    return IncidentView(
        id=incident.id,
        number=incident.number,
        state=incident.state,
        version=incident.version,
        allowed_steps=[step.value for step in allowed_steps(incident)],
        opened_at=incident.opened_at,
        drill=incident.drill,
        title=incident.title,
        priority=incident.priority,
        category=incident.category,
        holder=Holder(id=incident.holder_id, name=incident.holder_name),
        alarms=[alarm_view(alarm) for alarm in detail.alarms],
        premises=premises_view(detail.premises) if detail.premises else None,
        cameras=cameras_of(detail),
        steps=steps_of(incident),
        dispatches=dispatches_of(detail),
        calls=calls_of(detail),
        clips=clips_of(detail),
        log=log_of(detail),
        phases=phases_view(detail.phases),
        disposition=incident.disposition,
        closing_note=incident.closing_note,
        position=place_of(incident.position),
        joined=[_joined(brief) for brief in detail.joined],
        joined_to=IncidentLink(id=detail.joined_to.id, number=detail.joined_to.number) if detail.joined_to else None,
    )


def _joined(brief: IncidentBrief) -> JoinedIncident:
    incident = brief.incident
    return JoinedIncident(
        **{name: getattr(incident, name) for name in ("id", "number", "version", "title", "priority", "category")},
        joined_at=incident.closed_at,
        alarms=[alarm_view(alarm) for alarm in brief.alarms],
        premises=premises_view(brief.premises) if brief.premises else None,
    )


def life_cycles() -> LifeCycles:
    return LifeCycles(
        alarm=_by_value(ALARM_STEPS), incident=_by_value(INCIDENT_STEPS), dispatch=_by_value(DISPATCH_STEPS)
    )


def _by_value(table: Mapping[State, Mapping[Step, State]]) -> dict[str, dict[str, str]]:
    return {
        state.value: {step.value: following.value for step, following in steps.items()}
        for state, steps in table.items()
    }

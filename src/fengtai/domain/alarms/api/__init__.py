"""Routes of alarms, telephone calls, on-test and drill windows, signals as they came, and supervised sources."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.alarms.api.calls import add_calls
from fengtai.domain.alarms.api.moments import Moment
from fengtai.domain.alarms.model import Alarm, AlarmStep, JournalledSignal, OnTest, SourceView
from fengtai.domain.alarms.rules import person_steps
from fengtai.domain.alarms.service import AlarmDesk, CallDesk


class AlarmPlace(BaseModel):
    longitude: float
    latitude: float


class AlarmView(BaseModel):
    id: str
    signal_seq: int
    state: str
    version: int
    allowed_steps: list[str]
    priority: int
    category: str
    title: str
    title_zh: str
    code_system: str
    code: str
    channel: str
    source: str
    account: str
    account_id: str
    raised_at: Moment
    updated_at: Moment
    reason: str
    premises_id: str
    premises_name: str
    zone: str
    zone_name: str
    partition: str
    text: str
    position: AlarmPlace | None
    point_ids: list[str]
    drill: bool
    on_test: bool
    repeats: int
    restored_at: Moment | None
    held_by: str
    held_by_name: str
    taken_at: Moment | None
    escalate_at: Moment | None
    escalations: int
    shelved_until: Moment | None
    shelved_reason: str
    incident_id: str
    disposition: str
    organisation_id: str
    area_code: str


class AlarmPage(BaseModel):
    items: list[AlarmView]
    next: str | None


class AlarmSignalView(BaseModel):
    seq: int
    received_at: Moment
    channel: str
    source: str
    account: str
    code_system: str
    code: str
    qualifier: str
    partition: str
    zone: str
    text: str
    device_time: Moment | None
    peer: str
    raw_hex: str
    drill: bool
    label: str
    label_zh: str


class AlarmStepView(BaseModel):
    at: Moment
    step: str
    who: str
    text: str


class AlarmWithSignals(BaseModel):
    alarm: AlarmView
    signals: list[AlarmSignalView]
    history: list[AlarmStepView]


class SignalPage(BaseModel):
    items: list[AlarmSignalView]
    next: int | None


class ShelveForm(BaseModel):
    minutes: int
    reason: str = Field(max_length=500)
    version: int


class CloseForm(BaseModel):
    disposition: str = Field(max_length=16)
    note: str = Field("", max_length=2000)
    version: int


class OnTestForm(BaseModel):
    account_id: str = Field(max_length=32)
    zone: str = Field("", max_length=12)
    minutes: int
    reason: str = Field(max_length=500)
    drill: bool = False
    """true: alarms are not suppressed but marked DRILL and handled like real ones"""


class OnTestView(BaseModel):
    id: str
    account_id: str
    number: str
    zone: str
    until: Moment
    reason: str
    by_name: str
    drill: bool


class OnTestPage(BaseModel):
    items: list[OnTestView]
    next: str | None = None


class AlarmSourceView(BaseModel):
    source: str
    account_id: str
    number: str
    premises_name: str
    last_seen_at: Moment | None
    expected_seconds: int
    state: str


def router(desk: AlarmDesk, calls: CallDesk, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["alarms"])
    add_calls(routes, calls, who)
    see, handle = needs(Permission.ALARMS_SEE), needs(Permission.ALARMS_HANDLE)

    @routes.get("/alarms", openapi_extra=see)
    async def list_alarms(
        state: Literal["open", "all"] = "open",
        after: str = Query("", max_length=32),
        limit: int = Query(200, ge=1, le=1000),
        by: Actor = Depends(who),
    ) -> AlarmPage:
        alarms = await desk.page(open_only=state == "open", after=after, limit=limit, by=by)
        following = alarms[-1].id if len(alarms) == limit else None
        return AlarmPage(items=[view_of_alarm(alarm) for alarm in alarms], next=following)

    @routes.get("/alarms/{alarm_id}", openapi_extra=see)
    async def one_alarm(alarm_id: str, by: Actor = Depends(who)) -> AlarmWithSignals:
        alarm, signals, history = await desk.get(alarm_id, by=by)
        return AlarmWithSignals(
            alarm=view_of_alarm(alarm),
            signals=[_view_of_signal(signal) for signal in signals],
            history=[_view_of_step(step) for step in history],
        )

    @routes.post("/alarms/{alarm_id}/shelve", openapi_extra=handle)
    async def shelve_alarm(alarm_id: str, form: ShelveForm, by: Actor = Depends(who)) -> AlarmView:
        alarm = await desk.shelve(alarm_id, minutes=form.minutes, reason=form.reason, version=form.version, by=by)
        return view_of_alarm(alarm)

    @routes.post("/alarms/{alarm_id}/close", openapi_extra=handle)
    async def close_alarm(alarm_id: str, form: CloseForm, by: Actor = Depends(who)) -> AlarmView:
        alarm = await desk.close(alarm_id, disposition=form.disposition, note=form.note, version=form.version, by=by)
        return view_of_alarm(alarm)

    @routes.get("/on-test", openapi_extra=see)
    async def list_on_test(by: Actor = Depends(who)) -> OnTestPage:
        return OnTestPage(items=[_view_of_test(row) for row in await desk.on_test(by=by)])

    @routes.post("/on-test", status_code=201, openapi_extra=handle)
    async def put_on_test(form: OnTestForm, by: Actor = Depends(who)) -> OnTestView:
        row = await desk.put_on_test(
            form.account_id, zone=form.zone, minutes=form.minutes, reason=form.reason, by=by, drill=form.drill
        )
        return _view_of_test(row)

    @routes.delete("/on-test/{on_test_id}", status_code=204, openapi_extra=handle)
    async def end_test(on_test_id: str, by: Actor = Depends(who)) -> None:
        await desk.end_test(on_test_id, by=by)

    @routes.get("/signals", openapi_extra=see)
    async def list_signals(
        before: int = Query(0, ge=0, le=2**63 - 1), limit: int = Query(100, ge=1, le=500), by: Actor = Depends(who)
    ) -> SignalPage:
        signals = await desk.signals(before=before, limit=limit, by=by)
        following = signals[-1].seq if signals and signals[-1].seq > 1 else None
        return SignalPage(items=[_view_of_signal(signal) for signal in signals], next=following)

    @routes.get("/sources", openapi_extra=see)
    async def list_sources(by: Actor = Depends(who)) -> list[AlarmSourceView]:
        return [_view_of_source(source) for source in await desk.sources(by=by)]

    return routes


def view_of_alarm(alarm: Alarm) -> AlarmView:
    here = alarm.position
    values = {name: getattr(alarm, name) for name in AlarmView.model_fields if hasattr(alarm, name)}
    return AlarmView(
        **values
        | {
            "state": alarm.state.value,
            "channel": alarm.channel.value,
            "point_ids": list(alarm.point_ids),
            "position": AlarmPlace(longitude=here.longitude, latitude=here.latitude) if here else None,
            "allowed_steps": person_steps(alarm.state, alarm.priority),
        }
    )


def _view_of_signal(journalled: JournalledSignal) -> AlarmSignalView:
    signal = journalled.signal
    return AlarmSignalView(
        seq=journalled.seq,
        received_at=journalled.received_at,
        channel=signal.channel.value,
        source=signal.source,
        account=signal.account,
        code_system=signal.code_system,
        code=signal.code,
        qualifier=signal.qualifier.value,
        partition=signal.partition,
        zone=signal.zone,
        text=signal.text,
        device_time=signal.device_time,
        peer=signal.peer,
        raw_hex=signal.raw.hex(),
        drill=signal.drill,
        label=signal.details.get("label", ""),
        label_zh=signal.details.get("label_zh", ""),
    )


def _view_of_step(step: AlarmStep) -> AlarmStepView:
    return AlarmStepView(at=step.at, step=step.step, who=step.who, text=step.text)


def _view_of_test(row: OnTest) -> OnTestView:
    return OnTestView(**{name: getattr(row, name) for name in OnTestView.model_fields})


def _view_of_source(source: SourceView) -> AlarmSourceView:
    return AlarmSourceView(
        source=source.source,
        account_id=source.account_id,
        number=source.number,
        premises_name=source.premises_name,
        last_seen_at=source.last_seen_at,
        expected_seconds=source.expected_seconds,
        state=source.state.value,
    )

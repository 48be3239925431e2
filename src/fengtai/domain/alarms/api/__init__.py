"""Routes of alarms, telephone calls, on-test and drill windows, signals as they came, and supervised sources."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Depends, Query

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.alarms.api.calls import add_calls
from fengtai.domain.alarms.api.views import (
    AlarmPage,
    AlarmSourceView,
    AlarmView,
    AlarmWithSignals,
    CloseForm,
    OnTestForm,
    OnTestPage,
    OnTestView,
    QueueView,
    ShelveForm,
    SignalPage,
    view_of_alarm,
    view_of_queue,
    view_of_signal,
    view_of_source,
    view_of_step,
    view_of_test,
)
from fengtai.domain.alarms.service import AlarmDesk, AlarmQueue, CallDesk


def router(desk: AlarmDesk, queue: AlarmQueue, calls: CallDesk, who: Callable[..., Actor]) -> APIRouter:
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

    @routes.get("/alarm-queue", openapi_extra=see)
    async def read_queue(
        after: str = Query("", max_length=32),
        limit: int = Query(200, ge=1, le=2000),
        text: str = Query("", max_length=64, description="in premises, account, name of the zone, code and words"),
        by: Actor = Depends(who),
    ) -> QueueView:
        """What is open, by priority, then oldest first; many alarms of one panel are one row."""
        return view_of_queue(await queue.page(after=after, limit=limit, text=text, by=by), limit)

    @routes.get("/alarms/{alarm_id}/folded", openapi_extra=see)
    async def list_folded(
        alarm_id: str,
        after: str = Query("", max_length=32),
        limit: int = Query(200, ge=1, le=1000),
        by: Actor = Depends(who),
    ) -> AlarmPage:
        """The alarms of the row of the queue in which this one stands, oldest first."""
        alarms = await queue.folded_with(alarm_id, after=after, limit=limit, by=by)
        following = alarms[-1].id if len(alarms) == limit else None
        return AlarmPage(items=[view_of_alarm(alarm) for alarm in alarms], next=following)

    @routes.get("/alarms/{alarm_id}", openapi_extra=see)
    async def one_alarm(alarm_id: str, by: Actor = Depends(who)) -> AlarmWithSignals:
        alarm, signals, history = await desk.get(alarm_id, by=by)
        return AlarmWithSignals(
            alarm=view_of_alarm(alarm),
            signals=[view_of_signal(signal) for signal in signals],
            history=[view_of_step(step) for step in history],
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
        return OnTestPage(items=[view_of_test(row) for row in await desk.on_test(by=by)])

    @routes.post("/on-test", status_code=201, openapi_extra=handle)
    async def put_on_test(form: OnTestForm, by: Actor = Depends(who)) -> OnTestView:
        row = await desk.put_on_test(
            form.account_id, zone=form.zone, minutes=form.minutes, reason=form.reason, by=by, drill=form.drill
        )
        return view_of_test(row)

    @routes.delete("/on-test/{on_test_id}", status_code=204, openapi_extra=handle)
    async def end_test(on_test_id: str, by: Actor = Depends(who)) -> None:
        await desk.end_test(on_test_id, by=by)

    @routes.get("/signals", openapi_extra=see)
    async def list_signals(
        before: int = Query(0, ge=0, le=2**63 - 1), limit: int = Query(100, ge=1, le=500), by: Actor = Depends(who)
    ) -> SignalPage:
        signals = await desk.signals(before=before, limit=limit, by=by)
        following = signals[-1].seq if signals and signals[-1].seq > 1 else None
        return SignalPage(items=[view_of_signal(signal) for signal in signals], next=following)

    @routes.get("/sources", openapi_extra=see)
    async def list_sources(by: Actor = Depends(who)) -> list[AlarmSourceView]:
        return [view_of_source(source) for source in await desk.sources(by=by)]

    return routes

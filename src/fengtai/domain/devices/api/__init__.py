"""Routes of devices."""

from collections.abc import Callable

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.devices.api import views
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.vocabulary.errors import NotFound


def router(devices: DeviceRegistry, commands: DeviceCommands, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["devices"])

    async def detail(device_id: str, by: Actor) -> views.DeviceDetail:
        found = await devices.get(device_id, by=by)
        return views.detail_view(found, await devices.positions(device_id, by=by), commands)

    @routes.get("/api/devices", openapi_extra=needs(Permission.DEVICES_SEE))
    async def list_devices(
        text: str = Query("", max_length=64),
        after: str = Query("", max_length=20),
        limit: int = Query(200, ge=1, le=1000),
        by: Actor = Depends(who),
    ) -> views.DevicePage:
        found = await devices.page(after_id=after, limit=limit, text=text, by=by)
        full = len(found) == limit
        return views.DevicePage(
            items=[views.device_view(device, channels) for device, channels in found],
            next=found[-1][0].id if full else None,
        )

    @routes.post("/api/devices", status_code=201, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def enter_device(form: views.NewDevice, by: Actor = Depends(who)) -> views.DeviceView:
        entered = await devices.enter(
            form.id, name=form.name, password=form.password, organisation_id=form.organisation_id, by=by
        )
        return views.device_view(entered, 0)

    @routes.get("/api/devices/{device_id}", openapi_extra=needs(Permission.DEVICES_SEE))
    async def get_device(device_id: str, by: Actor = Depends(who)) -> views.DeviceDetail:
        return await detail(device_id, by)

    @routes.post("/api/devices/{device_id}/accept", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def accept_device(device_id: str, form: views.AcceptForm, by: Actor = Depends(who)) -> views.DeviceDetail:
        await devices.accept(device_id, make_points=form.make_points, organisation_id=form.organisation_id, by=by)
        return await detail(device_id, by)

    @routes.post("/api/devices/{device_id}/refuse", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def refuse_device(device_id: str, form: views.RefuseForm, by: Actor = Depends(who)) -> views.DeviceDetail:
        await devices.refuse(device_id, reason=form.reason, by=by)
        return await detail(device_id, by)

    @routes.post("/api/devices/{device_id}/catalogue", status_code=202, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def ask_for_catalogue(device_id: str, by: Actor = Depends(who)) -> views.Asked:
        await devices.get(device_id, by=by, permission=Permission.DEVICES_EDIT)
        await commands.query_catalogue(device_id)
        return views.Asked(device_id=device_id)

    @routes.get("/api/device-makes", openapi_extra=needs(Permission.DEVICES_SEE))
    async def list_makes() -> list[views.MakeView]:
        return [views.make_view(make) for make in commands.makes()]

    @routes.put("/api/devices/{device_id}/manner", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def choose_manner(device_id: str, form: views.MannerForm, by: Actor = Depends(who)) -> views.DeviceDetail:
        makes = [make.id for make in commands.makes()]
        await devices.choose_manner(device_id, views.manner_of(form), makes=makes, by=by)
        return await detail(device_id, by)

    @routes.post("/api/devices/{device_id}/orders", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def order(device_id: str, form: views.OrderForm, by: Actor = Depends(who)) -> views.OrderView:
        report = await devices.carry_out(device_id, form.channel_id, form.order, commands=commands, by=by)
        return views.OrderView(outcome=report.outcome, detail=report.detail)

    @routes.post(
        "/api/devices/{device_id}/subscriptions", status_code=202, openapi_extra=needs(Permission.DEVICES_EDIT)
    )
    async def subscribe_again(device_id: str, by: Actor = Depends(who)) -> views.Asked:
        await devices.get(device_id, by=by, permission=Permission.DEVICES_EDIT)
        await commands.subscribe_again(device_id)
        return views.Asked(device_id=device_id)

    @routes.get(
        "/api/devices/{device_id}/catalogue.xml",
        openapi_extra=needs(Permission.DEVICES_SEE),
        response_class=Response,
    )
    async def raw_catalogue(device_id: str, by: Actor = Depends(who)) -> Response:
        """The messages of the last catalogue as they came, in the device's own letters; the newest 256 kB."""
        await devices.get(device_id, by=by)
        messages = commands.raw_catalogue(device_id)
        if not messages:
            raise NotFound("the device has sent no catalogue since the start: ask for it first")
        name = f'attachment; filename="catalogue-{device_id}.xml"'
        headers = {"Content-Disposition": name, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(b"\r\n\r\n".join(messages), media_type="application/octet-stream", headers=headers)

    @routes.get("/api/devices/{device_id}/sip", openapi_extra=needs(Permission.DEVICES_SEE))
    async def sip_trace(device_id: str, by: Actor = Depends(who)) -> list[views.SipMessageView]:
        await devices.get(device_id, by=by)
        return [views.message_view(message) for message in commands.trace(device_id)]

    @routes.get(
        "/api/devices/{device_id}/sip.txt",
        openapi_extra=needs(Permission.DEVICES_SEE),
        response_class=PlainTextResponse,
    )
    async def download_sip_trace(device_id: str, by: Actor = Depends(who)) -> PlainTextResponse:
        await devices.get(device_id, by=by)
        text = "\n".join(views.as_text(message) for message in commands.trace(device_id))
        name = f'attachment; filename="sip-{device_id}.txt"'
        return PlainTextResponse(text, headers={"Content-Disposition": name, "Cache-Control": "no-store"})

    return routes

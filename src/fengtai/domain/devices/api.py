"""Routes of devices."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from fengtai.domain.access.model import Actor, Permission, needs
from fengtai.domain.devices.model import Channel, Device, Enrolment, Presence, TracedMessage
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.devices.service import DeviceRegistry


class NewDevice(BaseModel):
    id: str = Field(max_length=20, description="20-digit code")
    name: str = Field("", max_length=120)
    password: str = Field("", max_length=128, description="its own password; empty: the shared one. Never shown again")


class AcceptForm(BaseModel):
    make_points: bool = Field(False, description="make a point for every camera among its channels")


class RefuseForm(BaseModel):
    reason: str = Field(max_length=500)


class DeviceView(BaseModel):
    id: str
    name: str
    enrolment: Enrolment
    presence: Presence
    transport: str
    host: str
    port: int
    last_seen_at: str | None
    expires_at: str | None
    edition: str
    manufacturer: str
    model: str
    firmware: str
    channels: int
    has_password: bool


class DevicePage(BaseModel):
    items: list[DeviceView]
    next: str | None


class ChannelView(BaseModel):
    id: str
    name: str
    on: bool
    stale: bool
    point_id: str | None = Field(description="null here: devices lie below points; the list of points names channels")
    longitude: float | None
    latitude: float | None


class DeviceDetail(BaseModel):
    id: str
    name: str
    enrolment: Enrolment
    presence: Presence
    transport: str
    host: str
    port: int
    last_seen_at: str | None
    expires_at: str | None
    edition: str
    manufacturer: str
    model: str
    firmware: str
    has_password: bool
    clock_error_seconds: float | None = Field(description="its clock minus ours, when it last told")
    channels: list[ChannelView]


class Asked(BaseModel):
    device_id: str


class AlarmResetForm(BaseModel):
    channel_id: str = Field("", max_length=20, description="an alarm input or camera of the device; empty: the device")


class SipMessageView(BaseModel):
    at: str
    direction: Literal["in", "out"]
    transport: str
    peer: str
    first_line: str
    text: str


def router(devices: DeviceRegistry, commands: DeviceCommands, who: Callable[..., Actor]) -> APIRouter:
    routes = APIRouter(tags=["devices"])

    @routes.get("/api/devices", openapi_extra=needs(Permission.DEVICES_SEE))
    async def list_devices(
        text: str = Query("", max_length=64),
        after: str = Query("", max_length=20),
        limit: int = Query(200, ge=1, le=1000),
    ) -> DevicePage:
        found = await devices.page(after_id=after, limit=limit, text=text)
        full = len(found) == limit
        return DevicePage(
            items=[_view(device, channels) for device, channels in found], next=found[-1][0].id if full else None
        )

    @routes.post("/api/devices", status_code=201, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def enter_device(form: NewDevice, by: Actor = Depends(who)) -> DeviceView:
        return _view(await devices.enter(form.id, name=form.name, password=form.password, by=by), 0)

    @routes.get("/api/devices/{device_id}", openapi_extra=needs(Permission.DEVICES_SEE))
    async def get_device(device_id: str) -> DeviceDetail:
        return await _detail(devices, device_id)

    @routes.post("/api/devices/{device_id}/accept", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def accept_device(device_id: str, form: AcceptForm, by: Actor = Depends(who)) -> DeviceDetail:
        await devices.accept(device_id, make_points=form.make_points, by=by)
        return await _detail(devices, device_id)

    @routes.post("/api/devices/{device_id}/refuse", openapi_extra=needs(Permission.DEVICES_EDIT))
    async def refuse_device(device_id: str, form: RefuseForm, by: Actor = Depends(who)) -> DeviceDetail:
        await devices.refuse(device_id, reason=form.reason, by=by)
        return await _detail(devices, device_id)

    @routes.post("/api/devices/{device_id}/catalogue", status_code=202, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def ask_for_catalogue(device_id: str) -> Asked:
        await devices.get(device_id)
        await commands.query_catalogue(device_id)
        return Asked(device_id=device_id)

    @routes.post("/api/devices/{device_id}/alarm-reset", status_code=202, openapi_extra=needs(Permission.DEVICES_EDIT))
    async def reset_alarm(device_id: str, form: AlarmResetForm, by: Actor = Depends(who)) -> Asked:
        await devices.note_alarm_reset(device_id, form.channel_id, by=by)
        await commands.reset_alarm(device_id, form.channel_id)
        return Asked(device_id=device_id)

    @routes.get("/api/devices/{device_id}/sip", openapi_extra=needs(Permission.DEVICES_SEE))
    async def sip_trace(device_id: str) -> list[SipMessageView]:
        await devices.get(device_id)
        return [_message_view(message) for message in commands.trace(device_id)]

    @routes.get(
        "/api/devices/{device_id}/sip.txt",
        openapi_extra=needs(Permission.DEVICES_SEE),
        response_class=PlainTextResponse,
    )
    async def download_sip_trace(device_id: str) -> PlainTextResponse:
        await devices.get(device_id)
        text = "\n".join(_as_text(message) for message in commands.trace(device_id))
        name = f'attachment; filename="sip-{device_id}.txt"'
        return PlainTextResponse(text, headers={"Content-Disposition": name, "Cache-Control": "no-store"})

    return routes


def _message_view(message: TracedMessage) -> SipMessageView:
    return SipMessageView(
        at=_iso(message.at) or "",
        direction="in" if message.incoming else "out",
        transport=message.transport,
        peer=message.peer,
        first_line=message.first_line,
        text=message.text,
    )


def _as_text(message: TracedMessage) -> str:
    way = "<--" if message.incoming else "-->"
    return f"{_iso(message.at)} {way} {message.transport} {message.peer}\n{message.text}\n"


async def _detail(devices: DeviceRegistry, device_id: str) -> DeviceDetail:
    found = await devices.get(device_id)
    fields = _view(found.device, len(found.channels)).model_dump(exclude={"channels"})
    error = found.device.clock_error_ms
    return DeviceDetail(
        channels=[_channel_view(channel) for channel in found.channels],
        clock_error_seconds=None if error is None else error / 1000,
        **fields,
    )


def _view(device: Device, channels: int) -> DeviceView:
    binding = device.binding
    return DeviceView(
        id=device.id,
        name=device.name,
        enrolment=device.enrolment,
        presence=device.presence,
        transport=binding.transport if binding else "",
        host=binding.host if binding else "",
        port=binding.port if binding else 0,
        last_seen_at=_iso(device.last_seen_at),
        expires_at=_iso(binding.expires_at) if binding else None,
        edition=binding.edition if binding else "",
        manufacturer=device.manufacturer,
        model=device.model,
        firmware=device.firmware,
        channels=channels,
        has_password=bool(device.sealed_password),
    )


def _channel_view(channel: Channel) -> ChannelView:
    return ChannelView(
        id=channel.id,
        name=channel.name,
        on=channel.on,
        stale=channel.stale,
        point_id=None,
        longitude=channel.longitude,
        latitude=channel.latitude,
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

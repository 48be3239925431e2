"""What the routes of devices take and answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from fengtai.domain.devices.model import (
    Channel,
    Device,
    Enrolment,
    Make,
    Manner,
    Order,
    OrderOutcome,
    Presence,
    ReportedPosition,
    Topic,
    TopicReport,
    TracedMessage,
)
from fengtai.domain.devices.ports import DeviceCommands
from fengtai.domain.devices.service import DeviceWithChannels


class NewDevice(BaseModel):
    id: str = Field(max_length=20, description="20-digit code")
    name: str = Field("", max_length=120)
    password: str = Field("", max_length=128, description="its own password; empty: the shared one. Never shown again")
    organisation_id: str = Field("", max_length=32, description="whose it is; empty: nobody's yet, so the city's")


class AcceptForm(BaseModel):
    make_points: bool = Field(False, description="make a point for every camera among its channels")
    organisation_id: str = Field("", max_length=32, description="whose it is from now on; empty: as it was")


class RefuseForm(BaseModel):
    reason: str = Field(max_length=500)


class DeviceView(BaseModel):
    id: str
    name: str
    organisation_id: str
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


class MakeView(BaseModel):
    id: str
    name: str
    quirks: list[str]


class MannerForm(BaseModel):
    edition: Literal["", "1.0", "1.1", "2.0", "3.0"] = Field("", description="X-GB-ver; empty: what the device says")
    make: str = Field("", max_length=32, description="quirk profile; empty: what fits")
    charset: Literal["", "gb18030", "utf-8"] = Field("", description="empty: found out, message by message")
    topics: list[Topic] | None = Field(None, description="what we subscribe to; null: by the rule for its type")
    redirect_to: str = Field(
        "",
        max_length=128,
        description="<server id>@<host>:<port> that it is sent to when it registers; empty: stays here",
    )


class TopicView(BaseModel):
    topic: Topic
    state: Literal["waiting", "asking", "active", "refused", "failed"]
    since: str | None
    expires_at: str | None
    cause: str


class PositionView(BaseModel):
    channel_id: str
    longitude: float
    latitude: float
    at: str
    speed_kmh: float | None
    direction_degrees: float | None
    altitude_m: float | None


class OrderForm(BaseModel):
    order: Order
    channel_id: str = Field("", max_length=20, description="an alarm input or camera of the device; empty: the device")


class OrderView(BaseModel):
    outcome: OrderOutcome
    detail: str


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
    user_agent: str
    clock_error_seconds: float | None = Field(description="its clock minus ours, when it last told")
    make: MakeView = Field(description="the quirk profile that counts for it")
    manner: MannerForm = Field(description="what a person chose")
    on_guard: bool | None = Field(description="armed; null: neither confirmed nor told")
    catalogue_at: str | None
    catalogue_note: str = Field(description="what was odd about its last catalogue")
    subscriptions: list[TopicView] = Field(description="empty while it is offline")
    positions: list[PositionView] = Field(description="the last of each mobile device or channel")
    channels: list[ChannelView]


class Asked(BaseModel):
    device_id: str


class SipMessageView(BaseModel):
    at: str
    direction: Literal["in", "out"]
    transport: str
    peer: str
    first_line: str
    text: str


def message_view(message: TracedMessage) -> SipMessageView:
    return SipMessageView(
        at=_iso(message.at) or "",
        direction="in" if message.incoming else "out",
        transport=message.transport,
        peer=message.peer,
        first_line=message.first_line,
        text=message.text,
    )


def as_text(message: TracedMessage) -> str:
    way = "<--" if message.incoming else "-->"
    return f"{_iso(message.at)} {way} {message.transport} {message.peer}\n{message.text}\n"


def detail_view(
    found: DeviceWithChannels, positions: Sequence[ReportedPosition], commands: DeviceCommands
) -> DeviceDetail:
    device, manner = found.device, found.device.manner
    fields = device_view(device, len(found.channels)).model_dump(exclude={"channels"})
    error = device.clock_error_ms
    return DeviceDetail(
        user_agent=device.user_agent,
        clock_error_seconds=None if error is None else error / 1000,
        make=make_view(commands.make_of(device)),
        manner=MannerForm.model_validate(
            {
                "edition": manner.edition,
                "make": manner.make,
                "charset": manner.charset,
                "topics": None if manner.topics is None else sorted(manner.topics, key=lambda one: one.value),
                "redirect_to": manner.redirect_to,
            }
        ),
        on_guard=device.on_guard,
        catalogue_at=_iso(device.catalogue_at),
        catalogue_note=device.catalogue_note,
        subscriptions=[_topic_view(report) for report in commands.subscriptions(device.id)],
        positions=[_position_view(position) for position in positions],
        channels=[_channel_view(channel) for channel in found.channels],
        **fields,
    )


def make_view(make: Make) -> MakeView:
    return MakeView(id=make.id, name=make.name, quirks=list(make.quirks))


def manner_of(form: MannerForm) -> Manner:
    return Manner(
        edition=form.edition,
        make=form.make,
        charset=form.charset,
        topics=None if form.topics is None else frozenset(form.topics),
        redirect_to=form.redirect_to.strip(),
    )


def _topic_view(report: TopicReport) -> TopicView:
    return TopicView.model_validate(
        {
            "topic": report.topic,
            "state": report.state,
            "since": _iso(report.since),
            "expires_at": _iso(report.expires_at),
            "cause": report.cause,
        }
    )


def _position_view(position: ReportedPosition) -> PositionView:
    return PositionView(
        channel_id=position.channel_id,
        longitude=position.longitude,
        latitude=position.latitude,
        at=_iso(position.at) or "",
        speed_kmh=position.speed_kmh,
        direction_degrees=position.direction_degrees,
        altitude_m=position.altitude_m,
    )


def device_view(device: Device, channels: int) -> DeviceView:
    binding = device.binding
    return DeviceView(
        id=device.id,
        name=device.name,
        organisation_id=device.organisation_id,
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

"""The gateway of GB/T 28181 devices: settings and start. Found by scan."""

import secrets
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

from fengtai.domain.access.ports import Vault
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.devices.model import EnrolPolicy, Topic
from fengtai.domain.devices.rules import server_of
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.patience import Patience
from fengtai.gateways.gb28181.registrations import RegistrationDesk
from fengtai.gateways.gb28181.running import Running
from fengtai.gateways.gb28181.uploads import PictureUploads
from fengtai.protocols.gb28181 import Bounds, PlatformIdentity
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Invalid
from fengtai.vocabulary.events import EventReader

NAME = "gb28181"
SECTION = "sip"


class Settings(BaseModel, frozen=True):
    host: str = Field("127.0.0.1", description="address to listen on, UDP and TCP")
    port: int = Field(5060, ge=0, le=65535, description="port to listen on, UDP and TCP")
    advertised: str = Field(
        "", description="address that devices reach us at, as written into Via and Contact; empty: the same as host"
    )
    networks: list[str] = Field(
        [],
        description="<network>=<address>, such as 10.20.0.0/16=10.20.0.5: devices of that network reach us, for signalling "
        "and pictures, at that address instead of the advertised one; the first that fits counts",
    )
    id: str = Field("34020000002000000001", pattern=r"^\d{20}$", description="our own 20-digit code (type 200)")
    domain: str = Field("3402000000", pattern=r"^\d{10}$", description="our SIP domain: ten digits")
    shared_password: SecretStr = Field(
        SecretStr(""), description="password of devices without one of their own; empty: such devices are refused"
    )
    enrol: Literal["pending", "accept", "refuse"] = Field(
        "pending", description="what a device becomes that nobody entered but that knows the shared password"
    )
    keepalive_seconds: float = Field(60.0, gt=0, description="interval at which devices send keepalives")
    keepalive_misses: int = Field(3, ge=1, le=100, description="missed keepalives after which a device is offline")

    subscribe: list[Topic] = Field(
        [Topic.CATALOGUE, Topic.ALARM, Topic.POSITION],
        description="what accepted devices are subscribed to where nobody chose otherwise, as far as it makes sense for "
        "their type: catalogue (recorders, platforms), alarm (all), position (what moves)",
    )
    subscription_seconds: int = Field(
        3600, ge=60, le=86_400, description="how long a subscription runs before it is refreshed"
    )
    most_catalogue_items: int = Field(
        100_000, ge=100, le=1_000_000, description="items after which a device's catalogue is cut, and that is told"
    )
    message_seconds: float = Field(
        60.0, gt=0, le=900, description="how long one message may take to come over TCP, however steadily it drips in"
    )
    most_connections: int = Field(20_000, ge=1, description="TCP connections at the same time; more are hung up on")
    most_connections_of_an_address: int = Field(
        2_000,
        ge=1,
        description="TCP connections from one address (devices behind one NAT share it); more are hung up on",
    )
    redirect_to: str = Field(
        "", description="<server id>@<host>:<port> that every device is sent to (302) when it registers; empty: nobody"
    )
    picture_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="port on which devices upload pictures that they were asked for (2022); open only "
        "while one is asked; 0: a free one, another each time (behind a firewall: choose one)",
    )
    picture_wait_seconds: float = Field(
        12.0, gt=0, le=60, description="how long such a picture is waited for; the console waits 15 s"
    )
    picture_from: Literal["device", "anywhere"] = Field(
        "device", description="from which address such a picture is taken: the device's own, or any (behind a NAT)"
    )

    @model_validator(mode="after")
    def _own_addresses(self) -> "Settings":
        for text in self.networks:
            network_of(text)
        return self

    @model_validator(mode="after")
    def _redirected(self) -> "Settings":
        if self.redirect_to:
            try:
                server_of(self.redirect_to)
            except Invalid as error:
                raise ValueError(f"sip.{error}") from error
        return self

    @model_validator(mode="after")
    def _reachable(self) -> "Settings":
        if self.host in ("0.0.0.0", "::", "") and not self.advertised:  # noqa: S104 - compared, not bound
            raise ValueError("sip.advertised is needed when sip.host is every address: devices must be told one")
        return self


def network_of(text: str) -> tuple[IPv4Network | IPv6Network, str]:
    """A network and our address in it. Raise ValueError."""
    network, equals, address = text.partition("=")
    try:
        own = ip_address(address.strip())
        if equals and not own.is_unspecified and not own.is_multicast:
            return ip_network(network.strip()), str(own)
    except ValueError as error:
        raise ValueError(f"networks: {text!r}: {error}; such as 10.20.0.0/16=10.20.0.5") from error
    raise ValueError(f"networks: {text!r} is not such as 10.20.0.0/16=10.20.0.5")


async def start(
    settings: Settings,
    *,
    devices: DeviceRegistry,
    alarms: AlarmDesk,
    clock: Clock,
    vault: Vault,
    events: EventReader,
    bounds: Bounds = Bounds(),
) -> Running:
    """Listen, and take up the registrations of before. Raise Unavailable when the port is taken."""
    running = Running(
        lambda port: PlatformIdentity(
            id=settings.id,
            domain=settings.domain,
            host=settings.advertised or settings.host,
            port=port,
            keepalive_seconds=settings.keepalive_seconds,
            keepalive_misses=settings.keepalive_misses,
            subscription_seconds=settings.subscription_seconds,
            most_catalogue_items=settings.most_catalogue_items,
            networks=tuple(network_of(text) for text in settings.networks),
        ),
        nonce_secret=secrets.token_bytes(32),
        registrations=RegistrationDesk(
            devices=devices,
            vault=vault,
            clock=clock,
            shared_password=settings.shared_password.get_secret_value(),
            policy=EnrolPolicy(settings.enrol),
            realm=settings.domain,
        ),
        devices=devices,
        alarms=alarms,
        clock=clock,
        events=events,
        uploads=PictureUploads(
            host=settings.host,
            advertised=settings.advertised or settings.host,
            port=settings.picture_port,
            from_anywhere=settings.picture_from == "anywhere",
        ),
        bounds=bounds,
        picture_wait_seconds=settings.picture_wait_seconds,
        topics=frozenset(settings.subscribe),
        patience=Patience(
            settings.message_seconds,
            settings.keepalive_seconds * settings.keepalive_misses + settings.message_seconds,
            settings.most_connections,
            settings.most_connections_of_an_address,
        ),
        everybody_to=server_of(settings.redirect_to) if settings.redirect_to else None,
    )
    await running.open(settings.host, settings.port)
    return running

"""The gateway of GB/T 28181 devices: settings and start. Found by scan."""

import secrets
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, model_validator

from fengtai.domain.access.ports import Vault
from fengtai.domain.alarms.service import AlarmDesk
from fengtai.domain.devices.model import EnrolPolicy
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.gateways.gb28181.registrations import RegistrationDesk
from fengtai.gateways.gb28181.running import Running
from fengtai.protocols.gb28181 import PlatformIdentity
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.events import EventReader

NAME = "gb28181"
SECTION = "sip"


class Settings(BaseModel, frozen=True):
    host: str = Field("127.0.0.1", description="address to listen on, UDP and TCP")
    port: int = Field(5060, ge=0, le=65535, description="port to listen on, UDP and TCP")
    advertised: str = Field(
        "", description="address that devices reach us at, as written into Via and Contact; empty: the same as host"
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

    @model_validator(mode="after")
    def _reachable(self) -> "Settings":
        if self.host in ("0.0.0.0", "::", "") and not self.advertised:  # noqa: S104 - compared, not bound
            raise ValueError("sip.advertised is needed when sip.host is every address: devices must be told one")
        return self


async def start(
    settings: Settings,
    *,
    devices: DeviceRegistry,
    alarms: AlarmDesk,
    clock: Clock,
    vault: Vault,
    events: EventReader,
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
    )
    await running.open(settings.host, settings.port)
    return running

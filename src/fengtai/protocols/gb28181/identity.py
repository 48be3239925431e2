"""Who the two roles are towards each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.protocols.gb28181.messages import CatalogItem
from fengtai.protocols.sip import Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformIdentity:
    """Who we are towards devices; `host` and `port` are what they can reach."""

    id: str
    domain: str
    host: str
    port: int
    keepalive_seconds: float = 60.0
    keepalive_misses: int = 3
    edition: str = "3.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceIdentity:
    """Who the device is and to whom it belongs; `host` and `port` are its own address as it writes it."""

    id: str
    password: str
    server_id: str
    domain: str
    server: Peer
    host: str
    port: int
    channels: Sequence[CatalogItem] = ()
    name: str = "Camera"
    manufacturer: str = "Fengtai"
    model: str = "Simulated"
    firmware: str = "1"
    edition: str = "2.0"
    expires_seconds: int = 3600
    keepalive_seconds: float = 60.0
    keepalive_misses: int = 3
    retry_seconds: float = 60.0

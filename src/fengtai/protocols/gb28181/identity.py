"""Who the two roles are towards each other."""

from dataclasses import dataclass, field

from fengtai.protocols.gb28181.items import CatalogItem
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
    subscription_seconds: int = 3600
    most_catalogue_items: int = 100_000
    """a catalogue that goes on after so many is cut"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFaults:
    """What a device does otherwise than the standard, as some do. The default is a good one."""

    declares: str = ""
    """charset that its XML names; empty: by its edition"""
    encodes: str = ""
    """charset that its bytes are in; empty: GB 18030"""
    counts_letters: bool = False
    """its Content-Length counts letters instead of bytes"""
    catalogue_never_ends: bool = False
    sum_num_is_off_by: int = 0
    refuses_subscribe: int = 0
    """status; 0: it agrees"""
    grants_seconds: int = 0
    """the longest subscription that it grants; 0: as asked"""
    least_subscription_seconds: int = 0
    refuses_orders: bool = False
    uploads: str = "picture"
    """what it does when it is told to upload one: "picture", "nothing" (and says so), "silence", "text" (no JPEG)"""
    keeps_results_back: bool = False
    """takes orders (200) and never says what became of them"""
    knows_key_frame_as: str = ""
    """the one spelling that it knows, lower case; empty: both"""


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
    channels: tuple[CatalogItem, ...] = ()
    items_a_part: int = 4
    name: str = "Camera"
    manufacturer: str = "Fengtai"
    model: str = "Simulated"
    firmware: str = "1"
    edition: str = "2.0"
    expires_seconds: int = 3600
    keepalive_seconds: float = 60.0
    keepalive_misses: int = 3
    retry_seconds: float = 60.0
    user_agent: str = ""
    faults: DeviceFaults = field(default_factory=DeviceFaults)

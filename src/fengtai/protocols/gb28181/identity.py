"""Who the two roles are towards each other."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

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
    networks: tuple[tuple[IPv4Network | IPv6Network, str], ...] = ()
    """whose devices reach us at another address than `host`; the first that fits counts"""

    def own_address_in(self, peer_host: str) -> str:
        """Our address as devices of this one's network reach it, for signalling and pictures; empty: nothing special."""
        if not self.networks:
            return ""
        address = ip_address(peer_host)
        return next((own for network, own in self.networks if address in network), "")

    def contact_towards(self, peer: Peer) -> str:
        return f"<sip:{self.id}@{self.own_address_in(peer.host) or self.host}:{self.port}>"


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
    wants_offered: tuple[str, ...] = ()
    """payload types without which it refuses an offer (488)"""
    most_payloads_offered: int = 100
    """an offer of more it refuses (415)"""
    answers_as: str = "96 PS/90000"
    """what it says that it sends"""
    chooses_stream_by: str = "streamnumber"
    """the attribute of an offer by which it knows that its sub-stream is asked for"""
    leaves_tag_out: bool = False
    """its yes to INVITE has no To-tag"""
    sends_early: bool = False
    """pictures leave before its yes"""
    passes_over_byes: int = 0
    """so many BYE of each call it does not hear"""
    invites_again: bool = False
    """it refreshes its session by an INVITE of its own"""


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

"""Settings of media: workers, ports, addresses and folders. Section `[media]`, environment `FENGTAI_MEDIA__...`."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SECTION = "media"


class MediaSettings(BaseModel):
    """Frozen; parsed once by `apps.settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), ge=1, le=64)
    """worker processes; one per core, as many as the default live ports allow"""
    ports: str = "30000-30499"
    """RTP receivers: even ports of this range, one a stream"""
    host: str = "127.0.0.1"
    """bind address of RTP receivers"""
    advertised: str = ""
    """address that devices send to (SDP); empty: the bind address. The field's commonest fault is a wrong one"""
    http_ports: str = "8091-8098"
    """live pictures: one port per worker"""
    http_host: str = "127.0.0.1"
    """bind address of the live ports"""
    http_tls_certificate: Path | None = None
    """PEM file with the certificate chain of the live ports (wss); needs `http_tls_key`"""
    http_tls_key: Path | None = None
    """PEM file with its private key"""
    http_tls_by_proxy: bool = False
    """Whether a proxy in front of the live ports encrypts them (on the same port numbers): consoles are then told wss"""
    http_advertised: str = ""
    """name in the watch address; empty: the one by which the console reached us"""
    origins: tuple[str, ...] = ()
    """further allowed Origin values for live; the host of the console itself is always allowed"""
    recordings: Path = Path("data/recordings")
    """folder of the hour files"""
    clips: Path = Path("data/clips")
    """folder of the clips cut out of them"""
    domain: str = "3402000000"
    """SIP domain: its digits 4 to 8 stand in every SSRC (GB/T 28181 annex: y=)"""
    sync_seconds: float = Field(2.0, gt=0, le=30)
    """a GOP is on the disk after this time at the latest: the bound on loss, with the GOP being received"""
    reserve_bytes: int = Field(2 << 30, ge=0)
    """free space at which recording begins to stop, lowest class first"""
    no_packet_seconds: float = Field(15.0, gt=0)
    """silence after which a stream is ended (BYE) and told as lost"""
    no_viewer_seconds: float = Field(20.0, ge=0)
    """how long a stream that nobody watches or records runs on"""
    recoded_streams: int = Field(2, ge=0, le=32)
    """H.265 made into H.264 for browsers that cannot play it: so many streams in each worker at once; at 1080p each takes
    most of a core"""
    quarantine_seconds: float = Field(30.0, ge=0)
    """a port or an SSRC is not used again before this time"""
    ticket_seconds: float = Field(60.0, gt=0)
    """how long a ticket opens the live picture; it is asked for again when the console reconnects"""

    @field_validator("ports", "http_ports")
    @classmethod
    def _is_range(cls, text: str) -> str:
        port_range(text)
        return text

    @model_validator(mode="after")
    def _both_or_none(self) -> "MediaSettings":
        if (self.http_tls_certificate is None) != (self.http_tls_key is None):
            raise ValueError("http_tls_certificate and http_tls_key are needed together")
        return self

    @property
    def live_scheme(self) -> str:
        """How a console opens a live picture."""
        return "wss" if self.http_tls_certificate or self.http_tls_by_proxy else "ws"

    @property
    def advertised_host(self) -> str:
        return self.advertised or self.host


def port_range(text: str) -> range:
    """ "30000-30499" as a range, both ends included. Raise ValueError with a sentence."""
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise ValueError(f"{text!r} is not a range of ports such as 30000-30499")
    ports = range(int(first), int(last or first) + 1)
    if not ports or ports[0] < 1024 or ports[-1] > 65535:
        raise ValueError(f"{text!r}: ports must lie between 1024 and 65535, the lower one first")
    return ports

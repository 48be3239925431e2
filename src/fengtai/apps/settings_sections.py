"""The sections of the settings that are the house's own, each a frozen form that checks itself.

Media and the gateways bring theirs (`media/settings.py`, `plugin.py`). Reading file and environment is `settings.py`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from fengtai.domain.access.model import AccessPolicy, PasskeySite, PasswordProfile, Role
from fengtai.domain.audit.model import RedactionPolicy
from fengtai.domain.webhooks.model import WebhookPolicy
from fengtai.media.settings import MediaSettings
from fengtai.storage.s3_objects import S3Place


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteSettings(Section):
    name: str = Field("烽台 Fengtai", min_length=1, max_length=80)
    """Name of the place, shown in the console."""
    time_zone: str = "Asia/Shanghai"
    """IANA time zone in which people read times; stored times are UTC."""

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, text: str) -> str:
        try:
            ZoneInfo(text)
        except (LookupError, ValueError, OSError):
            raise ValueError(f"{text!r} is not a time zone of this machine, such as Asia/Shanghai") from None
        return text


class HttpSettings(Section):
    host: str = "127.0.0.1"
    """Bind address of console and API."""
    port: int = Field(8080, ge=0, le=65535)
    """Port of console and API; 0 lets the system choose."""
    tls_certificate: Path | None = None
    """PEM file with the certificate chain; needs `tls_key`."""
    tls_key: Path | None = None
    """PEM file with the private key of the certificate."""
    origins: tuple[str, ...] = ()
    """Further origins under which browsers reach the console, such as https://fengtai.example (a proxy)."""
    body_limit_bytes: int = Field(1 << 20, ge=1024, le=1 << 28)
    """Largest request that is read."""
    streams_per_person: int = Field(8, ge=1, le=1000)
    """Consoles that one person may have open at once."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    address_rate: float = Field(500.0, ge=0)
    """Requests a second from one address (bursts of ten times as many); 0: no limit."""
    sign_in_rate: float = Field(2.0, ge=0)
    """Sign-ins a second from one address (bursts of thirty times as many); 0: no limit."""
    read_rate: float = Field(100.0, ge=0)
    """Readings a second in one session (bursts of ten times as many); 0: no limit."""
    change_rate: float = Field(20.0, ge=0)
    """Changes a second in one session (bursts of ten times as many); 0: no limit."""
    export_rate: float = Field(0.5, ge=0)
    """Exports a second in one session (bursts of twenty times as many); 0: no limit."""
    edits_need_if_match: bool = False
    """Whether an edit (PUT) of a thing that has an ETag is refused without If-Match (428)."""
    console: Path | None = None
    """Folder of the built console; default: web/dist of the source tree, else the one in the package."""

    @model_validator(mode="after")
    def _both_or_none(self) -> "HttpSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key are needed together")
        return self


class DatabaseSettings(Section):
    url: str = ""
    """postgresql+psycopg://... ; empty: an SQLite file in the data folder."""
    owner_url: SecretStr = SecretStr("")
    """The same database as the role that owns the tables: for `fengtai db upgrade`, `fengtai db roles` and `fengtai
    audit redact`, in the environment of whoever runs those. The server does not need it and should not have it."""


class AuditSettings(Section):
    time_stamp_url: str = Field("", pattern=r"^(https?://[^\s/@]+(/\S*)?)?$")
    """Address of a time-stamping authority (RFC 3161); empty: checkpoints are not time-stamped. Tokens are signed, so
    plain http does."""
    time_stamp_root: Path | None = None
    """PEM file with the root certificate under which its tokens are signed; needed with `time_stamp_url`."""
    time_stamp_inside_ok: bool = False
    """Whether the authority may lie inside the network."""
    keep_months: int = Field(24, ge=6, le=1200)
    """Calendar months after which `fengtai audit redact` removes the content of entries; the law asks for 6 at least."""
    keep_months_of: dict[str, Annotated[int, Field(ge=6, le=1200)]] = Field(default_factory=dict)
    """Other months for actions that begin so, such as {"live." = 6}; the longest beginning wins."""

    @model_validator(mode="after")
    def _root_is_named(self) -> "AuditSettings":
        if self.time_stamp_url and self.time_stamp_root is None:
            raise ValueError("time_stamp_url needs time_stamp_root: a token that nobody can verify proves nothing")
        return self

    def redaction(self, *, is_done_here: bool) -> RedactionPolicy:
        return RedactionPolicy(months=self.keep_months, months_of=self.keep_months_of, is_done_here=is_done_here)


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe events that are written."""
    format: Literal["text", "json"] = "text"
    """Text for people, JSON lines for collectors."""


class AccessSettings(Section):
    idle_minutes: int = Field(60, ge=1, le=1440)
    """A session unused for so long ends. An open console is a used one: it is listening for alarms."""
    session_hours: int = Field(12, ge=1, le=72)
    """Every session ends after this time, however busy: one shift."""
    failures_per_name: int = Field(5, ge=1, le=100)
    """Failed sign-ins after which a name is locked for a while, twice as long for each further one."""
    failures_per_address: int = Field(30, ge=1, le=10000)
    """Failed sign-ins after which an address is locked for a while."""
    password_profile: PasswordProfile = PasswordProfile.MLPS3
    """What a password must be: `mlps3` (10 characters of three classes, none of the last 5, changed every 90 days) or
    `asvs5` (12 characters, not well known, no rotation)."""
    change_given_passwords: bool = True
    """A password that somebody else set has to be changed when it is first used."""
    second_factor_roles: tuple[Role, ...] = (Role.ADMINISTRATOR,)
    """Whoever holds one of these roles needs a second factor, and is asked to enter one at the next sign-in."""
    approve_guardians: bool = True
    """A second administrator has to agree before somebody becomes administrator or auditor of the whole city. Where there is
    only one administrator, nobody is asked."""
    approve_clip_exports: bool = False
    """A second person has to agree before a clip leaves the house."""
    live_purpose_asked: bool = False
    """Live pictures are opened from a duty post chosen at sign-in, or for a stated purpose with its number; as recordings
    always are."""
    passkey_name: str = "localhost"
    """Host name under which browsers reach the console, and for which passkeys are made; an IP address cannot be one."""
    provider_plaintext_ok: bool = False
    """Identity providers on this machine's loopback may be called without TLS (for trying out)."""

    def policy(self, site_name: str = "Fengtai") -> AccessPolicy:
        return AccessPolicy(
            idle_seconds=self.idle_minutes * 60,
            absolute_seconds=self.session_hours * 3600,
            failures_per_name=self.failures_per_name,
            failures_per_address=self.failures_per_address,
            password_profile=self.password_profile,
            change_given_passwords=self.change_given_passwords,
            second_factor_roles=frozenset(self.second_factor_roles),
            approve_guardians=self.approve_guardians,
            approve_clip_exports=self.approve_clip_exports,
            live_purpose_asked=self.live_purpose_asked,
            site_name=site_name,
        )

    def passkey_site(self, site_name: str, http: HttpSettings) -> PasskeySite:
        """Where passkeys are good: the name, under our own port and under the origins that the settings tell."""
        scheme = "https" if http.tls_certificate else "http"
        own = f"{scheme}://{self.passkey_name}:{http.port}".removesuffix(":80" if scheme == "http" else ":443")
        told = [one for one in http.origins if f".{urlsplit(one).hostname}".endswith(f".{self.passkey_name}")]
        return PasskeySite(rp_id=self.passkey_name, rp_name=site_name, origins=tuple(dict.fromkeys([own, *told])))


class ObjectSettings(Section):
    """Where clips, photos and papers live: the local folder, or an S3 bucket into which they are moved; and the bucket
    of backups."""

    bucket: str = Field("", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")
    """S3 bucket; empty: everything stays in the local folder."""
    prefix: str = Field("", pattern=r"^[A-Za-z0-9_./-]*$")
    """Folder in the bucket."""
    endpoint: str = Field("", pattern=r"^(https?://[^\s/]+)?$")
    """Address of the store, such as https://s3.example; empty: Amazon's, by region. Plain http needs `plaintext_ok`."""
    region: str = "us-east-1"
    """Region of the bucket."""
    access_key_id: str = ""
    """Name of the key; empty: the machine's own role."""
    secret_access_key: SecretStr = SecretStr("")
    """Its secret; better in the environment."""
    archive_bucket: str = Field("", pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$")
    """Bucket of the same store for `fengtai archive`: backups without keys. One of its own, so that its versions can be
    locked against deletion."""
    settled_seconds: float = Field(60.0, ge=0)
    """An object is moved when it has not been written to for so long."""
    plaintext_ok: bool = False
    """Whether objects and signatures may cross the network unencrypted."""

    @model_validator(mode="after")
    def _encrypted(self) -> "ObjectSettings":
        if self.archive_bucket and self.archive_bucket == self.bucket:
            raise ValueError("archive_bucket and bucket must be two: backups are not objects of the platform")
        if self.endpoint.startswith("http://") and not self.plaintext_ok:
            raise ValueError(
                f"{self.endpoint} does not encrypt; set objects.plaintext_ok = true if the network is trusted"
            )
        if bool(self.access_key_id) != bool(self.secret_access_key.get_secret_value()):
            raise ValueError("access_key_id and secret_access_key are needed together")
        return self

    def place(self) -> S3Place | None:
        return self._place(self.bucket) if self.bucket else None

    def archive_place(self) -> S3Place | None:
        return self._place(self.archive_bucket) if self.archive_bucket else None

    def _place(self, bucket: str) -> S3Place:
        return S3Place(
            bucket=bucket,
            prefix=self.prefix,
            endpoint=self.endpoint,
            region=self.region,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key.get_secret_value(),
        )


class WebhookSettings(Section):
    allowed_hosts: tuple[str, ...] = ()
    """Hosts, as they stand in a webhook's address, that may lie inside the network and speak plain http."""

    def policy(self) -> WebhookPolicy:
        return WebhookPolicy(allowed_hosts=frozenset(self.allowed_hosts))


SECTIONS: Mapping[str, type[BaseModel]] = {
    "site": SiteSettings,
    "http": HttpSettings,
    "media": MediaSettings,
    "database": DatabaseSettings,
    "log": LogSettings,
    "access": AccessSettings,
    "webhooks": WebhookSettings,
    "objects": ObjectSettings,
    "audit": AuditSettings,
}

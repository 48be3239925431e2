"""What a person proves themselves with beside the password, and what is still due from them.

TOTP: RFC 6238. Passkeys: W3C Web Authentication level 3. Two factors, one of them cryptographic: GB/T 22239-2019
(MLPS level 3) 8.1.4.1 d; ASVS 5.0, 6.3.3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import ClassVar

from fengtai.domain.access.model.permissions import Permission
from fengtai.vocabulary.events import Event


class Due(Enum):
    """What a person has to do before this session gives them any right."""

    PASSWORD = "password"  # noqa: S105 - a word of the API
    SECOND_FACTOR = "second-factor"


class Task(Enum):
    """What a challenge was made for; one made for one task is worth nothing for another."""

    SECOND_STEP = "second-step"
    ENROL_TOTP = "enrol-totp"
    ENROL_PASSKEY = "enrol-passkey"
    PASSKEY_SIGN_IN = "passkey-sign-in"
    PROVIDER_SIGN_IN = "provider-sign-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Something that was asked and waits for its one answer. Of its ticket only SHA-256 is kept."""

    ticket_sha256: bytes
    task: Task
    expires_at: datetime
    user_id: str = ""
    """empty when nobody is known yet"""
    source: str = ""
    """network it was asked from, for the limit of open ones"""
    details: Mapping[str, str] = field(default_factory=dict)
    sealed: bytes = b""
    """a secret of the task (TOTP seed, PKCE verifier), sealed by the vault"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totp:
    """An authenticator app. `last_step` is the newest 30 s step that was used: none is good twice (RFC 6238, 5.2)."""

    user_id: str
    seed_sealed: bytes
    enrolled_at: datetime
    last_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A key pair of which the person's device keeps the private half."""

    id: str
    user_id: str
    name: str
    credential_id: bytes
    public_key: bytes
    """COSE key"""
    sign_count: int
    """0 for devices that do not count"""
    made_at: datetime
    last_used_at: datetime | None = None
    is_synced: bool = False
    """the device's maker keeps a copy (backup state)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPassword:
    """A password that a person has or had: for its age, and so that the last ones are not used again."""

    id: str
    user_id: str
    password_hash: str
    set_at: datetime
    by_other: bool
    """somebody else set it, so it is to be changed when first used"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeySite:
    """Where passkeys of this platform are good: the registrable name and the origins of its console."""

    rp_id: str = "localhost"
    rp_name: str = "Fengtai"
    origins: tuple[str, ...] = ("http://localhost",)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysChanged(Event):
    """A person's means of signing in were changed; `step` is "totp", "passkey", "recovery-codes", "removed", "reset"."""

    kind: ClassVar[str] = "access.keys_changed"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    step: str
    organisation_id: str = ""
    area_code: str = ""
    """where the person belongs: who may be told goes by it"""

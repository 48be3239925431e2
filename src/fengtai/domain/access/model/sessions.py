"""Sign-ins: those that last, and those that failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fengtai.domain.access.model.keys import Due
from fengtai.domain.access.model.permissions import Permission
from fengtai.vocabulary.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in. Of its token only the SHA-256 is kept, so that a copy of the database opens no door."""

    id: str
    token_sha256: bytes
    user_id: str
    started_at: datetime
    seen_at: datetime
    """last use, as far as flushed; idleness counts from it"""
    ends_at: datetime
    """absolute end, however busy"""
    source_ip: str = ""
    post: str = ""
    proven_by: str = "password"
    """how: "password", "password+totp", "password+recovery-code", "passkey", "provider:<id>" """
    due: frozenset[Due] = frozenset()
    """what the person has to do first; until then the session gives no right"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Sign-ins that failed under one key ("name:...", also of names that nobody has, or "address:...")."""

    key: str
    failures: int
    first_at: datetime
    last_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSignedIn(Event):
    """Somebody signed in."""

    kind: ClassVar[str] = "access.signed_in"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    session_id: str
    organisation_id: str = ""
    area_code: str = ""
    """where the person belongs: who may be told goes by it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session is over (signed out, revoked, expired): whoever serves it stops."""

    kind: ClassVar[str] = "access.session_ended"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    session_id: str
    reason: str
    organisation_id: str = ""
    area_code: str = ""
    """where the person belongs: who may be told goes by it"""

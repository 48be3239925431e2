"""People, roles, permissions, sessions; and the marker that every route carries.

Owns: who somebody is and what a role may do. Must not know: routes, tables, how a session travels in a cookie.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.vocabulary.events import Event


class Permission(Enum):
    """What may be done. The value stands in events (`needs`), in the OpenAPI document and in the console's routes."""

    ALARMS_SEE = "alarms.see"
    ALARMS_HANDLE = "alarms.handle"
    INCIDENTS_SEE = "incidents.see"
    INCIDENTS_HANDLE = "incidents.handle"
    LIVE_SEE = "live.see"
    PLAYBACK_SEE = "playback.see"
    POINTS_SEE = "points.see"
    POINTS_EDIT = "points.edit"
    DEVICES_SEE = "devices.see"
    DEVICES_EDIT = "devices.edit"
    PREMISES_SEE = "premises.see"
    PREMISES_EDIT = "premises.edit"
    UNITS_SEE = "units.see"
    UNITS_EDIT = "units.edit"
    ORGANISATIONS_SEE = "organisations.see"
    ORGANISATIONS_EDIT = "organisations.edit"
    PEOPLE_SEE = "people.see"
    PEOPLE_EDIT = "people.edit"
    AUDIT_SEE = "audit.see"
    SYSTEM_SEE = "system.see"
    SYSTEM_EDIT = "system.edit"


class Role(Enum):
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    ENGINEER = "engineer"
    CHIEF = "chief"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is acting, as far as a decision and an audit line need it."""

    user_id: str
    name: str
    """as colleagues read it"""
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    session_id: str = ""
    source_ip: str = ""
    post: str = ""
    """duty post chosen at sign-in"""

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def entry(
        self,
        action: str,
        object: str,
        outcome: Outcome = Outcome.DONE,
        *,
        act: str = "",
        purpose: str = "",
        **details: Any,
    ) -> AuditEntry:
        """An audit line of this person's act."""
        return AuditEntry(
            actor=f"user:{self.user_id}",
            action=action,
            object=object,
            outcome=outcome,
            act=act,
            session=self.session_id,
            source_ip=self.source_ip,
            role=",".join(sorted(role.value for role in self.roles)),
            purpose=purpose,
            post=self.post,
            details=details,
        )


def needs(permission: Permission) -> dict[str, Any]:
    """The marker of a route: `@routes.get(..., openapi_extra=needs(Permission.ALARMS_SEE))`."""
    return {"x-access": permission.value}


def public() -> dict[str, Any]:
    """The marker of a route that anybody may call, said aloud."""
    return {"x-access": "public"}


def signed_in() -> dict[str, Any]:
    """The marker of a route that any person who is signed in may call (own session, own settings)."""
    return {"x-access": "signed-in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in. `password_hash` is the Argon2id text and never leaves this folder."""

    id: str
    name: str
    """what is typed at sign-in, as first entered; `rules.name_key` makes it comparable"""
    display_name: str
    roles: frozenset[Role]
    password_hash: str
    created_at: datetime
    disabled: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Sign-ins that failed under one key ("name:...", also of names that nobody has, or "address:...")."""

    key: str
    failures: int
    first_at: datetime
    last_at: datetime
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupCheck:
    """One thing that was looked at before the platform is used: is it well, what was seen, what to do."""

    id: str
    ok: bool
    detail: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """The figures of access. MLPS level 3 (GB/T 22239-2019, 8.1.4.1) asks for a lock and a session time-out."""

    idle_seconds: int = 3600
    absolute_seconds: int = 12 * 3600
    """one shift"""
    failures_per_name: int = 5
    failures_per_address: int = 30
    forget_failures_seconds: int = 900
    first_lock_seconds: int = 30
    longest_lock_seconds: int = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSignedIn(Event):
    """Somebody signed in."""

    kind: ClassVar[str] = "access.signed_in"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session is over (signed out, revoked, expired): whoever serves it stops."""

    kind: ClassVar[str] = "access.session_ended"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    session_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    """A person was added or changed; `step` is "added", "changed", "password"."""

    kind: ClassVar[str] = "access.person_changed"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    step: str

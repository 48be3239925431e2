"""People, roles, permissions, sessions; and the marker that every route carries.

Owns: who somebody is and what a role may do. Must not know: routes, tables, how a session travels in a cookie.
"""

from dataclasses import dataclass
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
class PersonSignedIn(Event):
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

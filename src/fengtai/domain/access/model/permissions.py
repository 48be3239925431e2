"""What may be done, the roles that people have, and the marker that every route carries."""

from enum import Enum
from typing import Any


class Permission(Enum):
    """What may be done. The value stands in events (`needs`), in the OpenAPI document and in the console's routes."""

    ALARMS_SEE = "alarms.see"
    ALARMS_HANDLE = "alarms.handle"
    INCIDENTS_SEE = "incidents.see"
    INCIDENTS_HANDLE = "incidents.handle"
    LIVE_SEE = "live.see"
    PLAYBACK_SEE = "playback.see"
    PLAYBACK_EXPORT = "playback.export"
    EVIDENCE_SEE = "evidence.see"
    EVIDENCE_EDIT = "evidence.edit"
    POINTS_SEE = "points.see"
    POINTS_EDIT = "points.edit"
    POINTS_IMPORT = "points.import"
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
    GRANTS_SEE = "grants.see"
    GRANTS_EDIT = "grants.edit"
    APPROVALS_DECIDE = "approvals.decide"
    TOKENS_EDIT = "tokens.edit"
    WEBHOOKS_EDIT = "webhooks.edit"
    AUDIT_SEE = "audit.see"
    SYSTEM_SEE = "system.see"
    SYSTEM_EDIT = "system.edit"

    __hash__ = object.__hash__
    """Members are single: identity is enough, and a decision looks one up (Enum's own hash is a quarter of its time)."""


WITHOUT_PLACE = frozenset(
    {
        Permission.POINTS_IMPORT,
        Permission.TOKENS_EDIT,
        Permission.AUDIT_SEE,
        Permission.SYSTEM_SEE,
        Permission.SYSTEM_EDIT,
    }
)
"""What these open belongs to no organisation and no area (an import may touch any point), so a grant with a place says
nothing about them."""


class Role(Enum):
    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    ENGINEER = "engineer"
    CHIEF = "chief"
    EVIDENCE_OFFICER = "evidence-officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


def needs(permission: Permission) -> dict[str, Any]:
    """The marker of a route: `@routes.get(..., openapi_extra=needs(Permission.ALARMS_SEE))`."""
    return {"x-access": permission.value}


def public() -> dict[str, Any]:
    """The marker of a route that anybody may call, said aloud."""
    return {"x-access": "public"}


def signed_in() -> dict[str, Any]:
    """The marker of a route that any person who is signed in may call (own session, own settings)."""
    return {"x-access": "signed-in"}

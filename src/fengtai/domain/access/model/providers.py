"""Identity providers (OpenID Connect Core 1.0): somebody else's house where our people sign in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fengtai.domain.access.model.permissions import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """One provider, as an administrator entered it."""

    id: str
    name: str
    """what the button says"""
    issuer: str
    client_id: str
    secret_sealed: bytes
    """empty for a public client"""
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "preferred_username"
    """the claim that is compared with sign-in names"""
    roles_claim: str = ""
    """the claim with groups or roles; needed only to make people"""
    role_of: Mapping[str, Role] = field(default_factory=dict)
    """which value of that claim gives which role"""
    links_by_name: bool = False
    """an existing person is recognised by the name claim; else only by an earlier link"""
    makes_people: bool = False
    """somebody unknown whose claim maps to a role becomes a person"""
    counts_as_two: bool = False
    """the provider asks for two factors itself"""
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedIdentity:
    """Issuer and subject are the only pair that never changes hands (OIDC Core 5.7)."""

    issuer: str
    subject: str
    user_id: str
    linked_at: datetime

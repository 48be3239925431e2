"""Tokens with which programs call the API in the name of a person."""

from dataclasses import dataclass
from datetime import datetime

from fengtai.domain.access.model.permissions import Permission

TOKEN_PREFIX = "fta_"  # noqa: S105 - begins every token, and is none
"""Begins every API token, so that scanners for leaked secrets find it."""
SESSION_PREFIX = "token:"
"""Begins the session id of an actor who calls by token: audit lines and events name the token by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """Given to one program for one purpose. Never more rights than its person has at the moment of use."""

    id: str
    user_id: str
    purpose: str
    permissions: frozenset[Permission]
    token_sha256: bytes
    made_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    last_used_ip: str = ""

    @property
    def session_id(self) -> str:
        return f"{SESSION_PREFIX}{self.id}"

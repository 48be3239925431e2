"""Who did what, when, to what, for which purpose, and how it ended. Entries are never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol


class Outcome(Enum):
    """INTENT stands durably before a sensitive act begins; DONE, REFUSED or FAILED tells its end."""

    INTENT = "intent"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit log, before it has its place. Values are short strings; `details` may hold JSON values."""

    actor: str
    """ "user:<id>", "system:<part>" or "device:<code>" """
    action: str
    """subject and verb: "incident.dispatch" """
    object: str
    """ "incident:<id>" """
    outcome: Outcome = Outcome.DONE
    act: str = ""
    """ties the RESULT of a sensitive act to its INTENT"""
    session: str = ""
    source_ip: str = ""
    role: str = ""
    purpose: str = ""
    post: str = ""
    """duty post or case under which it was done"""
    details: Mapping[str, Any] = field(default_factory=dict)


class Author(Protocol):
    """Whoever can sign an audit line; `access.model.Actor` is one. For folders below access, which cannot know it."""

    def entry(
        self,
        action: str,
        object: str,
        outcome: Outcome = Outcome.DONE,
        *,
        act: str = "",
        purpose: str = "",
        **details: Any,
    ) -> AuditEntry: ...

"""What one person asks for and a second one has to agree to, before it is done (four eyes)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from fengtai.domain.access.model.permissions import Permission
from fengtai.domain.access.model.places import Place
from fengtai.vocabulary.events import Event


class ApprovedAct(Enum):
    """The acts that may need a second person. Which of them do is told by `AccessPolicy`."""

    GIVE_GUARDIAN = "grant.give"
    """somebody becomes administrator or auditor of the city; done when it is approved"""
    EXPORT_CLIP = "clip.export"
    """a clip leaves the house; the one who asked fetches it, once, after it was approved"""


class ApprovalState(Enum):
    WAITING = "waiting"
    APPROVED = "approved"
    """a second person agreed; the act has not been done yet"""
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One request and what became of it. It holds for exactly these terms, for this person, and only once."""

    id: str
    act: ApprovedAct
    object: str
    """ "person:<id>", "clip:<id>" """
    terms: Mapping[str, Any]
    """what exactly: JSON values, by which the act is known again"""
    title: str
    """what it is about, for people"""
    place: Place
    reason: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    expires_at: datetime
    state: ApprovalState = ApprovalState.WAITING
    decided_by: str = ""
    decided_by_name: str = ""
    decided_at: datetime | None = None
    note: str = ""
    """of whoever decided, or why it could not be done"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChanged(Event):
    """Something was asked for, decided, done, withdrawn, or its time is over. Also told to whoever asked."""

    kind: ClassVar[str] = "access.approval_changed"
    needs: ClassVar[str] = Permission.APPROVALS_DECIDE.value
    approval_id: str
    act: str
    state: str
    asked_by: str
    organisation_id: str
    area_code: str
    point_class: int

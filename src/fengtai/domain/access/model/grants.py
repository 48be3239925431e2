"""Grants: who may (or must not) do what where, until when, given by whom and why."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import ClassVar

from fengtai.domain.access.model.permissions import Permission, Role
from fengtai.vocabulary.events import Event


class Effect(Enum):
    ALLOW = "allow"
    FORBID = "forbid"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """What is given (or forbidden), where and until when. An empty limit is no limit."""

    role: Role
    effect: Effect = Effect.ALLOW
    permissions: frozenset[Permission] = frozenset()
    """some of the role's; empty: all of them"""
    organisation_id: str = ""
    """with all that stand under it; empty: everywhere"""
    area_code: str = ""
    """GB/T 2260 code; everything whose code begins with it"""
    point_classes: frozenset[int] = frozenset()
    """limits points, their pictures and recordings; what has no class is not touched by it"""
    valid_until: datetime | None = None

    @property
    def has_place(self) -> bool:
        return bool(self.organisation_id or self.area_code or self.point_classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Terms given to a person. It is never changed: who wants it otherwise takes it back and gives another one."""

    id: str
    user_id: str
    terms: GrantTerms
    granted_by: str
    """user id, or "system:..." """
    granted_at: datetime
    reason: str = ""
    ended_at: datetime | None = None
    """taken back, or its time was over; the row stays: who could do what when must be told years later"""
    ended_by: str = ""
    end_reason: str = ""

    def counts_at(self, moment: datetime) -> bool:
        until = self.terms.valid_until
        return self.ended_at is None and (until is None or moment < until)


@dataclass(frozen=True, slots=True, kw_only=True)
class RightsChanged(Event):
    """A grant was given, taken back, or its time is over: whoever serves this person asks again."""

    kind: ClassVar[str] = "access.rights_changed"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    grant_id: str
    step: str
    """ "given", "taken back" or "expired" """
    organisation_id: str = ""
    area_code: str = ""
    """where the person belongs: who may be told goes by it"""

"""People who may sign in."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from fengtai.domain.access.model.permissions import Permission, Role
from fengtai.vocabulary.events import Event


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
    organisation_id: str = ""
    """where they belong, which says who may change them, not what they may do; empty: the city's"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChanged(Event):
    """A person was added or changed; `step` is "added", "changed", "password"."""

    kind: ClassVar[str] = "access.person_changed"
    needs: ClassVar[str] = Permission.PEOPLE_SEE.value
    user_id: str
    step: str
    organisation_id: str = ""
    area_code: str = ""
    """where the person belongs: who may be told goes by it"""

"""Units (出警力量): who can be sent, and whether they are free.

Owns: name, call sign, kind, state, position. Must not know: what an incident is beyond its id and number.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from fengtai.vocabulary.events import Event
from fengtai.vocabulary.places import Position


class UnitState(Enum):
    """See `rules.ALLOWED_STEPS`. BUSY is at the scene, or busy with something that is no incident of ours."""

    FREE = "free"
    DISPATCHED = "dispatched"
    BUSY = "busy"
    OFF = "off"


class UnitStep(Enum):
    DISPATCH = "dispatch"
    ARRIVE = "arrive"
    RELEASE = "release"
    OCCUPY = "occupy"
    """busy with something else"""
    SIGN_OFF = "sign-off"
    SIGN_ON = "sign-on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    id: str
    name: str
    call_sign: str
    kind: str
    """patrol, guard, fire, medical, ... (free word of the site)"""
    organisation_id: str
    state: UnitState = UnitState.OFF
    version: int = 1
    position: Position | None = None
    incident_id: str = ""
    """the incident that holds it; empty while it is free, off or busy otherwise"""
    incident_number: str = ""
    dispatched_by: str = ""
    """name of the person who sent it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitWords:
    """What a person says of a unit."""

    name: str
    call_sign: str
    kind: str
    organisation_id: str = ""
    """empty: the root"""
    state: UnitState = UnitState.FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChanged(Event):
    """A unit was entered, changed, or moved to another state."""

    kind: ClassVar[str] = "duty.unit_changed"
    needs: ClassVar[str] = "units.see"
    unit_id: str
    state: str
    organisation_id: str = ""
    area_code: str = ""

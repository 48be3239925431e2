"""Why somebody looks at what was recorded: a closed list, because a free word is filled with anything.

Purpose binding: order 799 article 22 (viewing and retrieving need authority and a register), product.md E1, E7.
"""

from dataclasses import dataclass
from enum import Enum


class Purpose(Enum):
    ALARM = "alarm"
    """an alarm or incident that is being worked on, or was"""
    CASE = "case"
    """a case under its number"""
    DUTY_CHECK = "duty-check"
    """looking round from a duty post"""
    MAINTENANCE = "maintenance"
    """whether the picture is good, not what it shows"""
    LAW = "request-by-law"
    """an authority has asked, under the number of its letter"""
    SUPERVISED = "supervised-viewing"
    """somebody who appears in it looks, in the presence of staff"""


NEEDS_NUMBER = frozenset({Purpose.CASE, Purpose.LAW})
"""For these a duty post is not enough: the number of the case or letter is asked for."""


@dataclass(frozen=True, slots=True)
class StatedPurpose:
    """What goes into the audit with the act."""

    code: Purpose
    reference: str
    """number of the incident, case or letter; else the duty post"""

    @property
    def words(self) -> str:
        return f"{self.code.value}: {self.reference}"

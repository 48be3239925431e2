"""What an event code means: the words that Contact ID (DC-05) and SIA (DC-03) codes are turned into.

`category` and `kind` are closed lists, the same for both code systems, so that a rule need not know which of the two a
panel speaks. Must not know priorities of a centre, accounts or how a message travelled.
"""

from dataclasses import dataclass

CATEGORIES = frozenset(
    {"fire", "hold-up", "medical", "burglary", "technical", "trouble", "open-close", "test", "other"}
)
KINDS = frozenset(
    {
        "alarm", "verified", "supervisory", "trouble", "battery", "tamper", "communication", "bypass", "unbypass",
        "open", "close", "exception", "cancel", "access", "test", "status", "restore",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One event in words. `restores` names the codes whose condition it ends (the same code system)."""

    code_system: str
    code: str
    category: str
    kind: str
    label: str
    label_zh: str = ""
    number_is: str = "zone"
    """what the number beside the code counts: "zone", "user", "area", "door", "other" """
    suggested_priority: int = 9
    restores: tuple[str, ...] = ()
    known: bool = True
    """false: the table lacks the code, and its meaning was guessed by the pattern of its letters, or not at all"""

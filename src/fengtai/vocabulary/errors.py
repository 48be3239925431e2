"""What can go wrong, in a closed list of kinds.

`FengtaiError` is for our own refusals: a business sentence with a kind, mapped to a status once, at the HTTP edge.
`Malformed` is for bytes from a peer that do not follow a standard: it names the byte and the clause, and is not our error.
"""

from enum import Enum
from typing import ClassVar


class Kind(Enum):
    """Every refusal is one of these; `apps.web_api.problems` maps each to one HTTP status."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"
    TOO_MANY = "too-many"
    UNAVAILABLE = "unavailable"


class FengtaiError(Exception):
    """A refusal, in a sentence that a person can act upon. Subclasses name the kind; the text says what to do."""

    kind: ClassVar[Kind] = Kind.INVALID


class Invalid(FengtaiError):
    """A value that cannot be accepted; `field` names it."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class Unauthenticated(FengtaiError):
    kind = Kind.UNAUTHENTICATED


class Forbidden(FengtaiError):
    kind = Kind.FORBIDDEN


class NotFound(FengtaiError):
    kind = Kind.NOT_FOUND


class Conflict(FengtaiError):
    """The thing is in a state (or has been changed to one) in which this act is not possible."""

    kind = Kind.CONFLICT


class TooMany(FengtaiError):
    kind = Kind.TOO_MANY


class Unavailable(FengtaiError):
    """Something that we need (a disk, a worker, a device) does not answer now; trying again later may help."""

    kind = Kind.UNAVAILABLE


class Malformed(ValueError):
    """Bytes from a peer that do not follow the standard: what, at which byte, by which clause, with the bytes near it."""

    def __init__(self, what: str, *, clause: str, at: int = 0, data: bytes = b"") -> None:
        window = data[max(0, at - 8) : at + 8].hex(" ")
        near = f"; near: {window}" if window else ""
        super().__init__(f"{what} (at byte {at}, {clause}{near})")
        self.what, self.clause, self.at = what, clause, at

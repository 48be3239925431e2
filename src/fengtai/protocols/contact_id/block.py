"""The sixteen digits of Ademco Contact ID (SIA DC-05): `ACCT MT Q XYZ GG CCC S`.

Owns the block and its checksum. Must not know what an event code means (`meanings.py`) nor how the digits travelled
(telephone tones, DC-09, a serial line).
"""

from dataclasses import dataclass

from fengtai.vocabulary.errors import Malformed

CLAUSE = "SIA DC-05, message block"
_VALUES = {digit: value for value, digit in enumerate("0123456789ABCDEF")} | {"0": 10}
"""A digit's weight in the checksum: 0 counts as ten, B to F as 11 to 15; A is not used (DC-05)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    account: str
    qualifier: int
    """1 new or opening, 3 restore or closing, 6 still present"""
    event: str
    partition: str
    zone: str
    """zone or user, as the event says"""
    message_type: str = "18"

    def encode(self) -> str:
        digits = f"{self.account}{self.message_type}{self.qualifier}{self.event}{self.partition}{self.zone}"
        return digits + checksum(digits)


def checksum(fifteen: str) -> str:
    """The sixteenth digit: it makes the weighted sum divisible by fifteen."""
    rest = sum(_VALUES[digit] for digit in fifteen) % 15
    return "F" if rest == 0 else "0123456789ABCDEF"[15 - rest] if 15 - rest != 10 else "0"


def decode_block(text: str) -> Block:
    """Return the block. Raise Malformed with the digit that is wrong."""
    digits, data = text.upper(), text.encode("ascii", "replace")
    if len(digits) != 16:
        raise Malformed(f"a Contact ID block has 16 digits, not {len(digits)}", clause=CLAUSE, at=len(data), data=data)
    for at, digit in enumerate(digits):
        if digit not in _VALUES or digit == "A":
            raise Malformed(f"{digit!r} is not a Contact ID digit", clause=CLAUSE, at=at, data=data)
    if digits[4:6] not in ("18", "98"):
        raise Malformed("message type is neither 18 nor 98", clause=CLAUSE, at=4, data=data)
    if digits[6] not in "136":
        raise Malformed("qualifier is none of 1, 3, 6", clause=CLAUSE, at=6, data=data)
    if sum(_VALUES[digit] for digit in digits) % 15:
        raise Malformed("checksum differs", clause=CLAUSE, at=15, data=data)
    return Block(
        account=digits[:4],
        message_type=digits[4:6],
        qualifier=int(digits[6]),
        event=digits[7:10],
        partition=digits[10:12],
        zone=digits[12:15],
    )

"""Identifiers: our own ids and the 20-digit codes of GB/T 28181 annex E (2022) / annex D (2016).

Codes are checked leniently: real devices break the table (NVRs coded 1110000001, ids equal to the platform's), so
`parse_code` refuses only what cannot be an identifier at all, and `concerns` says what is odd.
"""

from dataclasses import dataclass

from fengtai.vocabulary.errors import Invalid


@dataclass(frozen=True, slots=True)
class Code20:
    """A 20-digit code: [area 8][industry 2][type 3][network 1][serial 6]."""

    text: str

    @property
    def area(self) -> str:
        """Administrative area: GB/T 2260 county (6 digits) and grass-roots unit (2 digits)."""
        return self.text[:8]

    @property
    def domain(self) -> str:
        """The SIP domain that the code belongs to: its first ten digits."""
        return self.text[:10]

    @property
    def industry(self) -> str:
        return self.text[8:10]

    @property
    def type(self) -> int:
        return int(self.text[10:13])

    @property
    def network(self) -> str:
        return self.text[13]

    @property
    def serial(self) -> str:
        return self.text[14:]

    @property
    def is_camera(self) -> bool:
        return self.type in (131, 132)

    def __str__(self) -> str:
        return self.text


def parse_code(text: str, *, field: str = "code") -> Code20:
    """Return the code. Raise Invalid when it is not twenty ASCII digits."""
    if len(text) != 20 or not text.isascii() or not text.isdigit():
        raise Invalid(f"{field}: {text[:40]!r} is not a code of twenty digits", field=field)
    return Code20(text)


def proposed_code(domain: str, type_code: int, serial: int, *, network: int = 0) -> Code20:
    """A code in this SIP domain (ten digits); `serial` counts from 1 within domain and type."""
    return parse_code(f"{domain}{type_code:03d}{network}{serial:06d}")

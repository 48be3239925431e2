"""Bits of a parameter set: fixed-length and Exp-Golomb numbers (ISO/IEC 14496-10 7.2, 9.1)."""

from fengtai.vocabulary.errors import Malformed


class BitReader:
    """Reads an RBSP from its first bit. Raises Malformed at the end of the data; for short data (parameter sets)."""

    def __init__(self, nal_payload: bytes) -> None:
        # emulation_prevention_three_byte (7.4.1) is no part of the RBSP
        rbsp = nal_payload.replace(b"\x00\x00\x03", b"\x00\x00")
        self._data = rbsp
        self._value = int.from_bytes(rbsp, "big")
        self._left = len(rbsp) * 8

    @property
    def bits_left(self) -> int:
        return self._left

    def u(self, count: int) -> int:
        """Unsigned number of `count` bits."""
        if count > self._left:
            raise self._ended()
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.u(1) == 1

    def skip(self, count: int) -> None:
        if count > self._left:
            raise self._ended()
        self._left -= count

    def ue(self) -> int:
        """Unsigned Exp-Golomb number (9.1), at most 32 bits."""
        rest = self._value & ((1 << self._left) - 1)
        zeros = self._left - rest.bit_length()
        if rest == 0 or zeros > 32:
            raise self._ended()
        self._left -= zeros
        return self.u(zeros + 1) - 1

    def se(self) -> int:
        """Signed Exp-Golomb number (9.1.1)."""
        number = self.ue()
        return (number + 1) // 2 if number & 1 else -(number // 2)

    def _ended(self) -> Malformed:
        at = len(self._data) - self._left // 8
        return Malformed(
            "a parameter set or slice header ends too early", clause="14496-10 7.3", at=at, data=self._data
        )

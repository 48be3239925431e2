"""The Range header of RFC 9110 §14: one range of bytes, as every player of video asks for it."""

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    first: int
    last: int
    """included"""
    partial: bool

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def wanted_range(header: str, size_bytes: int) -> ByteRange | None:
    """What to send; None when the range cannot be satisfied (416). A header that is not one range of bytes is ignored,
    as §14.2 allows: the whole is sent."""
    whole = ByteRange(0, size_bytes - 1, partial=False)
    asked = _ONE_RANGE.fullmatch(header.strip())
    if asked is None or asked.groups() == ("", ""):
        return whole
    first, last = asked.groups()
    if not first:  # the last so many bytes
        return ByteRange(max(0, size_bytes - int(last)), size_bytes - 1, partial=True) if int(last) else None
    if last and int(last) < int(first):
        return whole
    if int(first) >= size_bytes:
        return None
    return ByteRange(int(first), min(int(last) if last else size_bytes - 1, size_bytes - 1), partial=True)

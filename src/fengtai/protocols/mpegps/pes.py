"""PES packets and the other parts of a pack, found in bytes (ISO/IEC 13818-1 2.4.3.6, 2.5.3)."""

import re
from typing import Final

from fengtai.protocols.elementary import read_pts

PACK: Final = 0xBA
SYSTEM: Final = 0xBB
MAP: Final = 0xBC
PROGRAM_END: Final = 0xB9

START_CODE: Final = re.compile(rb"\x00\x00\x01[\xb9-\xff]", re.DOTALL)
"""Pack-level start codes. No NAL unit begins with such a byte (forbidden_zero_bit), so that they delimit video."""

_MAX_HEADER_BYTES: Final = 1024


def pack_header_size(data: bytes, at: int) -> int:
    """Size of the pack header at this start code, stuffing included; 0 when more bytes are needed; -1 when it is none.

    MPEG-1 packs (12 bytes, '0010') are known too. Hikvision puts private bytes in the stuffing: it is not looked at.
    """
    if at + 5 > len(data):
        return 0
    mark = data[at + 4]
    if mark & 0xC0 == 0x40:
        if at + 14 > len(data):
            return 0
        size = 14 + (data[at + 13] & 0x07)
        following = data[at + size : at + size + 3]
        # a stuffing length that leads nowhere: the next start code is then searched right behind the fixed part
        return size if b"\x00\x00\x01".startswith(following) else 14
    if mark & 0xF0 == 0x20:
        return 12
    return -1


def is_audio(stream_id: int) -> bool:
    return 0xC0 <= stream_id <= 0xDF


def is_video(stream_id: int) -> bool:
    return 0xE0 <= stream_id <= 0xEF


def payload_start(data: bytes, at: int, end: int) -> tuple[int, int | None]:
    """Where the payload of the audio or video PES at `at` begins, and its PTS (33 bits) if it has one.

    -1 when the header is none of MPEG-2 or MPEG-1, or does not fit before `end`.
    """
    if at + 9 > end or data[at + 6] & 0xC0 != 0x80:
        return -1, None
    start = at + 9 + data[at + 8]
    if start > end:
        return -1, None
    if data[at + 7] & 0x80 and data[at + 8] >= 5:
        return start, read_pts(data, at + 9)
    return start, None


def is_whole(data: bytes) -> bool:
    """Whether the lengths of all parts lead from the first byte to the last: then no byte in between is missing."""
    at, size = 0, len(data)
    while at + 6 <= size and data[at : at + 3] == b"\x00\x00\x01":
        if data[at + 3] == PACK:
            step = pack_header_size(data, at)
        else:
            length = data[at + 4] << 8 | data[at + 5]
            step = 6 + length if length else 0
        if step <= 0:
            return False
        at += step
    return at == size and size > 0


def part_end(data: bytes, at: int, stream_id: int, *, may_be_open: bool, by_codes: bool) -> int:
    """Where the part that begins at `at` ends; beyond the data when more bytes are needed."""
    size = len(data)
    if at + 6 > size:
        return size + 1
    length = data[at + 4] << 8 | data[at + 5]
    end = at + 6 + length
    if is_video(stream_id) and (length == 0 or by_codes):
        following = START_CODE.search(data, at + 6)
        if following is None:
            return size if may_be_open else size + 1
        return following.start()
    if is_video(stream_id) or is_audio(stream_id):
        return end
    # maps, system headers and private data: when the length does not lead to a start code, go to the next one
    is_wrong = length > _MAX_HEADER_BYTES if stream_id in (MAP, SYSTEM) else end > size and may_be_open
    if is_wrong or (end + 3 <= size and data[end : end + 3] != b"\x00\x00\x01"):
        following = START_CODE.search(data, at + 6)
        return following.start() if following else end
    return end

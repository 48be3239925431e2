"""Program association and program map (ISO/IEC 13818-1 2.4.4.3, 2.4.4.8): which PID carries what."""

from collections.abc import Sequence

from fengtai.protocols.elementary import crc32_mpeg2
from fengtai.vocabulary.errors import Malformed

_ASSOCIATION, _MAP = 0x00, 0x02
MAX_SECTION_BYTES = 1024


def section_bytes(data: bytes) -> int:
    """How many bytes the section that begins here has; 0 when three bytes are not there yet."""
    return 3 + ((data[1] & 0x0F) << 8 | data[2]) if len(data) >= 3 else 0


def parse_association(section: bytes) -> tuple[int, ...]:
    """The PIDs of the program maps. Raise Malformed when it is no association or its CRC is wrong."""
    body = _body(section, _ASSOCIATION, "13818-1 2.4.4.3")
    pids = []
    for at in range(8, len(body) - 3, 4):
        if body[at] or body[at + 1]:  # program 0 is the network PID
            pids.append((body[at + 2] & 0x1F) << 8 | body[at + 3])
    return tuple(pids)


def parse_map(section: bytes) -> tuple[tuple[int, int], ...]:
    """(PID, stream type) as listed. Raise Malformed when it is no map or its CRC is wrong."""
    body = _body(section, _MAP, "13818-1 2.4.4.8")
    if len(body) < 12:
        raise Malformed("program map is cut", clause="13818-1 2.4.4.8", at=len(body), data=section)
    at = 12 + ((body[10] & 0x0F) << 8 | body[11])
    streams = []
    while at + 5 <= len(body):
        streams.append(((body[at + 1] & 0x1F) << 8 | body[at + 2], body[at]))
        at += 5 + ((body[at + 3] & 0x0F) << 8 | body[at + 4])
    return tuple(streams)


def association_section(program: int, map_pid: int) -> bytes:
    return _section(_ASSOCIATION, 1, program.to_bytes(2, "big") + (0xE000 | map_pid).to_bytes(2, "big"))


def map_section(program: int, clock_pid: int, streams: Sequence[tuple[int, int]]) -> bytes:
    """`streams`: (PID, stream type)."""
    entries = b"".join(bytes([kind]) + (0xE000 | pid).to_bytes(2, "big") + b"\xf0\x00" for pid, kind in streams)
    return _section(_MAP, program, (0xE000 | clock_pid).to_bytes(2, "big") + b"\xf0\x00" + entries)


def _section(table: int, number: int, content: bytes) -> bytes:
    head = bytes([table]) + (0xB000 | len(content) + 9).to_bytes(2, "big") + number.to_bytes(2, "big")
    section = head + b"\xc1\x00\x00" + content
    return section + crc32_mpeg2(section).to_bytes(4, "big")


def _body(section: bytes, table: int, clause: str) -> bytes:
    size = section_bytes(section)
    if size < 12 or size > len(section) or section[0] != table:
        raise Malformed(f"no section of table {table}", clause=clause, data=section)
    if crc32_mpeg2(section[:size]):
        raise Malformed("wrong CRC of a section", clause="13818-1 annex A", at=size - 4, data=section)
    return section[: size - 4]

"""The program stream map (ISO/IEC 13818-1 2.5.4): which stream id carries what."""

from dataclasses import dataclass

from fengtai.protocols.elementary import crc32_mpeg2
from fengtai.vocabulary.errors import Malformed

_CLAUSE = "13818-1 2.5.4.1"


@dataclass(frozen=True, slots=True)
class ProgramMap:
    version: int
    stream_types: tuple[tuple[int, int], ...]
    """(stream id, stream type), as listed"""

    def build(self) -> bytes:
        """With start code, length and CRC."""
        entries = b"".join(bytes([kind, stream_id, 0, 0]) for stream_id, kind in self.stream_types)
        body = bytes([0xE0 | self.version & 0x1F, 0xFF, 0, 0]) + len(entries).to_bytes(2, "big") + entries
        head = b"\x00\x00\x01\xbc" + (len(body) + 4).to_bytes(2, "big") + body
        return head + crc32_mpeg2(head).to_bytes(4, "big")


def parse_program_map(data: bytes) -> ProgramMap:
    """From the start code on. The CRC is not looked at: Dahua's can be wrong. Lengths that do not fit are cut to what
    is there. Raise Malformed when there is no entry to be read."""
    if len(data) < 12 or data[:4] != b"\x00\x00\x01\xbc":
        raise Malformed("no program stream map", clause=_CLAUSE, data=data)
    end = min(len(data), 6 + int.from_bytes(data[4:6], "big"))
    at = 10 + int.from_bytes(data[8:10], "big")
    if at + 2 > end:
        raise Malformed("program_stream_info_length runs over the map", clause=_CLAUSE, at=8, data=data)
    map_end = min(at + 2 + int.from_bytes(data[at : at + 2], "big"), end)
    at += 2
    entries: list[tuple[int, int]] = []
    while at + 4 <= map_end:
        entries.append((data[at + 1], data[at]))
        at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")
    if not entries:
        raise Malformed("program stream map without streams", clause=_CLAUSE, at=at, data=data)
    return ProgramMap(data[6] & 0x1F, tuple(entries))

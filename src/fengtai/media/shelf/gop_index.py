"""The packed index beside each hour file: a header, then one record of fixed size per GOP. Pure bytes, no IO.

Every record has its own CRC, so that the end of a torn index is found without the data file; and the CRC of its
fragment, so that `fengtai check recordings --digests` needs nothing but the two files.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.vocabulary.errors import Malformed

MAGIC = b"FTINDEX1"
_HEADER = struct.Struct(">8s36sQQ")
"""magic, point id (ASCII, padded by spaces), first moment (UTC ms), bytes of the init segment"""
HEADER_BYTES = _HEADER.size + 4
_RECORD = struct.Struct(">QIQIHHI")
"""offset, bytes, start (UTC ms), duration (ms), frames, flags, CRC-32 of the fragment"""
RECORD_BYTES = _RECORD.size + 4
DAMAGED = 1
"""flag: packets of this GOP were lost"""


@dataclass(frozen=True, slots=True)
class IndexHeader:
    point_id: str
    from_ms: int
    init_bytes: int

    def packed(self) -> bytes:
        head = _HEADER.pack(MAGIC, self.point_id.encode("ascii").ljust(36), self.from_ms, self.init_bytes)
        return head + zlib.crc32(head).to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class GopRecord:
    offset: int
    size_bytes: int
    start_ms: int
    duration_ms: int
    frames: int
    is_damaged: bool
    crc: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms

    @property
    def end_offset(self) -> int:
        return self.offset + self.size_bytes

    def packed(self) -> bytes:
        flags = DAMAGED if self.is_damaged else 0
        body = _RECORD.pack(self.offset, self.size_bytes, self.start_ms, self.duration_ms, self.frames, flags, self.crc)
        return body + zlib.crc32(body).to_bytes(4, "big")


def unpack_header(data: bytes) -> IndexHeader:
    """Raise Malformed when it is not (or not yet wholly) an index."""
    if len(data) < HEADER_BYTES:
        raise Malformed("index shorter than its header", clause="segment-shelf, Index", data=data)
    if zlib.crc32(data[: _HEADER.size]).to_bytes(4, "big") != data[_HEADER.size : HEADER_BYTES]:
        raise Malformed("index header: check sum differs", clause="segment-shelf, Index", data=data)
    magic, point_id, from_ms, init_bytes = _HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Malformed("not an index", clause="segment-shelf, Index", data=data)
    return IndexHeader(point_id.decode("ascii").rstrip(), from_ms, init_bytes)


def unpack_records(data: bytes, *, init_bytes: int) -> Sequence[GopRecord]:
    """Whole records from the start of the index, up to the first that is torn or does not follow the one before."""
    records: list[GopRecord] = []
    expected_offset = init_bytes
    for at in range(HEADER_BYTES, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        body = data[at : at + _RECORD.size]
        if zlib.crc32(body).to_bytes(4, "big") != data[at + _RECORD.size : at + RECORD_BYTES]:
            break
        offset, size, start_ms, duration_ms, frames, flags, crc = _RECORD.unpack(body)
        if offset != expected_offset:
            break
        expected_offset += size
        records.append(GopRecord(offset, size, start_ms, duration_ms, frames, bool(flags & DAMAGED), crc))
    return records

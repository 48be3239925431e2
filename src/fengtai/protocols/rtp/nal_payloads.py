"""NAL units out of RTP payloads: H.264 (RFC 6184, modes 0 and 1) and H.265 (RFC 7798, without DONL).

Devices that announce PS and send bare video do one of three things: this, or the byte stream of Annex B cut into packets
at will, or the latter cut at NAL units. Which it is, `sniff_payload` tells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fengtai.protocols.elementary import AccessUnit, VideoAssembler
from fengtai.protocols.rtp.grouping import RtpGroup

_STAP_A, _FU_A = 24, 28
_AP, _FU = 48, 49
_MOST_PIECES = 8192


@dataclass(slots=True)
class NalCounters:
    pictures: int = 0
    damaged_pictures: int = 0
    bad_payloads: int = 0
    """neither a unit nor an aggregation nor a fragment, or with lengths that do not fit"""
    oversized_frames: int = 0


class NalDepacketiser:
    """Feed it the groups of one stream; take access units. Never raises; what it cannot use is counted."""

    def __init__(self, codec: Literal["h264", "h265"]) -> None:
        self.counters = NalCounters()
        self._assembler = VideoAssembler()
        self._codec = codec
        self._nals: list[bytes] = []
        self._fragment: list[bytes] = []
        self._is_damaged = False

    @property
    def pictures_without_codec(self) -> int:
        return self._assembler.units_without_codec

    def take(self, group: RtpGroup) -> list[AccessUnit]:
        if group.lost:
            self._assembler.note_loss()
            self._is_damaged = True
            self._fragment = []
        for payload in group.packets:
            self._nals += self._units_of(payload)
        if not group.ends_frame and len(self._nals) < _MOST_PIECES:
            return []
        if self._fragment:
            self._fragment, self._is_damaged = [], True
        nals, self._nals = self._nals, []
        is_damaged, self._is_damaged = self._is_damaged, False
        unit = self._assembler.assemble_nals(nals, group.timestamp, is_damaged=is_damaged) if nals else None
        if unit is None:
            return []
        self.counters.pictures += 1
        self.counters.damaged_pictures += is_damaged
        return [unit]

    def _units_of(self, payload: bytes) -> Sequence[bytes]:
        """What this payload completes."""
        if len(payload) < 3:
            self.counters.bad_payloads += 1
            return ()
        if self._codec == "h264":
            kind = payload[0] & 0x1F
            if kind == _STAP_A:
                return self._aggregated(payload, 1)
            if kind == _FU_A:
                return self._fragmented(payload, 2, payload[1], bytes([payload[0] & 0xE0 | payload[1] & 0x1F]))
            is_single = 1 <= kind <= 23
        else:
            kind = payload[0] >> 1 & 0x3F
            if kind == _AP:
                return self._aggregated(payload, 2)
            if kind == _FU:
                head = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
                return self._fragmented(payload, 3, payload[2], head)
            is_single = kind < _AP
        if not is_single:
            self.counters.bad_payloads += 1
            return ()
        return (payload,)

    def _aggregated(self, payload: bytes, at: int) -> Sequence[bytes]:
        """RFC 6184 5.7.1, RFC 7798 4.4.2: units with their lengths before them."""
        nals = list(aggregated_units(payload, at))
        if sum(map(len, nals)) + 2 * len(nals) + at != len(payload):
            self.counters.bad_payloads += 1
            self._is_damaged = True
        return nals

    def _fragmented(self, payload: bytes, at: int, edges: int, head: bytes) -> Sequence[bytes]:
        """RFC 6184 5.8, RFC 7798 4.4.3: S and E on the first and the last; the unit's header is rebuilt."""
        if edges & 0x80:
            self._is_damaged |= bool(self._fragment)
            self._fragment = [head]
        elif not self._fragment or len(self._fragment) >= _MOST_PIECES:
            self._fragment, self._is_damaged = [], True
            return ()
        self._fragment.append(payload[at:])
        if not edges & 0x40:
            return ()
        nal, self._fragment = b"".join(self._fragment), []
        return (nal,)


class ByteStreamDepacketiser:
    """The byte stream of Annex B cut into packets: not standard, but seen. Used like `NalDepacketiser`."""

    def __init__(self, *, max_frame_bytes: int = 4 * 1024 * 1024) -> None:
        self.counters = NalCounters()
        self._assembler = VideoAssembler()
        self._max_frame_bytes = max_frame_bytes
        self._parts: list[bytes] = []
        self._size = 0
        self._is_damaged = False

    @property
    def pictures_without_codec(self) -> int:
        return self._assembler.units_without_codec

    def take(self, group: RtpGroup) -> list[AccessUnit]:
        if group.lost:
            self._assembler.note_loss()
            self._is_damaged = True
        self._parts.append(group.payload)
        self._size += len(group.payload)
        if self._size > self._max_frame_bytes:
            self.counters.oversized_frames += 1
            self._assembler.note_loss()
            self._parts, self._size = [], 0
        if not group.ends_frame:
            return []
        data, is_damaged = b"".join(self._parts), self._is_damaged
        self._parts, self._size, self._is_damaged = [], 0, False
        unit = self._assembler.assemble(data, group.timestamp, is_damaged=is_damaged)
        if unit is None:
            return []
        self.counters.pictures += 1
        self.counters.damaged_pictures += is_damaged
        return [unit]


def aggregated_units(payload: bytes, at: int) -> Iterator[bytes]:
    """The units of an aggregation packet, up to the first that does not fit."""
    while at + 2 < len(payload):
        size = payload[at] << 8 | payload[at + 1]
        at += 2
        if size == 0 or at + size > len(payload):
            return
        yield payload[at : at + size]
        at += size

"""From the byte stream of one picture to its access unit: codec told by sniffing, parameter sets remembered.

Used by every container that carries Annex B (PS, TS, raw). One assembler per stream.
"""

from collections.abc import Sequence
from typing import Literal

from fengtai.protocols.elementary.access_unit import AccessUnit
from fengtai.protocols.elementary.annexb import plain_nals, split_nals
from fengtai.protocols.elementary.bits import BitReader
from fengtai.protocols.elementary.nal_types import is_key_frame, sniff_codec
from fengtai.protocols.elementary.parameter_sets import ParameterSets
from fengtai.vocabulary.errors import Malformed

_MAX_SETS = 16
_H264_APART = frozenset({7, 8, 9, 10, 11, 12})
"""SPS, PPS, delimiter, ends of sequence and stream, filler"""
_H265_APART = frozenset({32, 33, 34, 35, 36, 37, 38})

_Shelves = dict[str, dict[int, dict[int, bytes]]]


def _empty_shelves() -> _Shelves:
    """codec → NAL type (in the order VPS, which H.264 has none of, SPS, PPS) → id → the set."""
    return {"h264": {-1: {}, 7: {}, 8: {}}, "h265": {32: {}, 33: {}, 34: {}}}


def _is_slice(nal: bytes, codec: Literal["h264", "h265"]) -> bool:
    return 1 <= nal[0] & 0x1F <= 5 if codec == "h264" else nal[0] >> 1 & 0x3F < 32


class VideoAssembler:
    """Makes access units. Counts what it cannot use; never raises.

    A stream may change its codec or its parameter sets at any key frame: the change shows in the unit.
    """

    __slots__ = ("_codec", "_lost", "_sets", "_shelves", "bad_parameter_sets", "units_without_codec")

    def __init__(self, parameter_sets: ParameterSets | None = None) -> None:
        self._sets = parameter_sets
        self._codec: Literal["h264", "h265"] | None = parameter_sets.codec if parameter_sets else None
        self._shelves = _empty_shelves()
        self._lost = False
        self.units_without_codec = 0
        """pictures that came before any parameter set and cannot be used"""
        self.bad_parameter_sets = 0
        """parameter sets that cannot be understood, and are not put in force"""

    @property
    def codec(self) -> Literal["h264", "h265"] | None:
        return self._codec

    @property
    def parameter_sets(self) -> ParameterSets | None:
        """Those in force."""
        return self._sets

    def note_loss(self) -> None:
        """Something has been lost: units up to the next whole key frame are marked `follows_loss`."""
        self._lost = True

    def assemble(
        self, annexb: bytes, pts_90k: int, *, is_damaged: bool = False, start: int = 0, end: int | None = None
    ) -> AccessUnit | None:
        """The unit of the bytes from `start` to `end`; None when they hold no picture (parameter sets alone are
        remembered)."""
        codec, end = self._codec, len(annexb) if end is None else end
        if (
            codec is not None
            and not is_damaged
            and (nals := plain_nals(annexb, codec == "h265", start, end)) is not None
        ):
            # nearly all pictures: nothing in them changes the codec, the parameter sets or what was lost
            return AccessUnit(codec, nals, False, pts_90k, None, False, self._lost)
        return self.assemble_nals(split_nals(annexb[start:end]), pts_90k, is_damaged=is_damaged)

    def assemble_nals(self, nals: Sequence[bytes], pts_90k: int, *, is_damaged: bool = False) -> AccessUnit | None:
        found = sniff_codec(nals)
        if found is not None and found != self._codec and not (is_damaged and self._codec):
            self._codec, self._sets = found, None
            self._shelves = _empty_shelves()
        codec = self._codec
        if codec is None:
            self.units_without_codec += 1
            return None
        kept = self._without_parameter_sets(nals, codec)
        if len(kept) < len(nals) and not (is_damaged and self._sets):
            self._remember(nals, codec)
        if not any(_is_slice(nal, codec) for nal in kept):
            if is_damaged:
                self._lost = True
            return None
        is_key = is_key_frame(nals, codec)
        if is_damaged:
            self._lost = True
        elif is_key:
            self._lost = False
        return AccessUnit(
            codec,
            tuple(kept),
            is_key,
            pts_90k,
            self._sets if is_key else None,
            is_damaged,
            self._lost,
        )

    def _without_parameter_sets(self, nals: Sequence[bytes], codec: Literal["h264", "h265"]) -> list[bytes]:
        if codec == "h264":
            return [nal for nal in nals if nal[0] & 0x1F not in _H264_APART]
        return [nal for nal in nals if nal[0] >> 1 & 0x3F not in _H265_APART]

    def _remember(self, nals: Sequence[bytes], codec: Literal["h264", "h265"]) -> None:
        """Keep the parameter sets among these, and put them in force when they are new and can be understood."""
        has_new = False
        for nal in nals:
            if len(nal) < 3:
                continue
            kind = nal[0] & 0x1F if codec == "h264" else nal[0] >> 1 & 0x3F
            shelf = self._shelves[codec].get(kind)
            if shelf is None:
                continue
            identifier = _identifier(nal, kind)
            if shelf.get(identifier) != nal and (identifier in shelf or len(shelf) < _MAX_SETS):
                shelf[identifier] = nal
                has_new = True
        if not has_new:
            return
        vps, sps, pps = (tuple(shelf.values()) for shelf in self._shelves[codec].values())
        sets = ParameterSets(codec, sps, pps, vps)
        try:
            if sps and pps and (vps or codec == "h264") and sets.decoder_configuration():
                self._sets = sets
        except Malformed:
            self.bad_parameter_sets += 1
            for shelf in self._shelves[codec].values():
                shelf.clear()


def _identifier(nal: bytes, kind: int) -> int:
    """The set's id, so that a changed set takes the place of the old one (7.4.1.2.1). H.265 SPS: cameras have one."""
    try:
        if kind == 32:
            return nal[2] >> 4
        if kind == 33:
            return 0
        at = {7: 4, 8: 1, 34: 2}[kind]
        return BitReader(nal[at : at + 8]).ue()
    except Malformed:
        return 0

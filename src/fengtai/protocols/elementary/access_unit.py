"""One picture, or one piece of sound, as it travels between a receiver, the recorder and the viewers.

Terms of ISO/IEC 14496-10 and 23008-2: an access unit is the NAL units of one picture.

Structs of msgspec, because each picture of each camera is made one: a frozen dataclass takes four times as long to make.
They hold bytes only, so the collector of cycles need not look at them.
"""

from typing import Literal

from msgspec import Struct

from fengtai.protocols.elementary.annexb import to_annexb, to_length_prefixed
from fengtai.protocols.elementary.parameter_sets import ParameterSets

VideoCodec = Literal["h264", "h265"]
AudioCodec = Literal["g711a", "g711u", "aac", "g722.1", "g723.1", "g729", "svac", "unknown"]


class AccessUnit(Struct, frozen=True, gc=False):
    """One coded picture. Parameter sets, delimiters and filler are taken out of `nals`; SEI and all else stays."""

    codec: VideoCodec
    nals: tuple[bytes, ...]
    is_key: bool
    """decoding can start here (given its parameter sets)"""
    pts_90k: int
    """unwrapped: does not fall back to 0 after 26.5 hours, but may jump when the device's clock does"""
    parameter_sets: ParameterSets | None = None
    """those in force, on every key frame once they are known; None on other frames"""
    is_damaged: bool = False
    """bytes of this unit are missing"""
    follows_loss: bool = False
    """something between the last key frame and this unit is missing: it decodes with faults"""

    @property
    def size_bytes(self) -> int:
        """Size of the unit as an MP4 sample."""
        nals = self.nals
        return len(nals[0]) + 4 if len(nals) == 1 else sum(map(len, nals)) + 4 * len(nals)

    def length_prefixed(self) -> bytes:
        """As an MP4 sample (4-byte lengths, ISO/IEC 14496-15 5.3.4.2), without parameter sets."""
        return to_length_prefixed(self.nals)

    def annexb(self) -> bytes:
        """As a byte stream (Annex B), with parameter sets when the unit carries them: decodable by itself if key."""
        if self.parameter_sets is not None:
            return to_annexb((*self.parameter_sets.nals, *self.nals))
        return to_annexb(self.nals)


class AudioFrame(Struct, frozen=True, gc=False):
    """A piece of coded sound: for G.711, any number of samples of 8 kHz; for AAC, ADTS frames as they came."""

    codec: AudioCodec
    payload: bytes
    pts_90k: int
    sample_rate: int = 8000

"""One stream's packets made into access units: RTP, then what the bytes in it turn out to be. No socket, no clock.

PS is what GB/T 28181 asks for; devices also send MPEG-TS, bare NAL units (RFC 6184, RFC 7798) or a bare byte stream under
the same announcement. The payload type is never believed, the bytes are.
"""

from fengtai.protocols.elementary import AccessUnit
from fengtai.protocols.mpegps import PsDemuxer
from fengtai.protocols.mpegts import TsDemuxer
from fengtai.protocols.rtp import (
    ByteStreamDepacketiser,
    NalDepacketiser,
    PayloadKind,
    RtpGroup,
    RtpReceiver,
    sniff_nal_payload,
    sniff_payload,
)

_BARREN_GROUPS = 50
"""so many frames without a picture: what comes may be something else than what it was taken for"""


class Intake:
    """Feed it packets; take access units. `complaint` says why none come."""

    def __init__(self, ssrc: int) -> None:
        self.receiver = RtpReceiver(ssrc)
        self.demuxer: PsDemuxer | TsDemuxer | NalDepacketiser | ByteStreamDepacketiser = PsDemuxer()
        self.container = "PS"
        self.complaint = ""
        self.audio_frames = 0
        """sound is received but neither recorded nor shown yet"""
        self._is_known = False
        self._barren = _BARREN_GROUPS

    def feed(self, packet: bytes, now: float) -> list[AccessUnit]:
        return self.units_of(self.receiver.receive(packet, now=now))

    def units_of(self, groups: list[RtpGroup]) -> list[AccessUnit]:
        """Of what `receiver` has given for one packet; most packets complete nothing."""
        units: list[AccessUnit] = []
        for group in groups:
            if self._barren >= _BARREN_GROUPS:
                self._look_at(group)
            self._barren += 1
            demuxer = self.demuxer
            if isinstance(demuxer, NalDepacketiser | ByteStreamDepacketiser):
                units += demuxer.take(group)
                continue
            for unit in demuxer.feed(
                group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost
            ):
                if isinstance(unit, AccessUnit):
                    units.append(unit)
                else:
                    self.audio_frames += 1
        if units:
            self.complaint, self._barren = "", 0
        return units

    def why_no_key_frame(self) -> str:
        if self.complaint:
            return self.complaint
        declared = self.demuxer.declared_video if isinstance(self.demuxer, PsDemuxer | TsDemuxer) else None
        if declared not in (None, "h264", "h265"):
            return f"the device sends {declared}, which cannot be shown"
        if self.demuxer.pictures_without_codec:
            return "pictures come without parameter sets (SPS, PPS)"
        if not self._is_known and self.receiver.counters.packets:
            return "the packets hold nothing that is known: neither PS nor MPEG-TS nor H.264 nor H.265"
        return "no key frame has come yet"

    def _look_at(self, group: RtpGroup) -> None:
        """Take another demuxer when the bytes say so. What is known stays until the next long time without pictures."""
        kind = sniff_payload(group.payload)
        codec = None
        if kind is PayloadKind.UNKNOWN:
            codec = next((found for one in group.packets if (found := sniff_nal_payload(one))), None)
            if codec is None:
                return
        if kind is PayloadKind.PRIVATE:
            self.complaint = "the device sends a vendor's private format that cannot be decoded"
            return
        self.complaint, self._is_known, self._barren = "", True, 0
        if codec is not None:
            name = f"RTP {codec.upper()}"
            if self.container != name:
                self.container, self.demuxer = name, NalDepacketiser(codec)
        elif kind is PayloadKind.TS and not isinstance(self.demuxer, TsDemuxer):
            self.container, self.demuxer = "MPEG-TS", TsDemuxer()
        elif kind is PayloadKind.ANNEX_B and not isinstance(self.demuxer, ByteStreamDepacketiser):
            self.container, self.demuxer = "a bare byte stream", ByteStreamDepacketiser()
        elif kind is PayloadKind.PS and not isinstance(self.demuxer, PsDemuxer):
            self.container, self.demuxer = "PS", PsDemuxer()

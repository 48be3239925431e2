"""One stream's packets made into access units: RTP, then what the bytes in it turn out to be. No socket, no clock.

PS is what GB/T 28181 asks for; devices also send MPEG-TS, bare NAL units (RFC 6184, RFC 7798) or a bare byte stream under
the same announcement. The payload type is never believed, the bytes are.
"""

from collections.abc import Callable

from fengtai.protocols.elementary import AccessUnit, AudioFrame
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

RELOCK_AFTER_SECONDS = 2.0
"""a device that changes its SSRC in the middle is followed; strangers are kept out by the sockets, by their address"""
_STRANGE_GROUPS = 3
"""so many frames in a row that begin like something else: the device sends something else now"""

_CONTAINERS = {
    PayloadKind.PS: "PS",
    PayloadKind.TS: "MPEG-TS",
    PayloadKind.ANNEX_B: "a bare byte stream",
    PayloadKind.PRIVATE: "a private format",
}
_PACK = b"\x00\x00\x01\xba"
_WITHOUT_SOUND = (NalDepacketiser, ByteStreamDepacketiser)
Demuxer = PsDemuxer | TsDemuxer | NalDepacketiser | ByteStreamDepacketiser
_DEMUXERS: dict[PayloadKind, Callable[[], Demuxer]] = {
    PayloadKind.PS: PsDemuxer,
    PayloadKind.TS: TsDemuxer,
    PayloadKind.ANNEX_B: ByteStreamDepacketiser,
}


class Intake:
    """Feed it packets; take access units. `complaint` says why none come."""

    def __init__(self, ssrc: int) -> None:
        self.receiver = RtpReceiver(ssrc, relock_after_seconds=RELOCK_AFTER_SECONDS)
        self.demuxer: Demuxer = PsDemuxer()
        self.container = "PS"
        self.complaint = ""
        self.sounds: list[AudioFrame] | None = None
        """frames of sound, to be taken out after each call; None: the point's policy lets none beyond the demuxer"""
        self._is_known = False
        self._strange = 0
        self.carry_sound(False)

    def carry_sound(self, on: bool) -> None:
        """The point's policy."""
        self.sounds = (self.sounds or []) if on else None
        if isinstance(self.demuxer, PsDemuxer):
            self.demuxer.gives_sound = on

    @property
    def audio_frames(self) -> int:
        """That have come, carried on or not."""
        return 0 if isinstance(self.demuxer, _WITHOUT_SOUND) else self.demuxer.counters.audio_frames

    def feed(self, packet: bytes, now: float) -> list[AccessUnit]:
        return self.units_of(self.receiver.receive(packet, now=now))

    def units_of(self, groups: list[RtpGroup]) -> list[AccessUnit]:
        """Of what `receiver` has given for one packet; most packets complete nothing."""
        units: list[AccessUnit] = []
        for group in groups:
            if self._is_known and self.container == "PS" and group.payload.startswith(_PACK):
                self._strange = 0  # as nearly always
            else:
                self._look_at(group)
            demuxer = self.demuxer
            if isinstance(demuxer, _WITHOUT_SOUND):
                units += demuxer.take(group)
                continue
            for unit in demuxer.feed(
                group.payload, timestamp_90k=group.timestamp, ends_frame=group.ends_frame, lost=group.lost
            ):
                if isinstance(unit, AccessUnit):
                    units.append(unit)
                elif self.sounds is not None:
                    self.sounds.append(unit)
        if units:
            self.complaint = ""
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
        """Take another demuxer when the bytes say so: at once at the beginning, later only when they insist."""
        kind, codec = sniff_payload(group.payload), None
        if kind is PayloadKind.UNKNOWN:
            looked_at = group.packets[:1] if self._is_known else group.packets
            codec = next((found for one in looked_at if (found := sniff_nal_payload(one))), None)
            if codec is None:
                return
        name = _CONTAINERS.get(kind) or f"RTP {codec}".upper()
        if name == self.container and self._is_known:
            self._strange = 0
            return
        self._strange += 1
        if self._is_known and self._strange < _STRANGE_GROUPS:
            return
        if kind is PayloadKind.PRIVATE:
            self.complaint = "the device sends a vendor's private format that cannot be decoded"
            return
        self.complaint, self._is_known, self._strange = "", True, 0
        if name == self.container:
            return
        self.container = name
        if codec is not None:
            self.demuxer = NalDepacketiser(codec)
        else:
            self.demuxer = _DEMUXERS[kind]()
        self.carry_sound(self.sounds is not None)

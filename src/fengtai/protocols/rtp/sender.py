"""The sending side: payload cut into packets of one frame, same time stamp, marker on the last (GB/T 28181 C.2.4)."""

from collections.abc import Sequence

from fengtai.protocols.rtp.packet import HEADER


class RtpSender:
    """Numbers packets of one stream. Give `packets` one frame at a time."""

    __slots__ = ("_max_payload_bytes", "_sequence", "bytes_sent", "packets_sent", "payload_type", "ssrc")

    def __init__(
        self, ssrc: int, *, payload_type: int = 96, first_sequence: int = 0, max_payload_bytes: int = 1400
    ) -> None:
        self.ssrc, self.payload_type = ssrc, payload_type
        self._sequence = first_sequence & 0xFFFF
        self._max_payload_bytes = max_payload_bytes
        self.packets_sent = 0
        self.bytes_sent = 0

    def packets(self, payload: bytes, timestamp: int) -> list[bytes]:
        """The packets of one frame; `timestamp` may be unwrapped, its lowest 32 bits are sent."""
        step, end = self._max_payload_bytes, len(payload)
        timestamp &= 0xFFFFFFFF
        packets: list[bytes] = []
        for at in range(0, end, step):
            kind = self.payload_type | (0x80 if at + step >= end else 0)
            packets.append(HEADER.pack(0x80, kind, self._sequence, timestamp, self.ssrc) + payload[at : at + step])
            self._sequence = self._sequence + 1 & 0xFFFF
        self.packets_sent += len(packets)
        self.bytes_sent += end
        return packets

    def frame(self, payloads: Sequence[bytes], timestamp: int) -> list[bytes]:
        """The packets of one frame in a payload format with packets of its own making (RFC 6184, RFC 7798, RFC 2250)."""
        last = len(payloads) - 1
        return [self.packet(payload, timestamp, marker=place == last) for place, payload in enumerate(payloads)]

    def packet(self, payload: bytes, timestamp: int, *, marker: bool) -> bytes:
        """One packet; `marker` on the frame's last."""
        kind = self.payload_type | (0x80 if marker else 0)
        packet = HEADER.pack(0x80, kind, self._sequence, timestamp & 0xFFFFFFFF, self.ssrc) + payload
        self._sequence = self._sequence + 1 & 0xFFFF
        self.packets_sent += 1
        self.bytes_sent += len(payload)
        return packet

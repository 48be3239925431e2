"""The receiving side: one stream's packets put in order, counted, and given frame by frame.

Not its business: sockets, clocks, what is in the payload. RFC 3550 (6.4.1 and A.8 jitter, A.1 sequence numbers);
RFC 5761 (RTCP on the same port).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fengtai.protocols.rtp.grouping import FrameGrouper, RtpGroup
from fengtai.protocols.rtp.order import Arrived, ReorderWindow
from fengtai.protocols.rtp.packet import HEADER, is_rtcp, payload_of
from fengtai.vocabulary.errors import Malformed

_RESTART_GAP = 3000
"""sequence numbers further off than this are a sender that has begun anew, not loss (RFC 3550 A.1 MAX_DROPOUT)"""
_RESTART_PACKETS = 64
"""so many packets in a row from before what was seen: the sender has begun anew a little further back"""


@dataclass(slots=True)
class ReceptionCounters:
    """What has happened on a stream since it began."""

    packets: int = 0
    payload_bytes: int = 0
    lost: int = 0
    duplicates: int = 0
    reordered: int = 0
    """came late, but in time to be put in order"""
    late: int = 0
    """came after their place had been given up as lost (also counted there)"""
    malformed: int = 0
    rtcp: int = 0
    foreign: int = 0
    """packets of another SSRC than the one locked on"""
    restarts: int = 0
    jitter_90k: float = 0.0
    """interarrival jitter in time-stamp units"""

    @property
    def loss_ratio(self) -> float:
        expected = self.packets + self.lost
        return self.lost / expected if expected else 0.0


class RtpReceiver:
    """Feed every packet of one port or connection to `receive`; feed the demuxer with the groups that come out.

    It locks onto `expected_ssrc` when given, else (and, with a warning in `ssrc_differs`, also when the device ignores
    it) onto the first SSRC that comes; onto another one only after `relock_after_seconds` of silence.
    """

    def __init__(
        self,
        expected_ssrc: int | None = None,
        *,
        reorder_packets: int = 64,
        reorder_seconds: float = 0.2,
        max_group_bytes: int = 256 * 1024,
        relock_after_seconds: float = 5.0,
    ) -> None:
        self.counters = ReceptionCounters()
        self.ssrc: int | None = None
        """the one locked on"""
        self.expected_ssrc = expected_ssrc
        self.last_packet_at: float | None = None
        self._relock_after_seconds = relock_after_seconds
        self._window = ReorderWindow(reorder_packets, reorder_seconds)
        self._grouper = FrameGrouper(max_group_bytes)
        self._transit: float | None = None
        self._measured_at = float("-inf")
        self._old_in_a_row = 0

    @property
    def ssrc_differs(self) -> bool:
        """The device sends another SSRC than it was asked to."""
        return self.expected_ssrc is not None and self.ssrc is not None and self.ssrc != self.expected_ssrc

    def receive(self, data: bytes, *, now: float) -> list[RtpGroup]:
        """Take one packet; return what it completes. Never raises: what is no RTP is counted and dropped."""
        counters = self.counters
        if len(data) < 12 or data[0] >> 6 != 2:
            counters.malformed += 1
            return []
        flags, kind, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        if 192 <= kind <= 223 and is_rtcp(data):
            counters.rtcp += 1
            return []
        if ssrc != self.ssrc and not self._locks_onto(ssrc, now):
            counters.foreign += 1
            return []
        try:
            payload = data[12:] if flags == 0x80 else payload_of(data, flags)
        except Malformed:
            counters.malformed += 1
            return []
        self.last_packet_at = now
        counters.packets += 1
        counters.payload_bytes += len(payload)
        groups: list[RtpGroup] = []
        window = self._window
        if (window.next_sequence is None or sequence == window.next_sequence) and not window.held:
            window.next_sequence = sequence + 1 & 0xFFFF
            self._old_in_a_row = 0
            if timestamp != self._grouper.timestamp and now != self._measured_at:
                self._measure_jitter(timestamp, now)
            self._grouper.add(kind > 127, kind & 0x7F, timestamp, payload, groups)
        else:
            self._out_of_order(sequence, Arrived(kind > 127, kind & 0x7F, timestamp, payload, now), groups)
        return groups

    def receive_all(self, packets: Sequence[bytes], *, now: float) -> list[RtpGroup]:
        """As `receive` for each of them. Hot: runs of ordinary packets go by the short way."""
        groups: list[RtpGroup] = []
        window, counters = self._window, self.counters
        at, count = 0, len(packets)
        while at < count:
            sequence, ssrc = window.next_sequence, self.ssrc
            if sequence is not None and ssrc is not None and not window.held:
                begun: list[int] = []
                behind, following, size = self._grouper.add_run(packets, at, sequence, ssrc, groups, begun)
                if behind > at:
                    window.next_sequence = following
                    self._old_in_a_row = 0
                    self.last_packet_at = now
                    counters.packets += behind - at
                    counters.payload_bytes += size
                    if begun and now != self._measured_at:
                        self._measure_jitter(begun[0], now)
                    at = behind
                    continue
            groups += self.receive(packets[at], now=now)
            at += 1
        return groups

    def flush(self) -> list[RtpGroup]:
        """What is still held, when the stream ends."""
        groups: list[RtpGroup] = []
        while self._window.held:
            self._give_up(groups)
        self._grouper.finish(groups)
        return groups

    def _locks_onto(self, ssrc: int, now: float) -> bool:
        last = self.last_packet_at
        is_free = self.ssrc is None or last is None or now - last >= self._relock_after_seconds
        if not is_free and ssrc != self.expected_ssrc:
            return False
        if self.ssrc is not None:
            self._begin_anew(None)
        self.ssrc = ssrc
        return True

    def _begin_anew(self, sequence: int | None) -> None:
        self.counters.restarts += 1
        self._window.begin_anew(sequence)
        self._grouper.note_loss()
        self._transit = None

    def _out_of_order(self, sequence: int, packet: Arrived, groups: list[RtpGroup]) -> None:
        window, counters = self._window, self.counters
        ahead = sequence - (window.next_sequence or 0) & 0xFFFF
        is_old = 0x10000 - ahead <= _RESTART_GAP
        self._old_in_a_row = self._old_in_a_row + 1 if is_old else 0
        if sequence in window.held or (is_old and self._old_in_a_row < _RESTART_PACKETS):
            counters.packets -= 1
            counters.payload_bytes -= len(packet.payload)
            if window.take_back(sequence):
                counters.late += 1
            else:
                counters.duplicates += 1
            return
        if is_old or ahead > _RESTART_GAP:
            self._old_in_a_row = 0
            while window.held:
                self._give_up(groups)
            self._begin_anew(sequence)
            ahead = 0
        if ahead < max((held - (window.next_sequence or 0) & 0xFFFF for held in window.held), default=0):
            counters.reordered += 1
        window.hold(sequence, packet)
        self._release(groups)
        while window.is_overdue(packet.at):
            self._give_up(groups)

    def _give_up(self, groups: list[RtpGroup]) -> None:
        self.counters.lost += self._window.give_up()
        self._grouper.note_loss()
        self._release(groups)

    def _release(self, groups: list[RtpGroup]) -> None:
        for packet in self._window.in_order():
            self._grouper.add(packet.marker, packet.payload_type, packet.timestamp, packet.payload, groups)

    def _measure_jitter(self, timestamp: int, now: float) -> None:
        """RFC 3550 A.8, on the first packet of a frame only: the others share its stamp and come in a burst; and on the
        first frame of those that were read at one moment, for when the others really came is not known."""
        self._measured_at = now
        transit = (now * 90_000.0 - timestamp) % 4294967296.0
        if self._transit is not None:
            difference = abs(transit - self._transit)
            if difference < 90_000 * 10:  # the clock was set, or the stamp wrapped: no jitter
                self.counters.jitter_90k += (difference - self.counters.jitter_90k) / 16
        self._transit = transit

"""A stream's packets: order, loss, locks and frames."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtp import RtpGroup, RtpPacket, RtpReceiver, RtpSender, build_packet, parse_packet

FRAME = 3600


def frames(count: int, packets_each: int = 3, ssrc: int = 7, first: int = 0) -> list[bytes]:
    sender = RtpSender(ssrc, first_sequence=first, max_payload_bytes=10)
    return [p for index in range(count) for p in sender.packets(bytes([index]) * 10 * packets_each, index * FRAME)]


def feed(receiver: RtpReceiver, packets: Iterable[bytes], *, at: float = 0.0) -> list[RtpGroup]:
    return [group for packet in packets for group in receiver.receive(packet, now=at)]


def unmarked(packet: bytes) -> bytes:
    return packet[:1] + bytes([packet[1] & 0x7F]) + packet[2:]


def marked(packet: bytes) -> bytes:
    return packet[:1] + bytes([packet[1] | 0x80]) + packet[2:]


def summary(groups: list[RtpGroup]) -> list[tuple[int, int, bool, bool]]:
    return [(group.timestamp // FRAME, len(group.payload), group.ends_frame, group.lost) for group in groups]


def test_frames_come_whole_and_at_once_when_the_marker_is_trustworthy():
    receiver = RtpReceiver()
    packets = frames(4)
    assert summary(feed(receiver, packets[:3])) == []  # not yet known whether the marker ends a frame
    assert summary(feed(receiver, packets[3:4])) == [(0, 30, True, False)]
    assert summary(feed(receiver, packets[4:6])) == [(1, 30, True, False)]
    assert summary(feed(receiver, packets[6:9])) == [(2, 30, True, False)]


def test_without_markers_a_frame_is_given_when_the_next_begins():
    receiver = RtpReceiver()
    groups = feed(receiver, map(unmarked, frames(3)))
    assert summary(groups) == [(0, 30, True, False), (1, 30, True, False)]
    assert summary(receiver.flush()) == [(2, 30, True, False)]


def test_a_marker_on_every_packet_does_not_cut_frames():
    groups = feed(RtpReceiver(), map(marked, frames(4)))
    assert [len(group.payload) for group in groups] == [30, 30, 30]


def test_packets_that_overtake_each_other_are_put_in_order():
    receiver, packets = RtpReceiver(), frames(3)
    packets[1], packets[4], packets[2] = packets[4], packets[2], packets[1]
    groups = feed(receiver, packets) + receiver.flush()
    assert b"".join(group.payload for group in groups) == b"".join(bytes([i]) * 30 for i in range(3))
    assert receiver.counters.lost == 0
    assert receiver.counters.reordered > 0


def test_a_lost_packet_is_told_with_its_frame_and_nothing_else():
    receiver, packets = RtpReceiver(reorder_packets=2), frames(6)
    del packets[7]  # the middle of frame 2
    groups = feed(receiver, packets) + receiver.flush()
    assert [index for index, group in enumerate(groups) if group.lost] == [2]
    assert receiver.counters.lost == 1


def test_a_hole_over_a_frame_boundary_marks_both_frames():
    receiver, packets = RtpReceiver(reorder_packets=2), frames(6)
    del packets[8:10]  # the end of frame 2, the beginning of frame 3
    groups = feed(receiver, packets) + receiver.flush()
    assert [group.timestamp // FRAME for group in groups if group.lost] == [2, 3]


def test_a_missing_packet_is_given_up_after_a_while():
    receiver, packets = RtpReceiver(reorder_seconds=0.2), frames(4)
    feed(receiver, packets[:4], at=0.0)
    assert feed(receiver, packets[5:7], at=0.1) == []
    assert [group.lost for group in feed(receiver, packets[7:9], at=0.4)] == [True, False]


def test_duplicates_and_late_packets_are_counted_and_dropped():
    receiver, packets = RtpReceiver(reorder_packets=1), frames(4)
    missing = packets.pop(4)
    groups = feed(receiver, packets)
    groups += feed(receiver, [missing, packets[0]]) + receiver.flush()
    assert (receiver.counters.late, receiver.counters.duplicates) == (1, 1)
    assert sum(len(group.payload) for group in groups) == 110
    assert receiver.counters.packets == 11


def test_it_locks_onto_the_first_source_and_drops_others():
    receiver = RtpReceiver()
    feed(receiver, frames(1, ssrc=7))
    assert feed(receiver, frames(5, ssrc=8), at=1.0) == []
    assert (receiver.ssrc, receiver.counters.foreign) == (7, 15)


def test_a_device_that_ignores_the_asked_ssrc_is_received_with_a_warning():
    receiver = RtpReceiver(expected_ssrc=200001234)
    assert feed(receiver, frames(3, ssrc=7))
    assert receiver.ssrc_differs


def test_the_asked_ssrc_wins_over_an_old_sender_on_the_same_port():
    receiver = RtpReceiver(expected_ssrc=9)
    feed(receiver, frames(2, ssrc=7, first=500))
    feed(receiver, frames(2, ssrc=9), at=0.1)
    assert (receiver.ssrc, receiver.ssrc_differs) == (9, False)


def test_another_source_is_taken_after_a_silence():
    receiver = RtpReceiver(relock_after_seconds=5.0)
    feed(receiver, frames(2, ssrc=7))
    groups = feed(receiver, frames(3, ssrc=8, first=40000), at=6.0)
    assert receiver.ssrc == 8
    assert any(group.lost for group in groups)


def test_a_sender_that_begins_anew_is_followed():
    receiver = RtpReceiver()
    feed(receiver, frames(3, first=50_000))
    groups = feed(receiver, frames(4, first=7))
    assert len(groups) >= 3
    assert receiver.counters.restarts == 1


def test_a_sender_that_begins_anew_a_little_further_back_is_followed_too():
    receiver = RtpReceiver()
    feed(receiver, frames(3, first=1000))
    groups = feed(receiver, frames(60, first=500))
    assert receiver.counters.restarts == 1
    assert summary(groups)[-1][0] == 59


def test_a_frame_too_large_to_hold_comes_in_pieces():
    receiver = RtpReceiver(max_group_bytes=25)
    groups = feed(receiver, frames(2, packets_each=7)) + receiver.flush()
    assert [(group.ends_frame, len(group.payload)) for group in groups] == [
        *[(False, 30), (False, 30), (True, 10)],
        *[(False, 30), (False, 30), (True, 10)],
    ]


def test_what_is_no_rtp_is_counted():
    receiver = RtpReceiver()
    assert feed(receiver, [b"", b"short", b"\x00" * 20, b"\x80\xc9" + bytes(30), b"\x90\x60" + bytes(10)]) == []
    assert (receiver.counters.malformed, receiver.counters.rtcp) == (4, 1)


def test_jitter_is_that_of_the_arrival_of_frames():
    steady, shaky = RtpReceiver(), RtpReceiver()
    for index, packet in enumerate(frames(40, packets_each=1)):
        steady.receive(packet, now=index * 0.04)
        shaky.receive(packet, now=index * 0.04 + (0.01 if index % 2 else 0.0))
    assert steady.counters.jitter_90k < 1
    assert 600 < shaky.counters.jitter_90k < 1000


@given(st.permutations(range(12)))
def test_any_order_within_the_window_gives_the_stream(order: list[int]):
    receiver, packets = RtpReceiver(), frames(4)
    first = frames(1, packets_each=1, first=0xFFFF)
    groups = feed(receiver, first) + feed(receiver, [packets[place] for place in order]) + receiver.flush()
    assert b"".join(group.payload for group in groups)[10:] == b"".join(bytes([i]) * 30 for i in range(4))


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.integers(0, 9), st.booleans()), max_size=80))
def test_no_sequence_of_packets_makes_it_hold_more_than_its_window(told: list[tuple[int, int, bool]]):
    receiver, given_bytes = RtpReceiver(reorder_packets=8), 0
    for sequence, stamp, marker in told:
        packet = build_packet(RtpPacket(96, marker, sequence, stamp, 7, b"x" * 10))
        assert parse_packet(packet).sequence == sequence
        given_bytes += sum(len(group.payload) for group in receiver.receive(packet, now=0.0))
    given_bytes += sum(len(group.payload) for group in receiver.flush())
    assert given_bytes == receiver.counters.payload_bytes

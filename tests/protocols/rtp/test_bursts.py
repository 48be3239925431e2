"""Many packets at once must come to the same as one by one, whatever is lost, late, doubled or odd among them."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtp import RtpPacket, RtpReceiver, StreamDeframer, build_packet, frame_packet

PLAIN = st.builds(
    lambda frame, size, kind, marker, ssrc: (frame, size, kind, marker, ssrc),
    st.integers(0, 1),
    st.integers(0, 40),
    st.sampled_from([96, 96, 96, 96, 98, 72]),
    st.booleans(),
    st.sampled_from([7, 7, 7, 7, 7, 8]),
)
ODD = st.sampled_from([b"", b"\x80\xc9\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00", b"GET / HTTP/1.1\r\n\r\n"])


@st.composite
def bursts(draw: st.DrawFn) -> list[list[bytes]]:
    sequence, timestamp = draw(st.sampled_from([0, 65_530])), draw(st.sampled_from([0, 0xFFFFFF00]))
    packets: list[bytes] = []
    for frame, size, kind, marker, ssrc in draw(st.lists(PLAIN, max_size=40)):
        timestamp += frame * 3600
        packets.append(
            build_packet(RtpPacket(kind, marker, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, b"x" * size))
        )
        sequence += draw(st.sampled_from([1, 1, 1, 1, 1, 2, 0]))
        packets += draw(st.lists(ODD, max_size=1))
    for _ in range(draw(st.integers(0, 2))):
        if len(packets) > 1:
            at = draw(st.integers(0, len(packets) - 2))
            packets[at], packets[at + 1] = packets[at + 1], packets[at]
    cuts = sorted(draw(st.lists(st.integers(0, len(packets)), max_size=4)))
    return [packets[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(packets)], strict=True)]


@given(bursts())
def test_a_burst_gives_what_its_packets_give(given_bursts: list[list[bytes]]) -> None:
    together, singly = RtpReceiver(7, max_group_bytes=100), RtpReceiver(7, max_group_bytes=100)
    for number, burst in enumerate(given_bursts):
        now = number * 0.1
        assert together.receive_all(burst, now=now) == [
            group for packet in burst for group in singly.receive(packet, now=now)
        ]
        assert asdict(together.counters) == asdict(singly.counters)
        assert together.last_packet_at == singly.last_packet_at
    assert together.flush() == singly.flush()


@given(
    st.lists(st.binary(max_size=30).map(lambda body: b"\x80\x60\x00\x01\x00\x00\x00\x00\x00\x00\x00\x07" + body)),
    st.lists(st.integers(1, 60), min_size=1),
)
def test_a_tcp_stream_gives_the_same_packets_in_whatever_pieces(packets: list[bytes], sizes: list[int]) -> None:
    stream, deframer, found, at = b"".join(map(frame_packet, packets)), StreamDeframer(), [], 0
    while at < len(stream):
        step = sizes[at % len(sizes)]
        found += deframer.feed(stream[at : at + step])
        at += step
    assert found == packets

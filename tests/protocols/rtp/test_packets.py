"""Single packets and their framing on TCP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.rtp import (
    PayloadKind,
    RtpPacket,
    RtpSender,
    StreamDeframer,
    build_packet,
    frame_packet,
    is_rtcp,
    parse_packet,
    sniff_payload,
)
from fengtai.vocabulary.errors import Malformed

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 63) | st.integers(96, 127),
    marker=st.booleans(),
    sequence=st.integers(0, 0xFFFF),
    timestamp=st.integers(0, 0xFFFFFFFF),
    ssrc=st.integers(0, 0xFFFFFFFF),
    payload=st.binary(max_size=100),
)


@given(packets)
def test_what_is_built_is_parsed(packet: RtpPacket):
    assert parse_packet(build_packet(packet)) == packet


@given(st.binary(max_size=60))
def test_any_bytes_are_a_packet_or_malformed(data: bytes):
    try:
        assert len(parse_packet(data).payload) <= len(data) - 12
    except Malformed as refused:
        clause = refused.clause
    else:
        return
    assert clause.startswith("RFC 3550")


def test_sources_extension_and_padding_are_taken_off():
    head = bytes([0x80 | 0x20 | 0x10 | 1, 96]) + bytes(10)
    data = head + b"CSRC" + b"\xbe\xde\x00\x01" + b"ext!" + b"payload" + b"\x00\x00\x03"
    assert parse_packet(data).payload == b"payload"


@pytest.mark.parametrize("broken", [b"\x90\x60" + bytes(10), b"\xa0\x60" + bytes(9) + b"\xff", b"\x8f\x60" + bytes(10)])
def test_headers_longer_than_the_packet_are_malformed(broken: bytes):
    with pytest.raises(Malformed):
        parse_packet(broken)


def test_the_sender_marks_the_last_packet_of_a_frame():
    sent = [parse_packet(data) for data in RtpSender(7, first_sequence=0xFFFF).packets(bytes(3000), 2**32 + 5)]
    assert [(p.sequence, p.marker, p.timestamp, len(p.payload)) for p in sent] == [
        (0xFFFF, False, 5, 1400),
        (0, False, 5, 1400),
        (1, True, 5, 200),
    ]


def stream(count: int) -> list[bytes]:
    sender = RtpSender(0x0BEBDFA1)
    return [packet for index in range(count) for packet in sender.packets(bytes([index]) * 50, index * 3600)]


@given(st.lists(st.integers(1, 60), max_size=40))
def test_packets_come_out_of_a_tcp_stream_however_it_is_cut(cuts: list[int]):
    wanted, deframer, got = stream(8), StreamDeframer(), []
    data = b"".join(map(frame_packet, wanted))
    for size in [*cuts, len(data)]:
        piece, data = data[:size], data[size:]
        got += deframer.feed(piece)
    assert got == wanted
    assert deframer.buffered_bytes == 0


def test_the_dollar_framing_of_rtsp_is_recognised_and_its_rtcp_left_out():
    wanted, deframer = stream(3), StreamDeframer()
    rtcp = b"\x80\xc8\x00\x06" + bytes(24)
    data = b"".join(b"$\x00" + frame_packet(packet) for packet in wanted) + b"$\x01" + frame_packet(rtcp)
    assert is_rtcp(rtcp)
    assert deframer.feed(data) == wanted


def test_a_wrong_length_costs_a_packet_and_not_the_connection():
    wanted, deframer = stream(4), StreamDeframer()
    data = frame_packet(wanted[0]) + b"\x00\x03oops, no packet at all" + b"".join(map(frame_packet, wanted[1:]))
    assert deframer.feed(data) == wanted
    assert deframer.resyncs == 1


def test_a_stream_that_is_no_rtp_is_malformed():
    with pytest.raises(Malformed, match="RFC 4571"):
        StreamDeframer().feed(b"GET / HTTP/1.1\r\n\r\n")


def test_a_stream_that_has_lost_its_framing_for_good_is_malformed_and_not_kept():
    deframer = StreamDeframer()
    deframer.feed(frame_packet(stream(1)[0]))
    fed = 0
    while fed < 300_000:
        try:
            deframer.feed(b"\x00\x40" + bytes(1000))
        except Malformed:
            break
        assert deframer.buffered_bytes < 4096
        fed += 1002
    assert 200_000 < fed < 300_000


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_tcp_stream_gives_packets_or_malformed(pieces: list[bytes]):
    deframer = StreamDeframer()
    try:
        for piece in pieces:
            for packet in deframer.feed(piece):
                assert packet[0] >> 6 == 2
    except Malformed:
        return
    assert deframer.buffered_bytes <= sum(map(len, pieces))


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (bytes.fromhex("000001ba44"), PayloadKind.PS),
        (bytes.fromhex("000001e0"), PayloadKind.PS),
        (bytes.fromhex("0000000167"), PayloadKind.ANNEX_B),
        (bytes.fromhex("00000165"), PayloadKind.ANNEX_B),
        (b"G" + bytes(187) + b"G" + bytes(187), PayloadKind.TS),
        (b"IMKH\x01\x02", PayloadKind.PRIVATE),
        (b"\x12\x34", PayloadKind.UNKNOWN),
        (b"", PayloadKind.UNKNOWN),
    ],
)
def test_payloads_are_told_by_their_bytes(payload: bytes, kind: PayloadKind):
    assert sniff_payload(payload) is kind

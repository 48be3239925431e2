"""The express lane says what the parser proper says, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sip import Peer, Request, parse_message, read_express, user_of
from fengtai.protocols.sip.messages import plain_answer

PEER = Peer("udp", "10.0.0.9", 40001)
LINES = (
    b"MESSAGE sip:34020000002000000001@3402000000 SIP/2.0",
    b"Via: SIP/2.0/UDP 192.168.1.9:5060;rport;branch=z9hG4bK1",
    b"From: <sip:34020000001320000001@3402000000>;tag=t1",
    b"To: <sip:34020000002000000001@3402000000>",
    b"Call-ID: c1",
    b"CSeq: 20 MESSAGE",
    b"Max-Forwards: 70",
    b"Content-Length: 0",
)


def wire(*lines: bytes) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def test_the_usual_form_is_answered_as_the_parser_would() -> None:
    found = read_express(wire(*LINES), b"MESSAGE", PEER)
    assert found is not None
    assert (found.from_user, found.to_user) == ("34020000001320000001", "34020000002000000001")
    request = parse_message(wire(*LINES))
    assert isinstance(request, Request)
    assert b"SIP/2.0 200 OK\r\n" + found.echo + b"Content-Length: 0\r\n\r\n" == plain_answer(request, PEER, 200)


@pytest.mark.parametrize(
    "odd",
    [
        (*LINES, b"From: <sip:other@3402000000>"),
        (*LINES, b" folded"),
        (*LINES, b"f: <sip:other@3402000000>"),
        (*LINES, b"Route: <sip:elsewhere>"),
        (*LINES, b"Via: SIP/2.0/UDP 192.168.1.10:5060;branch=z9hG4bK0"),
        (*LINES, b"Authorization: Digest x"),
        LINES[:4],
        (*LINES[:5], b"CSeq: 20 INVITE"),
        (*LINES[:5], b"CSeq: x MESSAGE"),
        (LINES[0] + b" x", *LINES[1:]),
        (LINES[0], LINES[1].replace(b";rport", b""), *LINES[2:]),
    ],
)
def test_whatever_is_unusual_is_left_to_the_parser(odd: tuple[bytes, ...]) -> None:
    assert read_express(wire(*odd), b"MESSAGE", PEER) is None


@given(
    st.lists(st.sampled_from([*LINES, b"X: y", b"\x00\xff", b"To:", b"CSeq: 1"]), max_size=12), st.binary(max_size=20)
)
def test_what_it_accepts_the_parser_accepts_and_reads_the_same(lines: list[bytes], tail: bytes) -> None:
    data = wire(*lines) + tail
    found = read_express(data, b"MESSAGE", PEER)
    if found is not None:
        request = parse_message(data)
        assert user_of(request.header("from")) == found.from_user

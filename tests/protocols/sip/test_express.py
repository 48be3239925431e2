"""The express lane says what the parser proper says, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fengtai.protocols.sip import (
    Peer,
    Request,
    echoed,
    express,
    parse_credentials,
    parse_message,
    read_express,
    read_registering,
    read_usual,
    user_of,
)

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
    assert found.echo == echoed(request, PEER)
    assert wire(*LINES)[found.body_at :] == b""


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


# -- the usual order ---------------------------------------------------------------------------------------------------

CODE = b"34020000001320000001"
PROOF = (
    b'Authorization: Digest username="34020000001320000001", realm="3402000000", nonce="0199aa", '
    b'uri="sip:34020000002000000001@3402000000", response="00112233445566778899aabbccddeeff", algorithm=MD5'
)
REGISTER = (
    b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0",
    b"Via: SIP/2.0/UDP 192.168.1.9:5060;rport;branch=z9hG4bK1",
    b"From: <sip:34020000001320000001@3402000000>;tag=t1",
    b"To: <sip:34020000001320000001@3402000000>",
    b"Call-ID: c1",
    b"CSeq: 2 REGISTER",
    b"Contact: <sip:34020000001320000001@192.168.1.9:5060>",
    PROOF,
    b"Max-Forwards: 70",
    b"User-Agent: eXosip/3.6.0",
    b"Expires: 3600",
    b"X-GB-Ver: 3.0",
    b"Content-Length: 0",
)
KEEPALIVE = wire(*LINES[:-1], b"Content-Type: Application/MANSCDP+xml", b"Content-Length: 8") + b"<Notify>"
EXTRA = (
    *LINES,
    *REGISTER,
    b"Max-Forwards: 7000",
    b"Via: a,b;rport",
    b"Contact:  x",
    b"X-GB-ver: 30",
    b"Date: now",
    b"",
)


def parsed(data: bytes) -> Request:
    request = parse_message(data)
    assert isinstance(request, Request)
    return request


def test_a_keepalive_in_the_usual_order_is_answered_as_the_parser_would() -> None:
    assert read_usual(KEEPALIVE, PEER.host, PEER.port) == (
        CODE.decode(),
        echoed(parsed(KEEPALIVE), PEER),
        KEEPALIVE.index(b"<Notify>"),
    )


def test_a_register_in_the_usual_order_is_read_as_the_parser_would() -> None:
    data = wire(*REGISTER)
    request = parsed(data)
    assert read_registering(data, PEER.host, PEER.port) == (
        CODE.decode(),
        echoed(request, PEER),
        b"c1",
        b"<sip:34020000001320000001@192.168.1.9:5060>",
        b"3600",
        b"3.0",
        parse_credentials(request.header("authorization")),
    )
    without = wire(*(line for line in REGISTER if line is not PROOF))
    found = read_registering(without, PEER.host, PEER.port)
    assert found is not None
    assert found[-1] is None


@pytest.mark.parametrize(
    "odd",
    [
        (*REGISTER, b"Expires: 60"),
        (*REGISTER, PROOF),
        (*REGISTER, b"Content-Length: 0"),
        (*REGISTER[:3], b"To: <sip:340200000013200000x1@3402000000>", *REGISTER[4:]),
        (*REGISTER[:7], PROOF.replace(b"MD5", b"SHA-256"), *REGISTER[8:]),
        (*REGISTER[:7], PROOF + b", qop=auth", *REGISTER[8:]),
        (*REGISTER[:7], PROOF.replace(b"3402000000", b"\xff"), *REGISTER[8:]),
        (*REGISTER, b"Route: <sip:elsewhere>"),
        (*REGISTER, *[b"Date: x"] * 9),
    ],
)
def test_an_unusual_register_is_left_to_the_parser(odd: tuple[bytes, ...]) -> None:
    assert read_registering(wire(*odd), PEER.host, PEER.port) is None


@st.composite
def nearly_usual(draw: st.DrawFn) -> bytes:
    """A usual request, with lines put in, left out or moved, and bytes changed."""
    lines = list(draw(st.sampled_from((LINES, REGISTER))))
    for line in draw(st.lists(st.sampled_from(EXTRA), max_size=2)):
        lines.insert(draw(st.integers(0, len(lines))), line)
    for _ in range(draw(st.integers(0, 2))):
        lines.pop(draw(st.integers(0, len(lines) - 1)))
    data = bytearray(wire(*lines) + draw(st.sampled_from((b"", b"body", b"\r\n"))))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data) - 1))
        data[at : at + draw(st.integers(0, 3))] = draw(
            st.sampled_from((b"", b"\r", b"\n", b";", b"<", b'"', b" ", b"\xe9"))
        )
    return bytes(data)


@settings(max_examples=1500, deadline=None)
@given(nearly_usual(), st.sampled_from(("10.0.0.9", "1.2.3.4")), st.integers(0, 65535))
def test_the_compiled_readers_say_what_those_in_python_say(data: bytes, host: str, port: int) -> None:
    assert read_usual(data, host, port) == express.read_usual_in_python(data, host, port)
    assert read_registering(data, host, port) == express.read_registering_in_python(data, host, port)


@settings(max_examples=600, deadline=None)
@given(nearly_usual())
def test_what_the_usual_readers_accept_the_parser_reads_the_same(data: bytes) -> None:
    usual = express.read_usual_in_python(data, PEER.host, PEER.port)
    registering = express.read_registering_in_python(data, PEER.host, PEER.port)
    if usual is None and registering is None:
        return
    request = parsed(data)
    if usual is not None:
        assert usual[1] == echoed(request, PEER)
        assert usual[0] == user_of(request.header("from"))
        assert data[usual[2] :] == request.body
    if registering is not None:
        code, echo, call_id, contact, expires, edition, credentials = registering
        assert code == user_of(request.header("to"))
        assert echo == echoed(request, PEER)
        told = (request.header(name).encode() for name in ("call-id", "contact", "expires", "x-gb-ver"))
        assert (call_id, contact, expires, edition) == tuple(told)
        given_proof = request.header("authorization")
        assert credentials == (parse_credentials(given_proof) if given_proof else None)


@given(st.binary(max_size=200))
def test_noise_is_nobodys_request(noise: bytes) -> None:
    assert read_usual(b"MESSAGE " + noise, PEER.host, PEER.port) is None
    assert read_registering(b"REGISTER " + noise, PEER.host, PEER.port) is None

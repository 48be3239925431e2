"""Bytes to messages: what devices send, what RFC 4475 throws at us, and rubbish."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sip import Request, Response, parse_message
from fengtai.vocabulary.errors import Malformed

SHARED = Path(os.environ.get("FENGTAI_SHARED_DATA") or Path(__file__).parents[4] / "shared" / "data")
TORTURE = SHARED / "vectors" / "sip-torture"

REGISTER = (
    b"REGISTER sip:34020000002000000001@3402000000 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.168.3.99:5060;rport;branch=z9hG4bK442003727\r\n"
    b"From: <sip:34020000001320000001@3402000000>;tag=307202390\r\n"
    b"To: <sip:34020000001320000001@3402000000>\r\n"
    b"Call-ID: 393945367\r\nCSeq: 1 REGISTER\r\n"
    b"Contact: <sip:34020000001320000001@192.168.3.99:5060>\r\n"
    b"Max-Forwards: 70\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n"
)


def changed(old: bytes, new: bytes) -> bytes:
    assert old in REGISTER
    return REGISTER.replace(old, new)


def test_a_register_of_a_camera() -> None:
    request = parse_message(REGISTER)
    assert isinstance(request, Request)
    assert (request.method, request.uri) == ("REGISTER", "sip:34020000002000000001@3402000000")
    assert (request.branch, request.from_tag, request.to_tag) == ("z9hG4bK442003727", "307202390", "")
    assert (request.call_id, request.cseq, request.cseq_method) == ("393945367", 1, "REGISTER")


def test_compact_names_folding_blanks_and_letter_case() -> None:
    request = parse_message(
        b"\r\n\r\nMESSAGE sip:a@b SIP/2.0\nv : SIP/2.0/UDP h;branch=z9hG4bK1\nVIA: SIP/2.0/UDP two\nf: <sip:x@y>\n"
        b" ;tag=9\nt:<sip:a@b>\ni: c\ncseq:   3   MESSAGE\nC: Application/MANSCDP+xml ; x=1\n\nbody"
    )
    assert isinstance(request, Request)
    assert request.all("via") == ["SIP/2.0/UDP h;branch=z9hG4bK1", "SIP/2.0/UDP two"]
    assert request.from_tag == "9"
    assert request.content_type == "application/manscdp+xml"
    assert request.body == b"body"


def test_the_length_of_a_datagram_is_the_truth() -> None:
    assert parse_message(changed(b"Content-Length: 0", b"Content-Length: 553") + b"x" * 559).body == b"x" * 559


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"SIP/2.0\r\nVia", b"SIP/7.0\r\nVia", "is not SIP/2.0"),
        (b"REGISTER sip:", b"REG ISTER <sip:", "blanks or brackets"),
        (b"Call-ID: 393945367\r\n", b"", "missing: call-id"),
        (b"CSeq: 1 REGISTER", b"CSeq: 4294967296 REGISTER", "not below 2"),
        (b"CSeq: 1 REGISTER", b"CSeq: 1 INVITE", "another method"),
        (b"Content-Length: 0", b"Content-Length: -1", "is not a length"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nl: 5", "two different"),
        (b"Call-ID: 393945367", b"Call-ID: 1\r\nCall-ID: 2", "stands twice"),
        (b"Expires: 3600", b"Expires 3600", "has no colon"),
        (b"Expires: 3600", b"Exp ires: 3600", "is not a header name"),
    ],
)
def test_what_is_refused_is_named(old: bytes, new: bytes, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        parse_message(changed(old, new))


def test_too_many_headers_are_refused() -> None:
    with pytest.raises(Malformed, match="more than 200"):
        parse_message(changed(b"Max-Forwards: 70\r\n", b"X: 1\r\n" * 300))


PARSED = (
    *("intmeth", "escnull", "esc02", "longreq", "dblreq", "transports", "mpart01", "unreason", "noreason", "escruri"),
    *("baddate", "badbranch", "unkscm", "unksm2", "bext01", "invut", "bcast", "cparam02", "regescrt", "sdp01"),
    *("badinv01", "badaspec", "baddn"),
)
REFUSED = ("ncl", "scalarlg", "trws", "mismatch01", "mismatch02", "bigcode", "insuf", "mcl01", "multi01")


def torture(name: str) -> bytes:
    if not TORTURE.is_dir():
        pytest.skip("RFC 4475 messages are absent: set FENGTAI_SHARED_DATA to the folder of shared test data")
    return (TORTURE / f"{name}.dat").read_bytes()


@pytest.mark.parametrize("name", PARSED)
def test_torture_messages_that_parse_survive_a_round_trip(name: str) -> None:
    message = parse_message(torture(name))
    again = parse_message(message.to_bytes())
    assert again.start_line() == message.start_line()
    assert [h for h in again.headers if h[0] != "content-length"] == [
        h for h in message.headers if h[0] != "content-length"
    ]
    assert again.body == message.body


@pytest.mark.parametrize("name", REFUSED)
def test_torture_messages_that_are_refused(name: str) -> None:
    with pytest.raises(Malformed):
        parse_message(torture(name))


def test_every_torture_message_is_judged() -> None:
    torture("ncl")
    listed = json.loads((TORTURE / "index.json").read_text())["messages"]
    assert {Path(one["file"]).stem for one in listed} == {*PARSED, *REFUSED}


words = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":,;<>\"'"), min_size=1, max_size=20
)
values = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc", "Z")), max_size=40).map(str.strip)


@given(words, values, values, st.binary(max_size=200))
def test_written_messages_are_read_back(user: str, subject: str, reason: str, body: bytes) -> None:
    headers = [
        ("via", "SIP/2.0/UDP h;branch=z9hG4bK1"),
        ("from", f"<sip:{user}@h>;tag=1"),
        ("to", "<sip:b@h>"),
        ("call-id", user),
        ("cseq", "7 MESSAGE"),
        ("subject", subject),
    ]
    request = parse_message(Request("MESSAGE", f"sip:{user}@h", list(headers), body).to_bytes())
    assert isinstance(request, Request)
    assert request.headers[:-1] == headers
    assert (request.uri, request.body) == (f"sip:{user}@h", body)

    response = parse_message(Response(200, reason, list(headers), body).to_bytes())
    assert isinstance(response, Response)
    assert (response.status, response.reason.strip(), response.body) == (200, reason, body)


@given(st.binary(max_size=400))
def test_rubbish_is_only_malformed(data: bytes) -> None:
    with suppress(Malformed):
        parse_message(data)


@given(st.integers(0, len(REGISTER) - 1), st.binary(max_size=6), st.integers(0, 12))
def test_a_damaged_message_is_only_malformed(at: int, put: bytes, cut: int) -> None:
    damaged = REGISTER[:at] + put + REGISTER[at + cut :]
    try:
        message = parse_message(damaged)
    except Malformed:
        return
    assert message.cseq >= 0
    assert isinstance(message.branch + message.from_tag + message.to_tag, str)

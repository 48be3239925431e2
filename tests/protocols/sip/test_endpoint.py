"""Two SIP endpoints talk in memory: repeats, losses, time-outs."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.protocols.sip import (
    Peer,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResponseReceived,
    SipEndpoint,
    key_of,
    parse_name_address,
    parse_uri,
)
from fengtai.vocabulary.errors import Malformed

US, THEM = Peer("udp", "10.0.0.1", 5060), Peer("udp", "10.0.0.9", 5062)


class Tokens:
    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"t{self.last}"


def endpoint(peer: Peer = US) -> SipEndpoint:
    return SipEndpoint(host=peer.host, port=peer.port, token=Tokens())


def request(method: str = "MESSAGE") -> Request:
    return Request(
        method,
        "sip:b@h",
        [("from", "<sip:a@h>;tag=1"), ("to", "<sip:b@h>"), ("call-id", "c"), ("cseq", f"1 {method}")],
    )


def carry(sender: SipEndpoint, receiver: SipEndpoint, came_from: Peer, now: float = 0.0) -> int:
    out = sender.datagrams_to_send()
    for data, _peer in out:
        receiver.receive_datagram(data, came_from, now)
    return len(out)


def test_a_request_is_answered_to_where_it_came_from() -> None:
    we, they = endpoint(US), endpoint(THEM)
    branch = we.request(request(), THEM, 0.0)
    carry(we, they, Peer("udp", "1.2.3.4", 999))

    (event,) = they.events()
    assert isinstance(event, RequestReceived)
    they.respond(event.request, event.peer, 200, 0.0)
    ((data, peer),) = they.datagrams_to_send()
    assert peer == Peer("udp", "1.2.3.4", 999)
    assert b";rport=999;received=1.2.3.4;" in data

    we.receive_datagram(data, THEM, 0.1)
    (answer,) = we.events()
    assert isinstance(answer, ResponseReceived)
    assert (answer.branch, answer.response.status) == (branch, 200)
    assert we.next_deadline() is None or we.next_deadline() > 0
    we.handle_deadline(100.0)
    assert we.events() == []


def test_a_repeated_request_gets_the_same_answer_and_is_told_once() -> None:
    we, they = endpoint(US), endpoint(THEM)
    we.request(request(), THEM, 0.0)
    ((data, _),) = we.datagrams_to_send()
    they.receive_datagram(data, US, 0.0)
    (event,) = they.events()
    they.hold(key_of(event.request), 0.0)
    they.receive_datagram(data, US, 0.5)
    assert they.events() == []
    assert they.datagrams_to_send() == []

    they.respond(event.request, US, 200, 1.0)
    ((first, _),) = they.datagrams_to_send()
    they.receive_datagram(data, US, 1.5)
    assert they.events() == []
    assert they.datagrams_to_send() == [(first, US)]


def test_a_silent_peer_is_asked_eleven_times_and_given_up_after_32_seconds() -> None:
    we = endpoint()
    we.request(request(), THEM, 0.0)
    sent, events = len(we.datagrams_to_send()), []
    while (due := we.next_deadline()) is not None:
        assert due <= 32.0
        we.handle_deadline(due)
        sent += len(we.datagrams_to_send())
        events += we.events()
    assert sent == 11  # at 0, 0.5, 1.5, 3.5, 7.5, 11.5, ... 31.5 (RFC 3261 17.1.2.2)
    (event,) = events
    assert isinstance(event, RequestTimedOut)


def test_over_tcp_nothing_is_repeated_and_a_broken_connection_is_told_at_once() -> None:
    we, peer = endpoint(), Peer("tcp", "10.0.0.9", 40000, 7)
    we.stream_opened(peer)
    we.request(request(), peer, 0.0)
    assert len(we.datagrams_to_send()) == 1
    assert we.next_deadline() == 32.0
    we.stream_closed(peer, 1.0)
    (event,) = we.events()
    assert isinstance(event, RequestTimedOut)


def test_a_refused_invite_is_acknowledged_by_the_transaction_each_time() -> None:
    we, they = endpoint(US), endpoint(THEM)
    we.request(request("INVITE"), THEM, 0.0)
    carry(we, they, US)
    (event,) = they.events()
    they.respond(event.request, US, 486, 0.0)
    ((refusal, _),) = they.datagrams_to_send()

    for _ in range(2):
        we.receive_datagram(refusal, THEM, 0.2)
        ((ack, _peer),) = we.datagrams_to_send()
        assert ack.startswith(b"ACK sip:b@h SIP/2.0\r\n")
        assert b"CSeq: 1 ACK" in ack
    assert [type(one) for one in we.events()] == [ResponseReceived]


def test_a_200_to_invite_is_told_at_each_repeat() -> None:
    we, they = endpoint(US), endpoint(THEM)
    we.request(request("INVITE"), THEM, 0.0)
    carry(we, they, US)
    (event,) = they.events()
    they.respond(event.request, US, 200, 0.0)
    ((agreed, _),) = they.datagrams_to_send()
    for _ in range(3):
        we.receive_datagram(agreed, THEM, 0.2)
    assert len(we.events()) == 3


def test_what_is_remembered_is_bounded() -> None:
    they = endpoint(THEM)
    for number in range(25_000):
        one = request()
        one.headers.insert(0, ("via", f"SIP/2.0/UDP h;branch=z9hG4bK{number}"))
        they.respond(one, US, 200, 0.0)
        they.datagrams_to_send()
    assert 10_000 <= len(they._server) <= 20_000


@given(st.text(max_size=60))
def test_any_uri_text_is_only_malformed(text: str) -> None:
    for parse in (parse_uri, parse_name_address):
        with suppress(Malformed):
            assert parse(f"sip:{text}")


@pytest.mark.parametrize(
    ("text", "user", "host", "port"),
    [
        ("<sip:34020000001320000001@192.168.3.99:5060>;expires=60", "34020000001320000001", "192.168.3.99", 5060),
        ('"A <B>" <sip:a:pw@[2001:db8::1]:5070;transport=tcp?x=y>', "a", "[2001:db8::1]", 5070),
        ("sip:3402000000", "", "3402000000", 0),
    ],
)
def test_addresses_as_they_are_written(text: str, user: str, host: str, port: int) -> None:
    uri = parse_name_address(text).uri
    assert (uri.user, uri.host, uri.port) == (user, host, port)


def test_a_request_that_cannot_be_read_but_can_be_answered_gets_400() -> None:
    endpoint = SipEndpoint(host="10.0.0.1", port=5060, token=lambda: "t")
    lines = (
        "MESSAGE sip:a@b SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK1",
        "From: <sip:a@b>;tag=1",
        "To: <sip:b@b>",
        "Call-ID: c",
        "CSeq: 99999999999 MESSAGE",
        "",
        "",
    )
    peer = Peer("udp", "10.0.0.9", 40001)
    endpoint.receive_datagram("\r\n".join(lines).encode(), peer, 0.0)
    ((answer, to),) = endpoint.datagrams_to_send()
    assert answer.startswith(b"SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;rport=40001")
    assert to == peer

    for hopeless in (
        b"ACK" + "\r\n".join(lines).encode()[7:],
        b"\r\n".join([b"MESSAGE sip:a@b SIP/2.0", b"x"]),
        b"\0x",
    ):
        endpoint.receive_datagram(hopeless, peer, 0.0)
        assert endpoint.datagrams_to_send() == []

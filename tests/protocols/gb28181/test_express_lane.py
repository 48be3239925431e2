"""Registrations and keepalives by the express lane and by the parser: the same answers, byte by byte."""

import pytest
from tests.protocols.gb28181.talk import DEVICE, PLATFORM, Talk

from fengtai.protocols.gb28181 import (
    DeviceRegistered,
    DeviceUnregistered,
    Peer,
    PeerRefused,
    PlatformEndpoint,
    RegistrationAsked,
)
from fengtai.protocols.gb28181.bounds import Bounds
from fengtai.protocols.sip import authorization
from fengtai.protocols.sip.transactions import MOST_REMEMBERED
from fengtai.vocabulary.clock import HandClock

THERE = Peer("udp", "10.0.0.9", 5060)
CLOCK = HandClock()


def register(
    *, device: str = DEVICE, proof: str = "", expires: str = "3600", number: int = 1, more: str = "", call: str = "c1"
) -> bytes:
    lines = [
        f"REGISTER sip:{PLATFORM.id}@{PLATFORM.domain} SIP/2.0",
        f"Via: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK{number}{call}",
        f"From: <sip:{device}@{PLATFORM.domain}>;tag=t1",
        f"To: <sip:{device}@{PLATFORM.domain}>",
        f"Call-ID: {call}",
        f"CSeq: {number} REGISTER",
        f"Contact: <sip:{device}@10.0.0.9:5060>",
        f"Expires: {expires}",
    ]
    lines += [f"Authorization: {proof}"] if proof else []
    lines += [more] if more else []
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


def keepalive(*, device: str = DEVICE, number: int = 1, call: str = "k") -> bytes:
    body = (
        '<?xml version="1.0"?>\r\n<Notify>\r\n<CmdType>Keepalive</CmdType>\r\n'
        f"<SN>{number}</SN>\r\n<DeviceID>{device}</DeviceID>\r\n<Status>OK</Status>\r\n</Notify>\r\n"
    )
    return (
        f"MESSAGE sip:{PLATFORM.id}@{PLATFORM.domain} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bKk\r\n"
        f"From: <sip:{device}@{PLATFORM.domain}>;tag=t1\r\nTo: <sip:{PLATFORM.id}@{PLATFORM.domain}>\r\n"
        f"Call-ID: {call}{number}\r\nCSeq: {number} MESSAGE\r\nMax-Forwards: 70\r\n"
        f"Content-Type: Application/MANSCDP+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Platform:
    """One platform that is spoken to on one of the two lanes."""

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.endpoint: PlatformEndpoint = Talk().new_platform()

    def hears(self, data: bytes, peer: Peer = THERE) -> list[bytes]:
        now = CLOCK.now()
        if self.lane == "express":
            answer = self.endpoint.answer_at_once(data, peer.host, peer.port, now)
            assert answer is not None, "this was meant for the express lane"
            return [answer] if answer else []
        self.endpoint.receive_unusual(data, peer, now)
        return [wire for wire, _ in self.endpoint.datagrams_to_send()]

    def proof(self, *, device: str = DEVICE, peer: Peer = THERE) -> str:
        (challenged,) = self.hears(register(device=device), peer)
        value = challenged.split(b"WWW-Authenticate: ")[1].split(b"\r\n")[0].decode()
        return authorization(value, username=device, password="secret", method="REGISTER", uri="sip:x", cnonce="")

    def admits(self) -> list[bytes]:
        """Everybody who asks; the answers."""
        for event in self.endpoint.events():
            if isinstance(event, RegistrationAsked):
                assert event.credentials.matches("secret", "REGISTER")
                self.endpoint.admit(event.ticket, CLOCK.now())
        return [wire for wire, _ in self.endpoint.datagrams_to_send()]

    def comes(self, *, device: str = DEVICE) -> list[bytes]:
        assert self.hears(register(device=device, proof=self.proof(device=device), number=2)) == []
        return self.admits()


@pytest.fixture
def both() -> tuple[Platform, Platform]:
    return Platform("express"), Platform("parser")


def test_a_challenge_and_its_answer_are_the_same(both: tuple[Platform, Platform]) -> None:
    express, parser = both
    assert express.hears(register()) == parser.hears(register())
    assert express.comes() == parser.comes()
    assert express.endpoint.is_present(DEVICE)
    assert express.hears(keepalive()) == parser.hears(keepalive())


@pytest.mark.parametrize("lane", ["express", "parser"])
def test_a_repeated_proof_is_asked_once_and_answered_alike(lane: str) -> None:
    platform = Platform(lane)
    proof = register(proof=platform.proof(), number=2)
    assert platform.hears(proof) == []
    assert platform.hears(proof) == []
    (answer,) = platform.admits()
    assert platform.hears(proof) == [answer]
    assert len([event for event in platform.endpoint.events() if isinstance(event, DeviceRegistered)]) == 1


@pytest.mark.parametrize("lane", ["express", "parser"])
def test_what_a_device_says_of_itself_is_kept(lane: str) -> None:
    platform = Platform(lane)
    platform.hears(register(proof=platform.proof(), number=2, expires="99999999", more="X-GB-ver: 3.0"))
    (asked,) = platform.endpoint.events()
    assert isinstance(asked, RegistrationAsked)
    assert (asked.device_id, asked.peer, asked.call_id) == (DEVICE, THERE, "c1")
    assert (asked.expires_seconds, asked.edition) == (86_400, "3.0")


@pytest.mark.parametrize("lane", ["express", "parser"])
def test_a_device_signs_off(lane: str) -> None:
    platform = Platform(lane)
    platform.comes()
    platform.hears(register(proof=platform.proof(), number=3, expires="0"))
    (answer,) = platform.admits()
    assert b"\r\nExpires: 0\r\n" in answer
    assert not platform.endpoint.is_present(DEVICE)
    assert any(isinstance(event, DeviceUnregistered) for event in platform.endpoint.events())


@pytest.mark.parametrize("lane", ["express", "parser"])
def test_a_nonce_of_another_host_is_stale(lane: str) -> None:
    platform = Platform(lane)
    stolen = register(proof=platform.proof(), number=2)
    (answer,) = platform.hears(stolen, Peer("udp", "6.6.6.6", 5060))
    assert answer.startswith(b"SIP/2.0 401")
    assert b"stale=true" in answer


def test_expires_in_the_contact_is_for_the_parser() -> None:
    platform = Platform("express")
    proof = (
        register(proof=platform.proof(), number=2)
        .replace(b"Expires: 3600\r\n", b"")
        .replace(b":5060>", b":5060>;expires=60")
    )
    assert platform.endpoint.answer_at_once(proof, THERE.host, THERE.port, CLOCK.now()) is None
    platform.lane = "parser"
    platform.hears(proof)
    (asked,) = platform.endpoint.events()
    assert isinstance(asked, RegistrationAsked)
    assert asked.expires_seconds == 60


def test_keepalives_of_strangers_and_from_another_host_are_not_answered_at_once() -> None:
    platform = Platform("express")
    platform.comes()
    answer = platform.endpoint.answer_at_once
    assert answer(keepalive(device="34020000001180000099"), THERE.host, THERE.port, CLOCK.now()) is None
    assert answer(keepalive(), "6.6.6.6", THERE.port, CLOCK.now()) is None


def test_a_keepalive_from_another_port_of_the_same_host_moves_the_device(both: tuple[Platform, Platform]) -> None:
    other = THERE._replace(port=40404)
    answers = []
    for platform in both:
        platform.comes()
        answers.append(platform.hears(keepalive(), other))
        platform.endpoint.query(DEVICE, "DeviceInfo", CLOCK.now())
        ((_, asked_at),) = platform.endpoint.datagrams_to_send()
        assert asked_at == other
    assert answers[0] == answers[1]


def test_who_is_heard_is_told_once_in_a_while_and_when_it_falls_silent() -> None:
    talk = Talk().registered()
    assert talk.platform.heard() == []  # its registration has been written as it came

    talk.wait(61)
    (presence,) = talk.platform.heard()
    assert presence.device_id == DEVICE
    assert talk.platform.heard() == []

    talk.clock.advance(10)
    talk.platform.receive_datagram(keepalive(), THERE, talk.clock.now())
    assert talk.platform.heard() == []
    last = talk.clock.now().monotonic
    talk.lose = lambda _: True
    talk.wait(300)
    assert not talk.platform.is_present(DEVICE)
    assert [gone.heard_at for gone in talk.platform.heard()] == [last]


MOST_HELD = Bounds().most_registrations_held


def test_a_flood_of_registrations_and_strangers_fills_no_memory() -> None:
    platform = Platform("express")
    turned_away = 0
    for number in range(MOST_HELD + 50):
        device = f"3402000000132{number:07d}"
        proof = register(device=device, proof=platform.proof(device=device), number=2, call=f"c{number}")
        turned_away += any(answer.startswith(b"SIP/2.0 503") for answer in platform.hears(proof))
    assert turned_away == 50
    events = platform.endpoint.events()
    assert sum(isinstance(event, RegistrationAsked) for event in events) == MOST_HELD
    assert sum(isinstance(event, PeerRefused) for event in events) == 50

    for number in range(MOST_REMEMBERED):
        platform.endpoint.receive_datagram(keepalive(device=f"3402000000199{number:07d}"), THERE, CLOCK.now())
    assert platform.endpoint.heard() == []
    assert platform.endpoint.present_count() == 0
    assert platform.endpoint.remembered_requests() <= MOST_REMEMBERED

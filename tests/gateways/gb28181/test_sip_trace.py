"""The trace of a device: bounded, without secrets, and not on the hot path of a large site."""

from fengtai.gateways.gb28181.sip_trace import (
    LIFE_SIGNS_A_DEVICE,
    MESSAGES_A_DEVICE,
    MOST_DEVICES,
    WATCHED_SECONDS,
    SipTraces,
)
from fengtai.protocols.gb28181 import Peer
from fengtai.vocabulary.clock import HandClock

PLATFORM, DEVICE, CAMERA = "34020000002000000001", "34020000001180000005", "34020000001320000001"
PEER = Peer("udp", "10.0.0.9", 5060)


def message(sender: str, to: str, *, first: str = "MESSAGE sip:x SIP/2.0", call: str = "c", body: str = "") -> bytes:
    lines = [
        first,
        f"From: <sip:{sender}@3402000000>;tag=1",
        f"To: <sip:{to}@3402000000>",
        f"Call-ID: {call}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


def test_a_device_has_a_bounded_trace_in_which_keepalives_push_nothing_out() -> None:
    now = HandClock().now()
    traces = SipTraces(PLATFORM, now)
    for number in range(1000):
        at = now.monotonic + number
        traces.saw(True, PEER, message(DEVICE, PLATFORM, body=f"<N>{number}</N>"), at)
        traces.saw(True, PEER, message(DEVICE, PLATFORM, body="<CmdType>Keepalive</CmdType>"), at)
    kept = traces.trace(DEVICE, now)
    assert len(kept) == MESSAGES_A_DEVICE + LIFE_SIGNS_A_DEVICE
    assert sum("Keepalive" in one.text for one in kept) == LIFE_SIGNS_A_DEVICE
    assert kept == sorted(kept, key=lambda one: one.at)


def test_devices_are_bounded_too() -> None:
    now = HandClock().now()
    traces = SipTraces(PLATFORM, now)
    for serial in range(MOST_DEVICES + 10):
        traces.saw(True, PEER, message(f"3402000000132{serial:07d}", PLATFORM), now.monotonic)
    assert traces.trace("34020000001320000000", now) == []
    assert len(traces.trace(f"3402000000132{MOST_DEVICES + 9:07d}", now)) == 1


def test_the_messages_of_a_call_belong_to_the_device_that_was_called() -> None:
    now = HandClock().now()
    traces = SipTraces(PLATFORM, now)
    traces.began("call-1", DEVICE)
    invite = message(PLATFORM, CAMERA, first="INVITE sip:x SIP/2.0", call="call-1")
    traces.saw(False, PEER, invite, now.monotonic)
    assert [one.first_line for one in traces.trace(DEVICE, now)] == ["INVITE sip:x SIP/2.0"]
    assert traces.trace(CAMERA, now) == []


def test_no_secret_is_shown() -> None:
    now = HandClock().now()
    traces = SipTraces(PLATFORM, now)
    proof = 'REGISTER sip:x SIP/2.0\r\nAuthorization: Digest username="u", response="0123abcd", algorithm=MD5'
    traces.saw(True, PEER, message(DEVICE, DEVICE, first=proof, body="<Password>hunter2</Password>"), now.monotonic)
    (shown,) = traces.trace(DEVICE, now)
    assert "0123abcd" not in shown.text
    assert "hunter2" not in shown.text
    assert 'username="u"' in shown.text


def test_a_large_site_keeps_life_signs_only_of_devices_at_which_somebody_looks() -> None:
    now = HandClock().now()
    traces = SipTraces(PLATFORM, now)
    traces.is_large = True
    keepalive = message(DEVICE, PLATFORM, body="<CmdType>Keepalive</CmdType>")
    traces.saw(True, PEER, keepalive, now.monotonic)
    assert traces.trace(DEVICE, now) == []
    traces.saw(True, PEER, keepalive, now.monotonic)
    assert len(traces.trace(DEVICE, now)) == 1
    assert traces.wants_life_signs(now.monotonic + WATCHED_SECONDS - 1)
    assert not traces.wants_life_signs(now.monotonic + WATCHED_SECONDS)

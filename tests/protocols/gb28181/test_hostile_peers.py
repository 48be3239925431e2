"""Damaged, cut and foreign bytes: neither endpoint falls over, and neither lets anybody in."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.gb28181.talk import CAMERA, CAMERAS, DEVICE, HERE, PLATFORM, THERE, Talk, Tokens

from fengtai.protocols.gb28181 import (
    Bounds,
    CatalogueArrived,
    CatalogueChange,
    DeviceRegistered,
    Fix,
    Peer,
    PeerRefused,
    PlatformEndpoint,
    RegistrationAsked,
)


def recorded() -> tuple[list[bytes], list[bytes]]:
    """What goes up and what goes down in an ordinary conversation."""
    talk, up, down = Talk(), [], []

    def note(data: bytes) -> bool:
        to_platform = data.startswith((b"REGISTER", b"NOTIFY", b"MESSAGE sip:" + PLATFORM.id.encode())) or (
            data.startswith(b"SIP/2.0") and b"From: <sip:" + PLATFORM.id.encode() in data
        )
        (up if to_platform else down).append(data)
        return False

    talk.lose = note
    talk.registered()
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.platform.query(DEVICE, "DeviceStatus", talk.clock.now())
    talk.roundtrip()
    call_id = talk.play()
    talk.device.send_alarm(channel_id=CAMERA, method=5, type=6, priority=1, description="x", now=talk.clock.now())
    talk.roundtrip()
    talk.platform.want_key_frame(call_id, talk.clock.now())
    talk.roundtrip()
    talk.platform.asking.subscribe(DEVICE, frozenset(("Catalog", "Alarm", "MobilePosition")), talk.clock.now())
    talk.roundtrip()
    talk.device.tell_catalogue([CatalogueChange(event="OFF", item=CAMERAS[0])], talk.clock.now())
    talk.device.tell_positions([Fix(target_id=DEVICE, longitude=118.3, latitude=31.3)], talk.clock.now())
    talk.device.subscriptions.end_all("timeout", HERE, talk.clock.now().monotonic)
    talk.platform.asking.set_guard(DEVICE, DEVICE, talk.clock.now(), on=True)
    talk.roundtrip()
    talk.wait(61)
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    return up, down


UP, DOWN = recorded()
damages = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 30), st.binary(max_size=12)), min_size=1, max_size=4)


def damaged(data: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    for at, cut, put in damage:
        at %= len(data) + 1
        data = data[:at] + put + data[at + cut :]
    return data


def test_the_recording_holds_all_that_is_said() -> None:
    said = b"".join(UP + DOWN)
    for word in (
        b"REGISTER",
        b"Keepalive",
        b"Alarm",
        b"SumNum",
        b"INVITE",
        b"ACK",
        b"BYE",
        b"IFameCmd",
        b"y=0200001234",
        b"SUBSCRIBE",
        b"NOTIFY",
        b"MobilePosition",
        b"GuardCmd",
        b"terminated;reason=timeout",
    ):
        assert word in said


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(UP), damages)
def test_a_platform_survives_damaged_datagrams(data: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    talk = Talk().registered()
    talk.play()
    talk.platform.receive_datagram(damaged(data, damage), THERE, talk.clock.now())
    talk.roundtrip()
    talk.wait(70)
    assert talk.platform.is_present(DEVICE) or b"Expires: 0" in damaged(data, damage)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(DOWN), damages)
def test_a_device_survives_damaged_datagrams(data: bytes, damage: list[tuple[int, int, bytes]]) -> None:
    talk = Talk().registered()
    talk.device.receive_datagram(damaged(data, damage), HERE, talk.clock.now())
    talk.roundtrip()
    talk.wait(70)
    assert talk.platform.is_present(DEVICE)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(UP), min_size=1, max_size=4), damages, st.integers(1, 400))
def test_a_platform_survives_damaged_streams(
    parts: list[bytes], damage: list[tuple[int, int, bytes]], cut: int
) -> None:
    talk = Talk()
    peer = Peer("tcp", "10.0.0.9", 40000, 1)
    stream = damaged(b"".join(parts), damage)
    talk.platform.stream_opened(peer)
    for at in range(0, len(stream), cut):
        talk.platform.receive_stream(stream[at : at + cut], peer, talk.clock.now())
    talk.platform.stream_closed(peer, talk.clock.now())
    assert not talk.platform.is_present(DEVICE)
    assert [event for event in talk.platform.events() if isinstance(event, DeviceRegistered)] == []


def test_a_device_that_tells_too_much_at_once_is_held_off_and_its_catalogue_is_not() -> None:
    talk = Talk().registered()
    talk.platform = PlatformEndpoint(
        PLATFORM, nonce_secret=b"n" * 32, token=Tokens("p"), bounds=Bounds(told_bytes=10_000, told_bytes_a_second=500)
    )
    talk.registered()
    told = "x" * 900

    def alarms(count: int) -> list[bytes]:
        for _ in range(count):
            talk.device.send_alarm(
                channel_id=DEVICE, method=2, type=1, priority=1, description=told, now=talk.clock.now()
            )
        before = len(talk.told(PeerRefused))
        talk.roundtrip()
        return [one.cause.encode() for one in talk.told(PeerRefused)[before:]]

    refused = alarms(20)
    assert 8 <= len(refused) <= 14
    assert all(b"MESSAGE 503: it tells too much at once" in cause for cause in refused)
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    assert [len(one.items) for one in talk.told(CatalogueArrived)] == [len(CAMERAS)]
    talk.clock.advance(20.0)
    assert len(alarms(5)) == 0


@given(st.sampled_from([one for one in UP if b"Authorization" in one]))
def test_a_captured_registration_is_worth_nothing_elsewhere(captured: bytes) -> None:
    talk = Talk()
    talk.platform.receive_datagram(captured, Peer("udp", "6.6.6.6", 5060), talk.clock.now())
    assert [event for event in talk.platform.events() if isinstance(event, RegistrationAsked)] == []
    ((answer, _),) = talk.platform.datagrams_to_send()
    assert answer.startswith(b"SIP/2.0 401")

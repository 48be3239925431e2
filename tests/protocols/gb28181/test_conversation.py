"""What registers, reports and stays, and what happens when the network does not."""

import pytest
from tests.protocols.gb28181.talk import CAMERA, CAMERAS, DEVICE, HERE, PLATFORM, THERE, Talk, Tokens

from fengtai.protocols.gb28181 import (
    AlarmAcknowledged,
    AlarmArrived,
    Bounds,
    CatalogItem,
    CatalogueArrived,
    DeviceRegistered,
    DeviceSilent,
    DeviceUnregistered,
    Peer,
    PeerRefused,
    PlatformEndpoint,
    PlayAnswered,
    Presence,
    Registered,
    RegistrationFailed,
    StreamEnded,
    StreamWanted,
)
from fengtai.vocabulary.clock import HandClock


def _keepalive_of(device_id: str) -> bytes:
    body = f"<Notify><CmdType>Keepalive</CmdType><SN>1</SN><DeviceID>{device_id}</DeviceID><Status>OK</Status></Notify>"
    return (
        f"MESSAGE sip:{PLATFORM.id}@3402000000 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bK{device_id}\r\n"
        f"From: <sip:{device_id}@3402000000>;tag=1\r\nTo: <sip:{PLATFORM.id}@3402000000>\r\nCall-ID: {device_id}\r\n"
        f"CSeq: 1 MESSAGE\r\nContent-Type: Application/MANSCDP+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def test_a_device_registers_and_is_told_the_time_of_beijing() -> None:
    talk = Talk().registered()
    (registered,) = talk.told(Registered)
    assert registered.platform_time == "2026-11-20T20:00:00.000"
    assert talk.told(DeviceRegistered)[0].expires_seconds == 3600


@pytest.mark.parametrize("twice", [False, True])
def test_a_repeated_datagram_changes_nothing(twice: bool) -> None:
    talk = Talk()
    talk.twice = twice
    talk.registered()
    call_id = talk.play()
    talk.device.send_alarm(channel_id=CAMERA, method=5, type=6, priority=1, description="x", now=talk.clock.now())
    talk.roundtrip()
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(DeviceRegistered)) == 1
    assert len(talk.told(AlarmArrived)) == len(talk.told(AlarmAcknowledged)) == 1
    assert len(talk.told(StreamWanted)) == len(talk.told(StreamEnded)) == 1
    assert talk.platform.open_calls() == 0


def test_a_wrong_password_is_refused_and_tried_again_later() -> None:
    talk = Talk(password="another")
    talk.device.start(talk.clock.now())
    talk.roundtrip()
    assert talk.told(RegistrationFailed) == [RegistrationFailed(status=403, retry_seconds=60.0)]
    talk.wait(61)
    assert len(talk.told(RegistrationFailed)) == 2
    assert not talk.platform.is_present(DEVICE)


def test_every_third_datagram_may_be_lost() -> None:
    talk = Talk()
    count = iter(range(10**9))
    talk.lose = lambda _data: next(count) % 3 == 1
    talk.device.start(talk.clock.now())
    talk.wait(20)
    assert talk.platform.is_present(DEVICE)
    call_id = talk.play()
    talk.wait(10)
    assert talk.told(PlayAnswered)
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.wait(60)
    assert talk.told(StreamEnded)
    assert talk.platform.open_calls() == 0


def test_registrations_are_renewed_and_keepalives_keep_it_present() -> None:
    talk = Talk().registered()
    talk.wait(3 * 3600)
    assert talk.platform.is_present(DEVICE)
    assert talk.told(DeviceSilent) == []
    assert len(talk.told(DeviceRegistered)) >= 3
    assert DEVICE in [presence.device_id for presence in talk.platform.heard()]


def test_three_missed_keepalives_make_it_silent_and_it_comes_back() -> None:
    talk = Talk().registered()
    talk.lose = lambda _data: True
    talk.wait(186)
    assert talk.told(DeviceSilent) == []  # it is asked how it is first
    talk.wait(7)
    assert talk.told(DeviceSilent) == [DeviceSilent(device_id=DEVICE, cause="keepalives are missing")]
    talk.lose = lambda _data: False
    talk.wait(400)
    assert talk.platform.is_present(DEVICE)


def test_a_device_whose_keepalives_alone_are_lost_stays_online() -> None:
    """wvp #814, #1944: online, but shown offline."""
    talk = Talk().registered()
    talk.lose = lambda data: b"Keepalive" in data or data.startswith(b"REGISTER")
    talk.wait(900)
    assert talk.told(DeviceSilent) == []
    assert talk.platform.is_present(DEVICE)


def test_a_city_that_falls_silent_is_not_asked_one_by_one() -> None:
    talk = Talk().registered()
    now = talk.clock.now()
    for serial in range(1000):
        presence = Presence(f"3402000000118{serial:07d}", THERE, now.monotonic + 9000, now.monotonic, "2.0", "c")
        talk.platform.restore(presence, now, grace_seconds=0)
    asked: set[bytes] = set()

    def note(data: bytes) -> bool:
        asked.update([data] if b"DeviceStatus" in data else [])
        return True

    talk.lose = note
    talk.wait(186)
    assert len(talk.told(DeviceSilent)) >= 900
    assert len(asked) <= 100
    talk.wait(20)
    assert len(talk.told(DeviceSilent)) == 1000


def test_a_keepalive_of_an_unknown_device_gets_403_so_that_it_registers() -> None:
    talk = Talk().registered()
    talk.platform = talk.new_platform()
    talk.wait(61)
    assert talk.told(PeerRefused)
    assert talk.platform.is_present(DEVICE)


def test_within_the_grace_after_a_restart_so_many_strangers_a_second_are_told_403() -> None:
    """A city whose platform has lost its database does not register in one second."""
    now = HandClock()
    platform = PlatformEndpoint(
        PLATFORM, nonce_secret=b"n" * 32, token=Tokens("p"), bounds=Bounds(recalls_a_second=10.0)
    )
    platform.begin_grace(now.now().monotonic + 180)

    def told_to_register() -> int:
        for number in range(200):
            platform.receive_datagram(_keepalive_of(f"3402000000132000{number:04d}"), THERE, now.now())
        return sum(data.startswith(b"SIP/2.0 403") for data, _ in platform.datagrams_to_send())

    assert told_to_register() == 10
    assert told_to_register() == 0
    now.advance(0.5)
    assert told_to_register() == 5
    now.advance(200)
    assert told_to_register() == 200


def test_a_restored_registration_needs_no_new_one() -> None:
    talk = Talk().registered()
    talk.platform = talk.new_platform()
    now = talk.clock.now()
    presence = Presence(DEVICE, THERE, now.monotonic - 5, now.monotonic, "2.0", "c")
    talk.platform.restore(presence, now, grace_seconds=180)
    talk.wait(130)
    assert talk.platform.is_present(DEVICE)
    assert talk.told(PeerRefused) == []
    assert len(talk.told(DeviceRegistered)) == 1


def test_a_keepalive_from_another_host_does_not_take_the_device_over() -> None:
    talk = Talk().registered()
    talk.there = Peer("udp", "6.6.6.6", 5060)
    talk.device._keepalive_at = talk.clock.now().monotonic
    talk.lose = lambda data: data.startswith(b"REGISTER")
    talk.wait(1)
    (refused,) = talk.told(PeerRefused)
    assert "it is registered from 10.0.0.9" in refused.cause


def test_another_port_of_the_same_host_is_followed() -> None:
    talk = Talk().registered()
    talk.there = Peer("udp", "10.0.0.9", 61000)
    talk.wait(61)
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    ((_, peer),) = talk.platform.datagrams_to_send()
    assert peer == talk.there


def test_a_device_signs_off() -> None:
    talk = Talk().registered()
    talk.device.unregister(talk.clock.now())
    talk.roundtrip()
    assert talk.told(DeviceUnregistered) == [DeviceUnregistered(device_id=DEVICE)]
    talk.wait(1000)
    assert not talk.platform.is_present(DEVICE)


def test_a_catalogue_in_parts_is_told_once_and_whole() -> None:
    talk = Talk(channels=(*CAMERAS, CatalogItem(id=DEVICE, name="itself"), CatalogItem(id="3402"))).registered()
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    (arrived,) = talk.told(CatalogueArrived)
    assert arrived.complete
    assert [item.id for item in arrived.items] == [camera.id for camera in CAMERAS]


def test_a_catalogue_that_stays_incomplete_is_asked_three_times_and_told_as_partial() -> None:
    talk = Talk().registered()
    talk.lose = lambda data: CAMERAS[9].id.encode() in data
    talk.platform.query_catalogue(DEVICE, talk.clock.now())
    talk.roundtrip()
    talk.wait(60)
    (arrived,) = talk.told(CatalogueArrived)
    assert not arrived.complete
    assert arrived.expected == 10
    assert len(arrived.items) == 8


def test_whatever_host_a_device_writes_into_its_requests_it_is_answered() -> None:
    """wvp #2104: a public address in the Request-URI, a private one at the socket."""
    talk = Talk()
    talk.device.start(talk.clock.now())
    for _ in range(2):
        ((data, _),) = talk.device.datagrams_to_send()
        elsewhere = data.replace(b"@3402000000 SIP/2.0", b"@203.0.113.7:15060 SIP/2.0")
        assert elsewhere != data
        talk.platform.receive_datagram(elsewhere, THERE, talk.clock.now())
        talk.heed()
        ((answer, _),) = talk.platform.datagrams_to_send()
        talk.device.receive_datagram(answer, HERE, talk.clock.now())
    assert talk.platform.is_present(DEVICE)


@pytest.mark.parametrize("edition", ["1.0", "1.1", "2.0", "3.0", "9.9"])
def test_every_answer_to_a_registration_says_which_edition_we_speak(edition: str) -> None:
    """wvp #2006: a device of 2022 that does not hear it registers and then stays silent."""
    talk, answers = Talk(edition=edition), list[bytes]()

    def note(data: bytes) -> bool:
        answers.extend([data] if data.startswith(b"SIP/2.0") and b" REGISTER" in data else [])
        return False

    talk.lose = note
    talk.registered()
    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"401", b"200"]
    assert all(b"X-GB-ver: 3.0\r\n" in answer for answer in answers)
    (registered,) = talk.told(DeviceRegistered)
    assert registered.edition == (edition if edition != "9.9" else "2.0")

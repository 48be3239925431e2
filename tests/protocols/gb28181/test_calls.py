"""Pictures asked for over a network that loses, repeats and delays; and the BYE that always comes."""

import pytest
from tests.protocols.gb28181.talk import CAMERA, DEVICE, THERE, Talk

from fengtai.protocols.gb28181 import (
    AlarmReset,
    KeyFrameWanted,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    StreamEnded,
    StreamWanted,
)
from fengtai.vocabulary.errors import Unavailable


@pytest.mark.parametrize("tcp", [False, True])
def test_a_picture_is_asked_for_and_ended(tcp: bool) -> None:
    talk = Talk().registered()
    call_id = talk.play(tcp=tcp)
    (wanted,) = talk.told(StreamWanted)
    assert (wanted.channel_id, wanted.host, wanted.port) == (CAMERA, "10.0.0.3", 30012)
    assert (wanted.transport, wanted.ssrc) == ("tcp" if tcp else "udp", 200001234)
    (answered,) = talk.told(PlayAnswered)
    assert (answered.call_id, answered.ssrc, answered.note) == (call_id, 200001234, "")

    talk.platform.want_key_frame(call_id, talk.clock.now())
    talk.roundtrip()
    assert talk.told(KeyFrameWanted) == [KeyFrameWanted(channel_id=CAMERA)]

    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    assert talk.told(StreamEnded) == [StreamEnded(call_id=wanted.call_id)]
    assert talk.told(PlayEnded) == [PlayEnded(call_id=call_id, by_device=False, cause="stopped")]


@pytest.mark.parametrize(("edition", "word"), [("2.0", b"<IFameCmd>Send<"), ("3.0", b"<IFrameCmd>Send<")])
def test_the_word_for_a_key_frame_follows_the_edition(edition: str, word: bytes) -> None:
    talk = Talk(edition=edition).registered()
    call_id = talk.play()
    heard: list[bytes] = []
    talk.lose = lambda data: heard.append(data) is not None
    talk.platform.want_key_frame(call_id, talk.clock.now())
    talk.roundtrip()
    assert any(word in data for data in heard)
    assert talk.told(KeyFrameWanted) == [KeyFrameWanted(channel_id=CAMERA)]


def test_a_latched_alarm_is_let_go() -> None:
    talk = Talk().registered()
    talk.platform.reset_alarm(DEVICE, CAMERA, talk.clock.now())
    talk.roundtrip()
    assert talk.told(AlarmReset) == [AlarmReset(channel_id=CAMERA)]


def test_a_bye_is_repeated_until_it_is_confirmed() -> None:
    talk = Talk(keepalive_seconds=20).registered()
    call_id = talk.play()
    talk.lose = lambda data: b" BYE\r\n" in data
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.wait(200)
    assert talk.platform.open_calls() == 1
    assert talk.told(StreamEnded) == []
    talk.lose = lambda _data: False
    talk.wait(100)
    assert len(talk.told(StreamEnded)) == 1
    assert talk.platform.open_calls() == 0


def test_a_stream_that_is_stopped_before_the_answer_is_ended_when_the_answer_comes() -> None:
    talk = Talk().registered()
    call_id = talk.platform.play(DEVICE, CAMERA, host="10.0.0.3", port=30012, ssrc=1, tcp=False, now=talk.clock.now())
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(StreamWanted)) == len(talk.told(StreamEnded)) == 1
    assert talk.told(PlayAnswered) == []
    assert talk.platform.open_calls() == 0


def test_no_answer_within_18_seconds_fails_with_cause_and_fix() -> None:
    talk = Talk().registered()
    talk.lose = lambda data: b" INVITE\r\n" in data
    talk.play()
    talk.wait(20)
    (failed,) = talk.told(PlayFailed)
    assert failed.cause == "the device did not answer the request for a stream"
    assert failed.fix.startswith("Check that the device is online")


def test_a_device_that_goes_away_ends_its_streams() -> None:
    talk = Talk().registered()
    talk.play()
    talk.lose = lambda _data: True
    talk.wait(200)
    assert [ended.by_device for ended in talk.told(PlayEnded)] == [True]
    talk.lose = lambda _data: False
    talk.wait(400)
    assert talk.told(StreamEnded), "the BYE came when the device was back"


def test_a_device_that_goes_away_while_it_is_asked_is_told_to_stop_when_its_answer_comes() -> None:
    talk = Talk().registered()
    late: list[bytes] = []
    talk.lose = lambda data: b" INVITE\r\n" in data and data.startswith(b"SIP/2.0") and late.append(data) is None
    talk.play()
    talk.platform.forget(DEVICE, talk.clock.now())
    talk.roundtrip()
    assert [failed.cause for failed in talk.told(PlayFailed)] == ["the device is offline"]

    talk.lose = lambda _data: False
    talk.platform.receive_datagram(late[-1], THERE, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(StreamEnded)) == 1
    assert talk.platform.open_calls() == 0


def test_the_device_may_end_a_stream() -> None:
    talk = Talk().registered()
    call_id = talk.play()
    talk.device.end(talk.told(StreamWanted)[0].call_id, talk.clock.now())
    talk.roundtrip()
    assert talk.told(PlayEnded) == [PlayEnded(call_id=call_id, by_device=True, cause="the device ended the stream")]


def test_an_absent_device_cannot_be_asked() -> None:
    talk = Talk()
    with pytest.raises(Unavailable, match="the device is offline"):
        talk.play()
    with pytest.raises(Unavailable):
        talk.platform.query_catalogue(DEVICE, talk.clock.now())

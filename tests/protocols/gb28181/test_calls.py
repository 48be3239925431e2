"""Pictures asked for over a network that loses, repeats and delays; and the BYE that always comes."""

from collections.abc import Callable

import pytest
from tests.protocols.gb28181.talk import CAMERA, DEVICE, THERE, Talk

from fengtai.protocols.gb28181 import (
    AlarmReset,
    CallOver,
    DeviceFaults,
    KeptCall,
    KeyFrameWanted,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
    StreamAcknowledged,
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
    talk.platform.asking.reset_alarm(DEVICE, CAMERA, talk.clock.now())
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


def test_the_device_begins_only_when_the_call_is_kept() -> None:
    talk = Talk().registered()
    talk.keeps = False
    call_id = talk.play()
    talk.wait(3)
    assert len(talk.told(PlayAnswered)) == 1, "the device repeats its 200, and is told once"
    assert talk.told(StreamAcknowledged) == []
    talk.platform.acknowledge(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(StreamAcknowledged)) == 1


def test_a_call_of_before_a_crash_is_ended_and_its_port_and_ssrc_are_held_until_then() -> None:
    talk = Talk().registered()
    talk.play()
    (answered,) = talk.told(PlayAnswered)

    talk.platform = talk.new_platform()
    talk.registered()
    talk.lose = lambda data: b" BYE\r\n" in data
    talk.platform.restore_call(answered.keep, talk.clock.now())
    talk.wait(100)
    assert talk.platform.held(talk.clock.now()) == (frozenset({30012}), frozenset({200001234}))
    talk.lose = lambda _data: False
    talk.wait(100)
    assert [over.call_id for over in talk.told(CallOver)] == [answered.call_id]
    assert len(talk.told(StreamEnded)) == 1
    assert talk.platform.held(talk.clock.now()) == (frozenset(), frozenset())


def test_a_call_of_before_a_crash_waits_for_a_device_that_is_away() -> None:
    talk = Talk().registered()
    talk.play()
    (answered,) = talk.told(PlayAnswered)

    talk.platform = talk.new_platform()
    talk.platform.restore_call(answered.keep, talk.clock.now())
    assert talk.platform.open_calls() == 0, "nothing can be done now"
    talk.registered()
    assert len(talk.told(StreamEnded)) == 1
    assert [over.call_id for over in talk.told(CallOver)] == [answered.call_id]


def test_a_yes_that_comes_after_our_crash_is_answered_by_a_bye() -> None:
    talk = Talk().registered()
    talk.keeps = False
    talk.play()
    talk.platform = talk.new_platform()
    talk.wait(10)
    assert len(talk.told(StreamEnded)) == 1


@pytest.mark.parametrize("status", [b"488 Not Acceptable Here", b"415 Unsupported Media Type", b"400 Bad Request"])
def test_a_device_that_dislikes_the_offer_gets_the_plain_one_and_is_remembered(status: bytes) -> None:
    talk = Talk().registered()
    offers: list[bytes] = []

    def choosy(data: bytes) -> bool:
        """The device refuses every offer of more than PS."""
        if not data.startswith(b"INVITE "):
            return False
        offers.append(data)
        if b"H264/90000" not in data:
            return False
        head = data.partition(b"\r\n\r\n")[0].decode()
        kept = [
            line for line in head.split("\r\n")[1:] if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq", "To")
        ]
        answer = "\r\n".join([f"SIP/2.0 {status.decode()}", *kept, "Content-Length: 0\r\n\r\n"])
        talk.platform.receive_datagram(answer.encode(), THERE, talk.clock.now())
        return True

    talk.lose = choosy
    talk.play()
    (answered,) = talk.told(PlayAnswered)
    assert answered.keep.cseq == 2
    assert [b"H264/90000" in offer for offer in offers] == [True, False]
    assert talk.told(PlayTrying)[0].note == "offered once more in the plain form"
    assert len(talk.told(StreamAcknowledged)) == 1

    offers.clear()
    talk.play()
    assert [b"H264/90000" in offer for offer in offers] == [False]


def _late_yes(talk: Talk, hears: Callable[[bytes], bool] = lambda _data: False) -> KeptCall:
    """The device says yes, but we crash before we hear it; what was kept with the INVITE is all that we know."""
    talk.lose = lambda data: data.startswith(b"SIP/2.0 200") and b" INVITE\r\n" in data
    call_id = talk.play()
    kept = talk.platform.early_call(call_id)
    assert kept is not None
    assert ";tag=" not in kept.remote
    talk.platform = talk.new_platform()
    talk.registered()
    talk.lose = hears
    talk.platform.restore_call(kept, talk.clock.now())
    return kept


def test_a_call_that_was_not_answered_before_our_crash_is_ended_all_the_same() -> None:
    talk = Talk().registered()
    kept = _late_yes(talk)
    talk.wait(5)

    assert len(talk.told(StreamEnded)) == 1
    assert [over.call_id for over in talk.told(CallOver)] == [kept.call_id]
    assert talk.platform.open_calls() == 0


def test_a_device_that_ends_nothing_without_its_tag_gets_ack_and_bye_in_the_dialog_that_its_yes_names() -> None:
    talk = Talk().registered()
    sent: list[bytes] = []

    def strict(data: bytes) -> bool:
        """It does not hear a BYE without its tag; its yes is heard again only when we have come back."""
        sent.append(data)
        head = data.partition(b"\r\nTo: ")[2].partition(b"\r\n")[0]
        return data.startswith(b"BYE ") and b";tag=" not in head

    kept = _late_yes(talk, hears=strict)
    talk.wait(10)

    assert len(talk.told(StreamAcknowledged)) == 1
    assert len(talk.told(StreamEnded)) == 1
    assert [over.call_id for over in talk.told(CallOver)] == [kept.call_id]
    assert any(data.startswith(b"ACK ") for data in sent)


def test_an_answered_call_is_no_early_one_any_more() -> None:
    talk = Talk().registered()
    call_id = talk.play()

    assert talk.platform.early_call(call_id) is None
    assert talk.platform.early_call("unknown") is None


def test_the_offer_says_who_connects_and_which_stream() -> None:
    talk = Talk().registered()
    for connects, number in ((False, 0), (True, 1)):
        talk.platform.play(
            DEVICE,
            CAMERA,
            host="10.0.0.3",
            port=30012,
            ssrc=200001234,
            tcp=True,
            now=talk.clock.now(),
            connects=connects,
            stream_number=number,
        )
        talk.roundtrip()

    usual, active = talk.told(StreamWanted)
    assert (usual.transport, usual.stream_number) == ("tcp", 0)
    assert (active.transport, active.stream_number) == ("tcp-listen", 1)
    answered = talk.told(PlayAnswered)[-1]
    assert (answered.host, answered.port, answered.peer_host) == ("10.0.0.9", 40000, talk.there.host)


def test_a_yes_without_a_tag_is_good_enough_to_play_and_to_end() -> None:
    talk = Talk().registered()

    def untagged(data: bytes) -> bool:
        if not (data.startswith(b"SIP/2.0 200") and b" INVITE\r\n" in data):
            return False
        head, rest = data.split(b"\r\nTo: ", 1)
        to, rest = rest.split(b"\r\n", 1)
        sloppy = head + b"\r\nTo: " + to.partition(b";tag=")[0] + b"\r\n" + rest
        talk.platform.receive_datagram(sloppy, THERE, talk.clock.now())
        return True

    talk.lose = untagged
    call_id = talk.play()
    (answered,) = talk.told(PlayAnswered)
    assert ";tag=" not in answered.keep.remote
    assert len(talk.told(StreamAcknowledged)) == 1

    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(StreamEnded)) == 1
    assert [over.call_id for over in talk.told(CallOver)] == [call_id]


def test_an_invite_of_the_device_in_our_call_is_refused_and_the_call_goes_on() -> None:
    """Some devices refresh a session by INVITE; what is refused with 488 leaves the session as it was (RFC 3261 14.2)."""
    talk = Talk().registered()
    call_id = talk.play()
    (answered,) = talk.told(PlayAnswered)
    again = "\r\n".join(
        [
            "INVITE sip:34020000002000000001@3402000000 SIP/2.0",
            "Via: SIP/2.0/UDP 10.0.0.9:5060;rport;branch=z9hG4bKagain",
            f"From: {answered.keep.remote}",
            f"To: {answered.keep.local}",
            f"Call-ID: {call_id}",
            "CSeq: 7 INVITE",
            "Max-Forwards: 70",
            "Content-Length: 0",
            "",
            "",
        ]
    )
    talk.platform.receive_datagram(again.encode(), THERE, talk.clock.now())
    answers = [data for data, _ in talk.platform.datagrams_to_send()]

    assert any(data.startswith((b"SIP/2.0 4", b"SIP/2.0 5")) and b"7 INVITE" in data for data in answers)
    assert talk.told(PlayEnded) == []
    talk.platform.hang_up(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(StreamEnded)) == 1


def test_forms_are_tried_one_after_the_other_and_the_one_that_is_taken_comes_first_from_then_on() -> None:
    talk = Talk(faults=DeviceFaults(wants_offered=("126",))).registered()
    talk.play()
    (answered,) = talk.told(PlayAnswered)
    assert answered.keep.cseq == 3
    assert [one.note for one in talk.told(PlayTrying) if one.note] == [
        "offered once more in the plain form",
        "offered once more in the senior form",
    ]
    talk.play()
    assert [one.keep.cseq for one in talk.told(PlayAnswered)] == [3, 1]


def test_a_device_that_takes_no_form_is_asked_with_each_once_and_the_refusal_is_told() -> None:
    talk = Talk(faults=DeviceFaults(most_payloads_offered=0)).registered()
    talk.play()
    (failed,) = talk.told(PlayFailed)
    assert failed.status == 415
    assert len([one for one in talk.told(PlayTrying) if one.note]) == 2

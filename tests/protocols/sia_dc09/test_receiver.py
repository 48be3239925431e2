"""What a receiver answers, and to what it stays silent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.protocols.sia_dc09.conftest import KEY, NOW, PEER, a_receiver, burglary, hear, received

from fengtai.protocols.sia_dc09 import (
    Answer,
    Dialler,
    FrameIgnored,
    FrameRefused,
    HeartbeatReceived,
    Message,
    Receiver,
    decode,
    encode,
    frames_of_datagram,
)


def reply_of(frame: bytes, key: bytes | None = None) -> Message:
    [raw], _ = frames_of_datagram(frame)
    return decode(raw, key)


def sealed(sequence: int = 1, *, skew: float = 0, key: bytes = KEY) -> bytes:
    stamp = NOW.utc + timedelta(seconds=skew)
    return encode(
        Message(
            form="SIA-DCS",
            sequence=f"{sequence:04d}",
            account="1234",
            content="NFA129",
            inner_account="1234",
            timestamp=stamp,
            encrypted=True,
        ),
        key,
    )


def test_an_acknowledgement_echoes_sequence_receiver_line_and_account() -> None:
    receiver = a_receiver()
    event = received(receiver, burglary(77, receiver="F3", line="00a"))

    assert receiver.acknowledge(event, now=NOW)[9:-1] == b'"ACK"0077RF3L00a#1234[]'


def test_an_absent_receiver_stays_absent_in_the_answer() -> None:
    receiver = a_receiver()

    assert receiver.acknowledge(received(receiver, burglary()), now=NOW) == b'\n1BC10012"ACK"0001L0#1234[]\r'


def test_a_binary_check_is_answered_with_a_binary_check() -> None:
    receiver = a_receiver()
    message = Message(form="ADM-CID", sequence="0001", account="1234", content="1131 01 015")
    event = received(receiver, encode(message, binary_crc=True))

    [answer], _ = frames_of_datagram(receiver.acknowledge(event, now=NOW))

    assert answer.crc_is_binary
    assert answer.crc_ok


def test_an_encrypted_message_gets_an_encrypted_acknowledgement() -> None:
    receiver = a_receiver({"1234": (KEY,)})
    answer = reply_of(receiver.acknowledge(received(receiver, sealed(7)), now=NOW), KEY)

    assert (answer.form, answer.encrypted, answer.sequence, answer.timestamp) == ("ACK", True, "0007", NOW.utc)


def test_the_second_of_two_possible_keys_opens_and_answers() -> None:
    receiver = a_receiver({"1234": (bytes(32), KEY)})
    event = received(receiver, sealed())

    assert reply_of(receiver.acknowledge(event, now=NOW), KEY).form == "ACK"


@pytest.mark.parametrize("skew", [-40, -1, 0, 20])
def test_an_encrypted_message_within_the_window_is_taken(skew: float) -> None:
    assert received(a_receiver({"1234": (KEY,)}), sealed(skew=skew)).clock_skew_seconds == skew


@pytest.mark.parametrize("skew", [-41, 21, 86_400])
def test_an_encrypted_message_outside_the_window_is_refused_with_our_time(skew: float) -> None:
    event = hear(a_receiver({"1234": (KEY,)}), sealed(skew=skew))

    assert isinstance(event, FrameRefused)
    assert event.reply == b'\n142E0025"NAK"0000R0L0A0[]_14:12:04,09-25-2009\r'


def test_a_plain_message_with_a_wrong_time_is_taken_and_noted() -> None:
    receiver = a_receiver()
    event = received(receiver, burglary(timestamp=NOW.utc - timedelta(days=1)))

    assert event.clock_skew_seconds == -86_400
    assert receiver.counters["clock_outside_window"] == 1


def test_a_heartbeat_is_answered_at_once() -> None:
    event = hear(a_receiver(), b'\n1EF20013"NULL"0000L0#1234[]\r')

    assert isinstance(event, HeartbeatReceived)
    assert reply_of(event.reply).form == "ACK"
    assert reply_of(event.reply).sequence == "0000"


def test_a_form_that_we_do_not_speak_gets_a_duh() -> None:
    event = hear(a_receiver(), encode(Message(form="SIA-PUL", sequence="0003", account="1234")))

    assert isinstance(event, FrameRefused)
    assert reply_of(event.reply).form == "DUH"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\n00000027" + burglary()[9:], "crc"),
        (encode(Message(form="ACK", sequence="0001", account="1234")), "reply"),
        (b'\n3A7D0008"HELLO"1\r', "crc"),
        (sealed(), "no-key"),
    ],
)
def test_what_cannot_be_answered_gets_silence_and_is_listed(frame: bytes, reason: str) -> None:
    receiver = a_receiver()

    event = hear(receiver, frame)

    assert isinstance(event, FrameIgnored)
    assert event.reason == reason
    [kept] = receiver.unanswered
    assert (kept.peer, kept.raw) == (PEER, frame)
    assert receiver.counters[f"ignored_{reason}"] == 1


def test_a_wrong_key_gets_silence() -> None:
    event = hear(a_receiver({"1234": (b"B" * 16,)}), sealed())

    assert isinstance(event, FrameIgnored)
    assert event.reason == "wrong-key"


def test_the_list_of_unanswered_frames_is_bounded() -> None:
    receiver = a_receiver(ring_frames=10)
    for sequence in range(1, 50):
        hear(receiver, sealed(sequence))

    assert len(receiver.unanswered) == 10


@pytest.mark.parametrize("sends", ["#1234|NFA129", "1234|NFA129", "|NFA129", "NFA129"])
def test_the_inner_account_may_be_written_in_any_way(sends: str) -> None:
    event = received(a_receiver(), encode(Message(form="SIA-DCS", sequence="0001", account="1234", content=sends)))

    assert event.events[0].code == "FA"
    assert "inner-account-differs" not in event.quirks


def test_a_repeat_has_the_same_dedup_key_although_its_time_is_later() -> None:
    receiver = a_receiver()
    first = received(receiver, burglary(timestamp=NOW.utc))
    again = received(receiver, burglary(timestamp=NOW.utc + timedelta(seconds=20)))
    other = received(receiver, burglary(zone="016"))
    after_reset = received(receiver, burglary(2))

    assert first.dedup_key == again.dedup_key
    assert len({first.dedup_key, other.dedup_key, after_reset.dedup_key}) == 3


def test_two_frames_in_a_segment_are_two_events_in_order() -> None:
    connection = a_receiver().connection(PEER)

    events = connection.receive_data(burglary(1) + burglary(2), now=NOW)

    assert [event.message.sequence for event in events] == ["0001", "0002"]  # type: ignore[union-attr]


@pytest.mark.parametrize("key", [None, KEY, b"B" * 24, b"C" * 32])
def test_a_panel_and_a_receiver_understand_each_other(key: bytes | None) -> None:
    receiver = Receiver(lambda account, number, line: () if key is None else (key,))
    panel = Dialler("00ABCDEF", receiver="1", line="2", key=key)

    message = panel.message("ADM-CID", "1110 00 003", now=NOW)
    event = received(receiver, panel.frame(message))
    [answered] = panel.receive_data(receiver.acknowledge(event, now=NOW), now=NOW)

    assert event.message == message
    assert (answered.answer, answered.sequence) == (Answer.ACKNOWLEDGED, message.sequence)


def test_a_panel_whose_clock_is_wrong_sets_it_by_the_refusal() -> None:
    receiver = a_receiver({"1234": (KEY,)})
    panel = Dialler("1234", key=KEY)
    panel.clock_correction = timedelta(hours=-8)

    refused = hear(receiver, panel.frame(panel.message("ADM-CID", "1110 00 003", now=NOW)))
    assert isinstance(refused, FrameRefused)
    [answered] = panel.receive_data(refused.reply, now=NOW)

    assert answered.answer is Answer.TIME_REFUSED
    assert received(receiver, panel.frame(panel.message("ADM-CID", "1110 00 003", now=NOW)))


def test_sequences_run_from_1_to_9999_and_begin_anew() -> None:
    panel = Dialler("1234", first_sequence=9999)

    numbers = [panel.message("NULL", "", now=NOW).sequence for _ in range(2)]

    assert numbers == ["9999", "0001"]


def test_a_key_belongs_to_an_encrypted_message_only() -> None:
    plain = Message(form="NULL", sequence="0001", account="1234")
    with pytest.raises(ValueError, match="key"):
        encode(plain, KEY)
    with pytest.raises(ValueError, match="key"):
        encode(replace(plain, encrypted=True))

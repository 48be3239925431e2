"""Orders whose answer is waited for, and key frames in both spellings."""

from collections.abc import Callable

import pytest
from tests.protocols.gb28181.talk import CAMERA, DEVICE, Talk

from fengtai.protocols.gb28181 import (
    PROFILES,
    AlarmReset,
    DeviceFaults,
    Dialect,
    GuardSet,
    KeyFrameWanted,
    OrderEnded,
    OrderOutcome,
    SnapshotOrder,
    SnapshotsUploaded,
    SnapshotWanted,
)
from fengtai.vocabulary.errors import Conflict, Unavailable

INPUT = "34020000001340000001"
SNAPSHOT = SnapshotOrder(sn=0, device_id=CAMERA, session_id="s" * 32, upload_url="http://10.0.0.1/up/s", count=2)


def ordered(talk: Talk, order: Callable[[Talk], int]) -> OrderEnded:
    sn = order(talk)
    talk.roundtrip()
    talk.wait(40)
    (ended,) = talk.told(OrderEnded)
    assert (ended.device_id, ended.sn) == (DEVICE, sn)
    return ended


def set_guard(talk: Talk) -> int:
    return talk.platform.asking.set_guard(DEVICE, DEVICE, talk.clock.now(), on=True)


def test_a_device_is_armed_and_says_so() -> None:
    talk = Talk().registered()
    assert ordered(talk, set_guard).outcome is OrderOutcome.DONE
    assert talk.told(GuardSet) == [GuardSet(target_id=DEVICE, on=True)]
    assert talk.device.answers.on_guard


def test_a_latched_alarm_is_let_go() -> None:
    talk = Talk().registered()
    talk.device.send_alarm(channel_id=INPUT, method=2, type=0, priority=1, description="", now=talk.clock.now())
    talk.roundtrip()
    assert talk.device.answers.latched == {INPUT}
    ended = ordered(talk, lambda talk: talk.platform.asking.reset_alarm(DEVICE, INPUT, talk.clock.now()))
    assert ended.outcome is OrderOutcome.DONE
    assert talk.told(AlarmReset) == [AlarmReset(channel_id=INPUT)]
    assert talk.device.answers.latched == set()


@pytest.mark.parametrize(
    ("faults", "outcome", "word"),
    [
        (DeviceFaults(refuses_orders=True), OrderOutcome.REFUSED, "not supported"),
        (DeviceFaults(keeps_results_back=True), OrderOutcome.UNCONFIRMED, "did not confirm"),
    ],
)
def test_a_no_and_a_silence_are_told_apart(faults: DeviceFaults, outcome: OrderOutcome, word: str) -> None:
    ended = ordered(Talk(faults=faults).registered(), set_guard)
    assert ended.outcome is outcome
    assert word in ended.detail


def test_an_order_that_nobody_answers_is_silent() -> None:
    talk = Talk().registered()
    talk.lose = lambda data: b"GuardCmd" in data
    assert ordered(talk, set_guard).outcome is OrderOutcome.SILENT


def test_an_order_to_a_device_that_goes_away_ends() -> None:
    talk = Talk().registered()
    set_guard(talk)
    talk.platform.forget(DEVICE, talk.clock.now())
    talk.roundtrip()
    (ended,) = talk.told(OrderEnded)
    assert "went away" in ended.detail


def test_nobody_orders_an_absent_device() -> None:
    with pytest.raises(Unavailable):
        set_guard(Talk())


def test_a_snapshot_is_ordered_of_a_device_of_2022() -> None:
    talk = Talk(edition="3.0").registered()
    ended = ordered(talk, lambda talk: talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now()))
    assert ended.outcome is OrderOutcome.DONE
    (wanted,) = talk.told(SnapshotWanted)
    assert (wanted.order.session_id, wanted.order.upload_url, wanted.order.count) == (
        SNAPSHOT.session_id,
        SNAPSHOT.upload_url,
        2,
    )
    talk.device.tell_snapshots(wanted.order.session_id, ["a", "b"], talk.clock.now())
    talk.roundtrip()
    assert talk.told(SnapshotsUploaded)[0].files == ("a", "b")


def test_snapshots_are_not_ordered_where_they_are_unknown_or_do_harm() -> None:
    talk = Talk().registered()
    with pytest.raises(Conflict, match="before 2022"):
        talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now())
    talk.platform.asking.dialects.set(DEVICE, Dialect(profile=PROFILES["uniview"], edition="3.0"))
    with pytest.raises(Conflict, match="restarts"):
        talk.platform.asking.order_snapshot(DEVICE, SNAPSHOT, talk.clock.now())


@pytest.mark.parametrize(("edition", "first"), [("2.0", b"IFameCmd"), ("3.0", b"IFrameCmd")])
@pytest.mark.parametrize("known", ["ifamecmd", "iframecmd", ""])
def test_a_key_frame_is_asked_for_as_the_device_spells_it(edition: str, first: bytes, known: str) -> None:
    talk = Talk(edition=edition, faults=DeviceFaults(knows_key_frame_as=known)).registered()
    sent: list[bytes] = []
    talk.lose = _noting(sent)
    call_id = talk.play()
    talk.platform.want_key_frame(call_id, talk.clock.now())
    talk.roundtrip()
    assert first in sent[0]
    assert len(talk.told(KeyFrameWanted)) == 1

    talk.platform.want_key_frame(call_id, talk.clock.now())
    talk.roundtrip()
    assert len(talk.told(KeyFrameWanted)) == 2
    assert len(sent) == (2 if known in ("", first.decode().lower()) else 3)  # what was refused once is not tried again


def _noting(sent: list[bytes]) -> Callable[[bytes], bool]:
    def note(data: bytes) -> bool:
        if b"<CmdType>DeviceControl" in data:
            sent.append(data)
        return False

    return note

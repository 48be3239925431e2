"""SUBSCRIBE and NOTIFY between platform and device: kept alive, made anew, refused, and what they bring."""

from itertools import pairwise

import pytest
from tests.protocols.gb28181.talk import CAMERA, CAMERAS, DEVICE, Talk

from fengtai.protocols.gb28181 import (
    AlarmAcknowledged,
    AlarmArrived,
    CatalogItem,
    CatalogueChange,
    CatalogueChanged,
    DeviceFaults,
    Fix,
    Peer,
    PositionsTold,
    Subscribed,
    Subscription,
    SubscriptionState,
)

ALL = frozenset(("Catalog", "Alarm", "MobilePosition"))


def subscribed(*topics: str, **changes: object) -> Talk:
    talk = Talk(**changes).registered()
    talk.platform.asking.subscribe(DEVICE, frozenset(topics) or ALL, talk.clock.now())
    talk.roundtrip()
    return talk


def known(talk: Talk, topic: str = "Catalog") -> Subscription:
    return talk.platform.asking.subscriptions.of_device(DEVICE)[topic]


def test_all_three_topics_are_agreed_to_and_bring_what_they_promise() -> None:
    talk = subscribed()
    assert [one.topic for one in talk.told(Subscribed)] == ["Catalog", "Alarm", "MobilePosition"]
    assert {known(talk, topic).state for topic in ALL} == {SubscriptionState.ACTIVE}

    new = CatalogItem(id="34020000001320000099", name="新门")
    talk.device.tell_catalogue([CatalogueChange(event="ADD", item=new)], talk.clock.now())
    talk.device.tell_positions(
        [Fix(target_id=DEVICE, longitude=118.5, latitude=31.5, speed_kmh=40.0)], talk.clock.now()
    )
    talk.device.send_alarm(
        channel_id=CAMERA, method=5, type=6, priority=1, description="x", now=talk.clock.now(), by_notify=True
    )
    talk.roundtrip()
    (changed,) = talk.told(CatalogueChanged)
    assert [(one.event, one.item.id, one.item.name) for one in changed.changes] == [("ADD", new.id, "新门")]
    (moved,) = talk.told(PositionsTold)
    assert (moved.fixes[0].longitude, moved.fixes[0].speed_kmh) == (118.5, 40.0)
    assert len(talk.told(AlarmArrived)) == 1
    assert talk.told(AlarmAcknowledged) == []  # a NOTIFY is answered by its 200 alone


def test_what_is_off_is_told_right_after_the_first_subscription() -> None:
    talk = subscribed("Catalog", channels=(CAMERAS[0], CatalogItem(id=CAMERAS[1].id, name="x", on=False)))
    (changed,) = talk.told(CatalogueChanged)
    assert [(one.event, one.item.id) for one in changed.changes] == [("OFF", CAMERAS[1].id)]


def test_a_subscription_is_refreshed_in_its_dialog_for_as_long_as_the_device_is_there() -> None:
    talk = subscribed("Catalog")
    dialog = known(talk).dialog
    talk.wait(3 * 3600)
    assert known(talk).state is SubscriptionState.ACTIVE
    assert known(talk).dialog is dialog
    assert len(talk.told(Subscribed)) >= 3
    assert talk.device.tell_catalogue([], talk.clock.now()) == 1


def test_a_device_that_grants_less_is_refreshed_sooner() -> None:
    talk = subscribed("Alarm", faults=DeviceFaults(grants_seconds=60))
    talk.wait(300)
    assert known(talk, "Alarm").state is SubscriptionState.ACTIVE
    assert len(talk.told(Subscribed)) >= 6


def test_a_device_that_wants_longer_ones_gets_them() -> None:
    talk = subscribed("Alarm", faults=DeviceFaults(least_subscription_seconds=7200))
    assert known(talk, "Alarm").state is SubscriptionState.ACTIVE
    assert [one.seconds for one in talk.told(Subscribed)] == [7200]


@pytest.mark.parametrize("status", [403, 405, 489, 501])
def test_a_refusal_is_remembered_with_its_reason_and_not_repeated(status: int) -> None:
    talk = subscribed("Catalog", faults=DeviceFaults(refuses_subscribe=status))
    talk.wait(3)
    assert known(talk).state is SubscriptionState.REFUSED
    assert str(status) in known(talk).cause
    asked: list[bytes] = []
    talk.lose = lambda data: asked.append(data) is not None if data.startswith(b"SUBSCRIBE") else False
    talk.wait(2 * 3600)
    talk.platform.asking.subscribe(DEVICE, frozenset(("Catalog",)), talk.clock.now())
    talk.roundtrip()
    assert asked == []

    talk.platform.asking.subscribe(DEVICE, frozenset(("Catalog",)), talk.clock.now(), again=True)
    talk.roundtrip()
    assert len(asked) == 1


@pytest.mark.parametrize("status", [408, 480, 503])
def test_not_now_is_tried_again_with_growing_pauses(status: int) -> None:
    talk = subscribed("Catalog", faults=DeviceFaults(refuses_subscribe=status))
    assert known(talk).state is SubscriptionState.FAILED
    asked: list[float] = []

    def note(data: bytes) -> bool:
        if data.startswith(b"SUBSCRIBE"):
            asked.append(talk.clock.now().monotonic)
        return False

    talk.lose = note
    talk.wait(4 * 3600)
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert pauses[0] >= 60
    assert pauses == sorted(pauses)
    assert max(pauses) <= 3700


def test_a_device_that_does_not_answer_is_asked_again_later() -> None:
    talk = Talk().registered()
    talk.lose = lambda data: data.startswith(b"SUBSCRIBE")
    talk.platform.asking.subscribe(DEVICE, ALL, talk.clock.now())
    talk.wait(40)
    assert known(talk).state is SubscriptionState.FAILED
    assert known(talk).cause == "the device did not answer"
    talk.lose = lambda _data: False
    talk.wait(120)
    assert known(talk).state is SubscriptionState.ACTIVE


def test_a_device_that_forgot_is_asked_in_a_new_dialog() -> None:
    talk = subscribed("Catalog")
    before = known(talk).call_id
    talk.device.subscriptions.forget()
    talk.wait(3600)
    assert known(talk).state is SubscriptionState.ACTIVE
    assert known(talk).call_id != before


def test_a_device_that_restarts_is_asked_at_once_not_at_the_next_refresh() -> None:
    talk = subscribed("Catalog", "Alarm")
    talk.device.start_anew(talk.clock.now())
    talk.roundtrip()
    talk.wait(5)
    assert talk.device.subscriptions.topics() == {"Catalog", "Alarm"}


@pytest.mark.parametrize("waited_seconds", [1, 40], ids=["while it is asked", "when it was given up"])
def test_what_a_device_was_asked_where_it_is_no_more_is_asked_again_where_it_is(waited_seconds: int) -> None:
    talk = Talk().registered()
    talk.lose = lambda data: data.startswith(b"SUBSCRIBE")
    talk.platform.asking.subscribe(DEVICE, ALL, talk.clock.now())
    talk.roundtrip()
    talk.wait(waited_seconds)
    talk.lose = lambda _data: False
    talk.there = Peer("udp", "10.0.0.9", 6060)
    talk.registered()
    talk.roundtrip()
    assert talk.device.subscriptions.topics() == ALL
    assert {known(talk, topic).state for topic in ALL} == {SubscriptionState.ACTIVE}


def test_a_subscription_that_the_device_ends_is_made_anew() -> None:
    talk = subscribed("Catalog")
    talk.device.end_subscriptions("deactivated", talk.clock.now())
    talk.roundtrip()
    assert known(talk).state is SubscriptionState.ASKING
    assert "deactivated" in known(talk).cause
    talk.wait(5)
    assert known(talk).state is SubscriptionState.ACTIVE


def test_a_device_that_agrees_and_ends_it_at_once_is_not_chased() -> None:
    talk = subscribed("Catalog")
    asked = 0

    def note(data: bytes) -> bool:
        nonlocal asked
        asked += data.startswith(b"SUBSCRIBE")
        return False

    talk.lose = note
    for _ in range(360):
        talk.device.end_subscriptions("noresource", talk.clock.now())
        talk.roundtrip()
        talk.wait(10)
    assert 3 < asked < 15


def test_a_device_that_grants_a_second_is_not_refreshed_every_second() -> None:
    talk = subscribed("Catalog", faults=DeviceFaults(grants_seconds=1))
    before = len(talk.told(Subscribed))
    talk.wait(600)
    assert len(talk.told(Subscribed)) - before < 60


def test_what_is_not_wanted_any_more_is_ended() -> None:
    talk = subscribed()
    talk.platform.asking.subscribe(DEVICE, frozenset(("Alarm",)), talk.clock.now())
    talk.roundtrip()
    assert talk.device.subscriptions.topics() == {"Alarm"}
    assert set(talk.platform.asking.subscriptions.of_device(DEVICE)) == {"Alarm"}


def test_a_device_that_goes_takes_its_subscriptions_with_it() -> None:
    talk = subscribed()
    talk.device.unregister(talk.clock.now())
    talk.roundtrip()
    assert talk.platform.asking.subscriptions.of_device(DEVICE) == {}
    assert len(talk.platform.asking.subscriptions) == 0
    talk.wait(2 * 3600)
    assert len(talk.platform.asking.subscriptions) == 0


def test_notices_without_a_dialog_are_taken_too() -> None:
    talk = Talk().registered()
    talk.device.tell_positions([Fix(target_id=DEVICE, longitude=1.0, latitude=2.0)], talk.clock.now(), unasked=True)
    talk.roundtrip()
    assert len(talk.told(PositionsTold)) == 1


def test_a_device_of_2011_is_asked_for_alarms_only() -> None:
    talk = subscribed(edition="1.0")
    assert talk.device.subscriptions.topics() == {"Alarm"}


@pytest.mark.parametrize("twice", [False, True])
def test_loss_and_repeats_make_one_subscription_each(twice: bool) -> None:
    talk = Talk().registered()
    talk.twice = twice
    count = iter(range(10**9))
    talk.lose = lambda _data: next(count) % 3 == 1
    talk.platform.asking.subscribe(DEVICE, ALL, talk.clock.now())
    talk.wait(60)
    assert {known(talk, topic).state for topic in ALL} == {SubscriptionState.ACTIVE}
    assert talk.device.subscriptions.topics() == ALL

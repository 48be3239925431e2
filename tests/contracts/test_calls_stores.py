"""Telephone calls on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fengtai.domain.access.model import Reach
from fengtai.domain.access.model.rights import Ground
from fengtai.domain.alarms.model import CallWords, TelephoneCall
from fengtai.domain.alarms.ports import AlarmStore, CallStore
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.places import Position

NOON = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)
CALL = TelephoneCall(
    id="c1",
    words=CallWords(
        category="fire",
        text="三楼冒烟 🔥",
        caller_number="13900000001",
        caller_name="王女士",
        address="鼓楼街 5 号",
        premises_id="b1",
        position=Position(123.43, 41.8),
        repeats_alarm_id="a1",
        drill=True,
        took_seconds=17.25,
    ),
    registered_at=NOON,
    by_id="7",
    by_name="zhao",
    organisation_id="east",
    area_code="210102",
    signal_seq=2**40,
)
LATER = replace(
    CALL,
    id="c2",
    words=CallWords(category="medical", caller_number="13900000001", point_id="p1"),
    registered_at=NOON + timedelta(minutes=5),
    organisation_id="west",
    signal_seq=0,
)


@pytest.fixture
def kept(units):
    for call in (CALL, LATER):
        units.run(lambda uow, each=call: uow.store(CallStore).save(each))
    return units


def test_a_call_comes_back_as_it_was_saved(kept):
    assert kept.read(lambda uow: uow.store(CallStore).get("c1")) == CALL
    delivered = replace(LATER, signal_seq=9)
    kept.run(lambda uow: uow.store(CallStore).save(delivered))
    assert kept.read(lambda uow: uow.store(CallStore).get("c2")) == delivered
    assert kept.read(lambda uow: uow.store(CallStore).without_signal()) == []


def test_calls_are_listed_newest_first_within_reach(kept):
    page = lambda **more: kept.read(lambda uow: uow.store(CallStore).page(**more))  # noqa: E731
    assert page() == [LATER, CALL]
    assert page(after="c2") == [CALL]
    assert page(limit=1) == [LATER]
    assert page(within=Reach(allows=(Ground("g", organisations=frozenset({"east"})),))) == [CALL]
    assert page(within=Reach()) == []


def test_calls_of_a_number_and_calls_without_a_signal_are_found(kept):
    found = kept.read(lambda uow: uow.store(CallStore).of_number("13900000001", since=NOON + timedelta(minutes=1)))
    assert found == [LATER]
    assert kept.read(lambda uow: uow.store(CallStore).without_signal()) == [LATER]


def test_an_unknown_call_is_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(CallStore).get("nobody"))


def test_the_alarm_of_a_signal_is_found(units):
    units.run(lambda uow: uow.store(AlarmStore).link([("a1", 5), ("a2", 6), ("a1", 7)]))
    assert units.read(lambda uow: uow.store(AlarmStore).of_signals([5, 6, 8])) == {5: "a1", 6: "a2"}
    assert units.read(lambda uow: uow.store(AlarmStore).of_signals([])) == {}

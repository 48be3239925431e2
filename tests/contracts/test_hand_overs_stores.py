"""Hand-overs of shifts on every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fengtai.domain.access.model import Reach
from fengtai.domain.access.model.rights import Ground
from fengtai.domain.incidents.model import HandedItem, HandedKind, HandOver, HandOverState
from fengtai.domain.incidents.ports import HandOverStore
from fengtai.vocabulary.errors import NotFound

SIX = datetime(2026, 11, 20, 18, 0, 0, 5000, tzinfo=UTC)
EVENING = HandOver(
    id="h1",
    state=HandOverState.WAITING,
    post="接警一席",
    written_by="7",
    written_by_name="赵",
    written_at=SIX,
    notes="东门有狗 🐕",
    on_duty=("赵 · 接警一席",),
    items=(HandedItem(kind=HandedKind.ON_TEST, id="t1", facts={"number": "1001", "reason": "检修"}),),
    dark_devices=3,
    left_out={"alarm": 7},
    organisation_id="east",
    area_code="210102",
)
ACCEPTED = replace(
    EVENING,
    state=HandOverState.ACCEPTED,
    version=2,
    accepted_by="8",
    accepted_by_name="吴",
    accepted_at=SIX + timedelta(minutes=4),
    remark="好",
)
NEXT = replace(EVENING, id="h2", items=(), on_duty=(), organisation_id="west")


def keep(units, *hand_overs):
    for one in hand_overs:
        units.run(lambda uow, each=one: uow.store(HandOverStore).save(each))


def test_a_hand_over_comes_back_as_it_was_saved(units):
    for state in (EVENING, ACCEPTED):
        keep(units, state)
        assert units.read(lambda uow: uow.store(HandOverStore).get("h1")) == state


def waiting_at(units, post: str, organisation_id: str = EVENING.organisation_id):
    return units.read(lambda uow: uow.store(HandOverStore).waiting_of(post, organisation_id=organisation_id))


def test_the_one_that_waits_at_a_post_is_found_until_it_is_accepted(units):
    keep(units, EVENING)
    assert waiting_at(units, "接警一席") == EVENING
    assert waiting_at(units, "接警一席", "another") is None
    assert waiting_at(units, "二席") is None
    keep(units, ACCEPTED)
    assert waiting_at(units, "接警一席") is None


def test_hand_overs_are_listed_newest_first_within_reach(units):
    keep(units, ACCEPTED, NEXT)
    page = lambda **more: units.read(lambda uow: uow.store(HandOverStore).page(**more))  # noqa: E731
    assert page() == [NEXT, ACCEPTED]
    assert (page(after="h2"), page(limit=1)) == ([ACCEPTED], [NEXT])
    assert page(within=Reach(allows=(Ground("g", organisations=frozenset({"east"})),))) == [ACCEPTED]


def test_an_unknown_hand_over_is_not_found(units):
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(HandOverStore).get("nobody"))

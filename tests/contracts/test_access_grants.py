"""Grants: one contract, every engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.access.model import Effect, Grant, GrantTerms, Permission, Reach, Role
from fengtai.domain.access.model.rights import Ground
from fengtai.domain.access.ports import GrantStore
from fengtai.vocabulary.errors import NotFound

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVERYWHERE = Reach((Ground("all"),))


def grant(number: int, *, user: int = 1, **terms: object) -> Grant:
    return Grant(
        id=f"{number:032x}",
        user_id=f"{user:032x}",
        terms=GrantTerms(role=Role.OPERATOR, **terms),  # type: ignore[arg-type]
        granted_by="f" * 32,
        granted_at=NOON,
        reason="中秋节安保",
    )


def save(units: Units, *grants: Grant) -> None:
    units.run(lambda uow: [uow.store(GrantStore).save(one) for one in grants])


def ids(grants: object) -> list[int]:
    return [int(one.id, 16) for one in grants]  # type: ignore[attr-defined]


def test_a_grant_is_kept_as_it_was_given(units: Units) -> None:
    full = grant(
        1,
        effect=Effect.FORBID,
        permissions=frozenset({Permission.LIVE_SEE, Permission.PLAYBACK_SEE}),
        organisation_id="a" * 32,
        area_code="310115001",
        point_classes=frozenset({1, 9}),
        valid_until=NOON + timedelta(days=30),
    )
    save(units, full)
    assert units.read(lambda uow: uow.store(GrantStore).get(full.id)) == full
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(GrantStore).get("f" * 32))


def test_a_grant_that_has_ended_stays_and_counts_no_more(units: Units) -> None:
    ended = replace(grant(1), ended_at=NOON, ended_by="b" * 32, end_reason="调离")
    save(units, grant(1), grant(2), grant(3, user=2))
    save(units, ended)
    assert units.read(lambda uow: ids(uow.store(GrantStore).of_person(f"{1:032x}"))) == [2]
    assert units.read(lambda uow: ids(uow.store(GrantStore).all_in_force())) == [2, 3]
    assert units.read(lambda uow: uow.store(GrantStore).get(ended.id)) == ended
    assert units.read(lambda uow: ids(uow.store(GrantStore).page(EVERYWHERE, with_ended=True))) == [3, 2, 1]


def test_those_whose_time_is_over_are_found_until_they_are_ended(units: Units) -> None:
    over, later = grant(1, valid_until=NOON), grant(2, valid_until=NOON + timedelta(seconds=1))
    save(units, over, later, grant(3))
    assert units.read(lambda uow: ids(uow.store(GrantStore).over(NOON))) == [1]
    save(units, replace(over, ended_at=NOON))
    assert units.read(lambda uow: ids(uow.store(GrantStore).over(NOON))) == []


def test_pages_go_from_the_newest_to_the_oldest(units: Units) -> None:
    save(units, *(grant(number, user=number % 2) for number in range(1, 8)))
    first = units.read(lambda uow: uow.store(GrantStore).page(EVERYWHERE, limit=3))
    assert ids(first) == [7, 6, 5]
    rest = units.read(lambda uow: uow.store(GrantStore).page(EVERYWHERE, after=first[-1].id, limit=30))
    assert ids(rest) == [4, 3, 2, 1]
    assert units.read(lambda uow: ids(uow.store(GrantStore).page(EVERYWHERE, user_id=f"{1:032x}"))) == [7, 5, 3, 1]


def test_pages_show_what_lies_within_reach(units: Units) -> None:
    save(
        units,
        grant(1),
        grant(2, organisation_id="east"),
        grant(3, organisation_id="west", area_code="310104"),
        grant(4, area_code="310115"),
    )

    def seen(*allows: Ground, forbids: tuple[Ground, ...] = ()) -> list[int]:
        return units.read(lambda uow: ids(uow.store(GrantStore).page(Reach(allows, forbids))))

    assert seen(Ground("g", frozenset({"east"}))) == [2]
    assert seen(Ground("g", None, "3101")) == [4, 3]
    assert seen(Ground("g", frozenset({"east"})), Ground("h", None, "310104")) == [3, 2]
    assert seen() == []
    assert seen(Ground("g"), forbids=(Ground("f", frozenset({"west"})),)) == [2]

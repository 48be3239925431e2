"""Rights by place: default deny, forbid wins, less given never means more allowed; a list shows what may be opened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert, select

from fengtai.domain.access.model import (
    NO_RIGHTS,
    WITHOUT_PLACE,
    Actor,
    Effect,
    Grant,
    GrantTerms,
    NotAllowed,
    OrganisationTree,
    Permission,
    Place,
    Rights,
    Role,
    unlimited,
)
from fengtai.domain.access.rules import PERMISSIONS_OF_ROLE, compiled
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.vocabulary.errors import NotFound

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TREE = OrganisationTree(
    [
        Organisation(id="city", name="市局", level=Level.CITY, area_code="3101"),
        Organisation(id="east", name="浦东分局", level=Level.DISTRICT, parent_id="city", area_code="310115"),
        Organisation(id="east-1", name="陆家嘴派出所", level=Level.STATION, parent_id="east"),
        Organisation(id="west", name="徐汇分局", level=Level.DISTRICT, parent_id="city", area_code="310104"),
    ]
)
ORGANISATIONS = ["", "city", "east", "east-1", "west", "gone"]
AREAS = ["", "31", "310000", "3101", "310100", "310104", "310115", "310115001", "32"]
PLACES = st.builds(Place, st.sampled_from(ORGANISATIONS), st.sampled_from(AREAS), st.sampled_from([0, 1, 2, 3, 9]))
TERMS = st.builds(
    GrantTerms,
    role=st.sampled_from([Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR]),
    effect=st.sampled_from(Effect),
    permissions=st.frozensets(st.sampled_from([Permission.LIVE_SEE, Permission.POINTS_SEE]), max_size=2),
    organisation_id=st.sampled_from(["", "city", "east", "west", "gone"]),
    area_code=st.sampled_from(["", "31", "310000", "3101", "310115"]),
    point_classes=st.frozensets(st.sampled_from([1, 2, 3, 9]), max_size=2),
    valid_until=st.sampled_from([None, NOON, NOON + timedelta(days=1)]),
)


def granted(*terms: GrantTerms) -> list[Grant]:
    return [
        Grant(id=f"g{number}", user_id="u", terms=one, granted_by="admin", granted_at=NOON)
        for number, one in enumerate(terms)
    ]


GRANTS = st.lists(TERMS, max_size=5).map(lambda terms: granted(*terms))


def rights(grants: list[Grant]) -> Rights:
    return compiled(grants, NOON, TREE)


def operator(**limits: object) -> Rights:
    return rights(granted(GrantTerms(role=Role.OPERATOR, **limits)))  # type: ignore[arg-type]


def allows(held: Rights, permission: Permission, *place: object) -> bool:
    return held.decide(permission, Place(*place)).allowed  # type: ignore[arg-type]


# --- stories


def test_without_a_grant_nothing_is_allowed() -> None:
    assert not any(NO_RIGHTS.decide(one, Place("city", "3101", 1)).allowed for one in Permission)
    assert NO_RIGHTS.permissions == frozenset()


def test_a_grant_without_limits_is_what_a_role_meant_before() -> None:
    held = operator()
    assert held.permissions == PERMISSIONS_OF_ROLE[Role.OPERATOR]
    assert all(held.reach(one).is_everywhere for one in PERMISSIONS_OF_ROLE[Role.OPERATOR])


def test_an_organisation_is_granted_with_all_below_it() -> None:
    held = operator(organisation_id="east")
    assert allows(held, Permission.LIVE_SEE, "east", "310115", 1)
    assert allows(held, Permission.LIVE_SEE, "east-1", "", 1)
    assert not allows(held, Permission.LIVE_SEE, "west", "310104", 1)
    assert not allows(held, Permission.LIVE_SEE, "city", "3101", 1)


def test_an_area_is_granted_with_all_codes_that_begin_with_it() -> None:
    held = operator(area_code="310100")
    assert allows(held, Permission.POINTS_SEE, "anybody", "310115", 1)
    assert not allows(held, Permission.POINTS_SEE, "anybody", "320100", 1)
    assert not allows(held, Permission.POINTS_SEE, "anybody", "", 1)


def test_a_class_limits_points_and_nothing_else() -> None:
    held = operator(point_classes=frozenset({2, 3}))
    assert allows(held, Permission.LIVE_SEE, "east", "310115", 2)
    assert not allows(held, Permission.LIVE_SEE, "east", "310115", 1)
    assert allows(held, Permission.ALARMS_HANDLE, "east", "310115", 0)


def test_a_prohibition_wins_over_every_allowance() -> None:
    held = rights(
        granted(
            GrantTerms(role=Role.OPERATOR),
            GrantTerms(role=Role.OPERATOR, organisation_id="east"),
            GrantTerms(
                role=Role.OPERATOR,
                effect=Effect.FORBID,
                permissions=frozenset({Permission.LIVE_SEE}),
                area_code="310115",
            ),
        )
    )
    decision = held.decide(Permission.LIVE_SEE, Place("east", "310115", 1))
    assert not decision.allowed
    assert decision.grants == ("g2",)
    assert allows(held, Permission.LIVE_SEE, "west", "310104", 1)
    assert allows(held, Permission.POINTS_SEE, "east", "310115", 1)


def test_what_is_not_placed_exactly_enough_may_lie_where_it_is_forbidden() -> None:
    held = rights(
        granted(
            GrantTerms(role=Role.OPERATOR), GrantTerms(role=Role.OPERATOR, effect=Effect.FORBID, area_code="310115")
        )
    )
    for vague in ("", "31", "310000", "3101", "310100"):
        assert not allows(held, Permission.LIVE_SEE, "city", vague, 1), vague
    assert allows(held, Permission.LIVE_SEE, "city", "310104", 1)


def test_a_grant_whose_time_is_over_counts_for_nothing() -> None:
    held = operator(valid_until=NOON)
    assert held.permissions == frozenset()
    assert allows(operator(valid_until=NOON + timedelta(seconds=1)), Permission.LIVE_SEE, "east", "", 1)


def test_a_grant_with_a_place_says_nothing_about_what_has_none() -> None:
    held = rights(granted(GrantTerms(role=Role.ADMINISTRATOR, organisation_id="east")))
    assert not held.permissions & WITHOUT_PLACE
    assert allows(held, Permission.ORGANISATIONS_EDIT, "east-1", "310115")


def test_a_refusal_says_what_is_missing_where_and_who_can_give_it() -> None:
    person = acting(operator(organisation_id="east"))
    with pytest.raises(NotAllowed) as refused:
        person.require(Permission.LIVE_SEE, Place("west", "310104", 1))
    assert "live.see for organisation 徐汇分局, area 310104, points of class 1 is missing" in str(refused.value)
    assert "An administrator, or whoever may edit grants for that place, can give it." in str(refused.value)
    assert refused.value.explanation["organisation_id"] == "west"


def test_a_token_holds_no_more_than_it_was_given() -> None:
    person = replace(acting(operator()), permissions=frozenset({Permission.POINTS_SEE}))
    assert person.may(Permission.POINTS_SEE, Place("east"))
    assert not person.may(Permission.LIVE_SEE, Place("east"))
    assert person.reach(Permission.LIVE_SEE).is_nowhere
    with pytest.raises(NotAllowed):
        person.require(Permission.LIVE_SEE, Place("east"))


def test_what_may_not_be_seen_is_unknown() -> None:
    person = acting(operator(organisation_id="east"))
    with pytest.raises(NotFound, match="there is no point p1"):
        person.must_see(Permission.POINTS_SEE, Place("west"), NotFound("there is no point p1"))
    person.must_see(Permission.POINTS_SEE, Place("east"), NotFound("there is no point p2"))


def acting(held: Rights) -> Actor:
    return Actor(user_id="u", name="n", roles=frozenset(), permissions=held.permissions, rights=held)


def test_unlimited_rights_are_everywhere() -> None:
    assert unlimited({Permission.LIVE_SEE}).decide(Permission.LIVE_SEE, Place()).allowed


# --- properties


@given(GRANTS, st.sampled_from(Permission), PLACES)
def test_default_is_deny(grants: list[Grant], permission: Permission, place: Place) -> None:
    """Whatever is allowed is allowed by a grant that names the permission and counts now."""
    decision = rights(grants).decide(permission, place)
    by_id = {grant.id: grant for grant in grants}
    if decision.allowed:
        assert decision.grants
        for grant_id in decision.grants:
            grant = by_id[grant_id]
            assert grant.counts_at(NOON)
            assert grant.terms.effect is Effect.ALLOW
            assert permission in PERMISSIONS_OF_ROLE[grant.terms.role]


@given(GRANTS, TERMS, st.sampled_from(Permission), PLACES)
def test_forbid_wins_and_is_never_a_way_to_more(
    grants: list[Grant], terms: GrantTerms, permission: Permission, place: Place
) -> None:
    forbid = replace(granted(terms)[0], id="forbid", terms=replace(terms, effect=Effect.FORBID))
    with_it = rights([*grants, forbid]).decide(permission, place).allowed
    assert not with_it or rights(grants).decide(permission, place).allowed


@given(GRANTS, st.data(), st.sampled_from(Permission), PLACES)
def test_fewer_allowing_grants_never_mean_more_rights(
    grants: list[Grant], data: st.DataObject, permission: Permission, place: Place
) -> None:
    fewer = [grant for grant in grants if grant.terms.effect is Effect.FORBID or data.draw(st.booleans())]
    assert not rights(fewer).decide(permission, place).allowed or rights(grants).decide(permission, place).allowed


@given(GRANTS, st.sampled_from(["city", "east", "west"]), st.sampled_from(["3101", "310115"]), PLACES)
def test_a_narrower_place_never_widens(grants: list[Grant], organisation_id: str, area_code: str, place: Place) -> None:
    narrowed = [
        grant
        if grant.terms.effect is Effect.FORBID
        else replace(
            grant,
            terms=replace(
                grant.terms,
                organisation_id=grant.terms.organisation_id or organisation_id,
                area_code=grant.terms.area_code or area_code,
            ),
        )
        for grant in grants
    ]
    for permission in Permission:
        if rights(narrowed).decide(permission, place).allowed:
            assert rights(grants).decide(permission, place).allowed


@given(GRANTS, st.sampled_from(Permission), PLACES)
def test_what_opens_a_thing_opens_its_route(grants: list[Grant], permission: Permission, place: Place) -> None:
    held = rights(grants)
    if held.decide(permission, place).allowed:
        assert permission in held.permissions
        assert held.decide(permission).allowed


@given(GRANTS, st.sampled_from(Permission), PLACES)
def test_a_reach_says_the_same_as_a_decision(grants: list[Grant], permission: Permission, place: Place) -> None:
    held = rights(grants)
    assert held.reach(permission).covers(place) == held.decide(permission, place).allowed


THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("organisation_id", String),
    Column("area_code", String),
    Column("point_class", Integer),
)
EVERY_PLACE = [Place(o, a, c) for o in ORGANISATIONS for a in AREAS for c in (0, 1, 2, 3, 9)]


@pytest.fixture(scope="module")
def things():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        THINGS.metadata.create_all(connection)
        rows = [{"id": at, **place._asdict()} for at, place in enumerate(EVERY_PLACE)]
        connection.execute(insert(THINGS), rows)
        yield connection


@settings(max_examples=150)
@given(grants=GRANTS, permission=st.sampled_from([Permission.LIVE_SEE, Permission.ORGANISATIONS_SEE]))
def test_a_list_by_sql_shows_exactly_what_may_be_opened(things, grants: list[Grant], permission: Permission) -> None:
    held = rights(grants)
    condition = held.reach(permission).condition(THINGS.c.organisation_id, THINGS.c.area_code, THINGS.c.point_class)
    wanted = select(THINGS.c.id) if condition is None else select(THINGS.c.id).where(condition)
    shown = set(things.execute(wanted).scalars())
    assert shown == {at for at, place in enumerate(EVERY_PLACE) if held.decide(permission, place).allowed}


@settings(max_examples=150)
@given(grants=GRANTS)
def test_things_that_know_only_their_organisation_lie_where_it_lies(things, grants: list[Grant]) -> None:
    held = rights(grants)
    condition = held.reach(Permission.LIVE_SEE).condition(THINGS.c.organisation_id)
    wanted = select(THINGS.c.organisation_id).distinct()
    shown = set(things.execute(wanted if condition is None else wanted.where(condition)).scalars())
    expected = {
        one for one in ORGANISATIONS if held.decide(Permission.LIVE_SEE, Place(one, TREE.areas.get(one, ""), 0)).allowed
    }
    assert shown - {"gone"} == expected - {"gone"}

"""Grants are given and taken back by those who may, act at once, and say why."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, HERE, House

from fengtai.domain.access.model import Actor, Effect, Grant, GrantTerms, NotAllowed, Permission, Place, Role
from fengtai.domain.access.ports import GrantStore, PersonStore
from fengtai.domain.access.rules import name_key
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

TOMORROW = datetime(2026, 11, 21, 12, tzinfo=UTC)
IN_EAST, IN_WEST = Place("east", "310115"), Place("west", "310104")


class Rights:
    """The house with a city of two districts, and short words for what the tests do."""

    def __init__(self, house: House) -> None:
        self.house, self.desk = house, house.rights
        for organisation in (
            Organisation(id="city", name="市局", level=Level.CITY, area_code="3101"),
            Organisation(id="east", name="浦东分局", level=Level.DISTRICT, parent_id="city", area_code="310115"),
            Organisation(id="west", name="徐汇分局", level=Level.DISTRICT, parent_id="city", area_code="310104"),
        ):
            house.transactions.run(lambda uow, one=organisation: uow.store(OrganisationStore).save(one))

    def id_of(self, name: str) -> str:
        def unit(uow: UnitOfWork) -> str:
            person = uow.store(PersonStore).by_name_key(name_key(name))
            assert person is not None
            return person.id

        return self.house.transactions.look(unit)

    async def give(self, name: str, role: Role, *, by: str = ADMINISTRATOR, **terms: object) -> Grant:
        actor = await self.house.actor(by)
        return await self.desk.give(self.id_of(name), GrantTerms(role=role, **terms), "for a test", by=actor)  # type: ignore[arg-type]

    async def take_back(self, grant: Grant, *, by: str = ADMINISTRATOR) -> Grant:
        return await self.desk.take_back(grant.id, "for a test", by=await self.house.actor(by))

    async def take_back_all(self, name: str) -> None:
        for grant in self.grants_of(name):
            await self.take_back(grant)

    def grants_of(self, name: str) -> list[Grant]:
        user_id = self.id_of(name)
        return list(self.house.transactions.look(lambda uow: uow.store(GrantStore).of_person(user_id)))

    async def newcomer(self, name: str, role: Role, **terms: object) -> str:
        """Somebody who has this grant and no other."""
        await self.house.add(name, Role.OPERATOR)
        await self.take_back_all(name)
        await self.give(name, role, **terms)
        return name


@pytest.fixture
def rights(house: House) -> Rights:
    return Rights(house)


async def test_roles_that_people_were_given_are_grants_everywhere(rights: Rights) -> None:
    (grant,) = rights.grants_of("operator")
    assert grant.terms == GrantTerms(role=Role.OPERATOR)
    assert (await rights.house.actor("operator")).may(Permission.LIVE_SEE, IN_EAST)


async def test_a_district_operator_works_in_the_district_only(rights: Rights) -> None:
    await rights.newcomer("dong", Role.OPERATOR, organisation_id="east")
    dong = await rights.house.actor("dong")
    assert dong.roles == {Role.OPERATOR}
    assert dong.may(Permission.ALARMS_HANDLE, IN_EAST)
    assert not dong.may(Permission.ALARMS_HANDLE, IN_WEST)
    with pytest.raises(NotAllowed, match="徐汇分局"):
        dong.require(Permission.LIVE_SEE, IN_WEST)


async def test_a_grant_acts_at_once_in_this_process_and_soon_in_others(rights: Rights) -> None:
    house = rights.house
    await rights.newcomer("dong", Role.OPERATOR, organisation_id="east")
    token, other = (await house.sign_in("dong")).token, house.another_desk()
    assert not (await house.desk.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)
    assert not (await other.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)

    grant = await rights.give("dong", Role.OPERATOR, organisation_id="west")
    assert (await house.desk.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)
    house.clock.advance(2.0)
    assert (await other.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)

    await rights.take_back(grant)
    assert not (await house.desk.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)
    house.clock.advance(2.0)
    assert not (await other.authenticate(token, HERE)).may(Permission.LIVE_SEE, IN_WEST)
    changed = house.transactions.told("access.rights_changed")[-1]
    assert (changed.payload["user_id"], changed.payload["step"]) == (rights.id_of("dong"), "taken back")


async def test_a_grant_ends_with_its_time_and_everybody_is_told(rights: Rights) -> None:
    await rights.newcomer("dong", Role.OPERATOR, valid_until=TOMORROW)
    rights.house.clock.advance(86_401)
    await rights.desk.tick()
    assert rights.house.transactions.told("access.rights_changed")[-1].payload["step"] == "expired"
    assert rights.grants_of("dong") == []
    assert (await rights.house.actor("dong")).permissions == frozenset()
    assert rights.house.lines("grant.expire")[-1].object == f"person:{rights.id_of('dong')}"


async def test_a_prohibition_takes_away_what_a_role_gives(rights: Rights) -> None:
    await rights.give(
        "operator",
        Role.OPERATOR,
        effect=Effect.FORBID,
        permissions=frozenset({Permission.LIVE_SEE}),
        organisation_id="east",
    )
    operator = await rights.house.actor("operator")
    assert not operator.may(Permission.LIVE_SEE, IN_EAST)
    assert operator.may(Permission.LIVE_SEE, IN_WEST)
    assert operator.may(Permission.ALARMS_SEE, IN_EAST)


async def test_what_was_done_is_audited_with_its_reason(rights: Rights) -> None:
    grant = await rights.give("operator", Role.DISPATCHER, organisation_id="east")
    await rights.take_back(grant)
    given, taken = rights.house.lines("grant.give")[-1], rights.house.lines("grant.take_back")[-1]
    assert (given.details["role"], given.details["organisation_id"]) == ("dispatcher", "east")
    assert (taken.details["grant"], taken.details["reason"]) == (grant.id, "for a test")


# --- who may give what


async def test_nobody_changes_their_own_rights(rights: Rights) -> None:
    with pytest.raises(Forbidden, match="own rights"):
        await rights.give(ADMINISTRATOR, Role.OPERATOR)
    with pytest.raises(Forbidden, match="own rights"):
        await rights.take_back(rights.grants_of(ADMINISTRATOR)[0])


async def test_the_auditor_stands_alone(rights: Rights) -> None:
    with pytest.raises(Invalid, match="stands alone"):
        await rights.give(AUDITOR, Role.OPERATOR)
    with pytest.raises(Invalid, match="stands alone"):
        await rights.give("operator", Role.AUDITOR)
    with pytest.raises(Invalid, match="no place"):
        await rights.give("operator", Role.AUDITOR, organisation_id="east")


async def test_a_chief_gives_what_they_hold_in_their_own_place_and_nothing_wider(rights: Rights) -> None:
    await rights.newcomer("zhang", Role.CHIEF, organisation_id="east")
    await rights.house.add("xin", Role.OPERATOR, organisation_id="east")
    see = frozenset({Permission.LIVE_SEE})
    grant = await rights.give("xin", Role.CHIEF, by="zhang", permissions=see, organisation_id="east")
    assert grant.granted_by == rights.id_of("zhang")
    for wider in ({}, {"organisation_id": "city"}, {"organisation_id": "west"}, {"area_code": "310115"}):
        with pytest.raises(Forbidden, match="further"):
            await rights.give("xin", Role.CHIEF, by="zhang", permissions=see, **wider)
    with pytest.raises(Forbidden, match=r"alarms\.handle"):
        await rights.give("xin", Role.OPERATOR, by="zhang", organisation_id="east")
    with pytest.raises(Forbidden, match="only an administrator"):
        await rights.give("xin", Role.ADMINISTRATOR, by="zhang", organisation_id="east")
    with pytest.raises(NotFound):  # somebody of the city, whom a chief of the east is not told of
        await rights.give(ADMINISTRATOR, Role.CHIEF, by="zhang", effect=Effect.FORBID, organisation_id="east")


async def test_a_chief_cannot_lift_a_prohibition_beyond_their_own_place(rights: Rights) -> None:
    await rights.newcomer("zhang", Role.CHIEF, organisation_id="east")
    forbid = await rights.give("operator", Role.OPERATOR, effect=Effect.FORBID)
    with pytest.raises(NotFound):
        await rights.take_back(forbid, by="zhang")
    assert forbid.id in {grant.id for grant in rights.grants_of("operator")}


async def test_an_administrator_of_a_district_has_no_hand_in_the_city(rights: Rights) -> None:
    await rights.newcomer("bao", Role.ADMINISTRATOR, organisation_id="east")
    bao = await rights.house.actor("bao")
    assert bao.may(Permission.PEOPLE_EDIT, IN_EAST)
    assert not bao.may(Permission.PEOPLE_EDIT, IN_WEST)
    with pytest.raises(NotFound):
        await rights.give("operator", Role.OPERATOR, by="bao", organisation_id="east")
    await rights.house.add("xin", Role.OPERATOR, organisation_id="east")
    with pytest.raises(Forbidden, match="further"):
        await rights.give("xin", Role.DISPATCHER, by="bao")


async def test_who_gives_rights_holds_the_right_to_give_them(rights: Rights) -> None:
    await rights.newcomer("kan", Role.CHIEF, permissions=frozenset({Permission.PEOPLE_SEE}))
    with pytest.raises(Forbidden, match=r"grants\.edit"):
        await rights.give("engineer", Role.DISPATCHER, by="kan")


async def test_the_last_administrator_and_auditor_stay(rights: Rights) -> None:
    """One who is limited by place or time does not count as another one."""
    await rights.newcomer("bao", Role.ADMINISTRATOR, organisation_id="east")
    await rights.newcomer("hu", Role.ADMINISTRATOR, valid_until=TOMORROW)
    (wei,) = rights.grants_of(ADMINISTRATOR)
    with pytest.raises(Conflict, match="last administrator"):
        await rights.take_back(wei, by="hu")
    with pytest.raises(Conflict, match="last administrator"):
        await rights.give(ADMINISTRATOR, Role.ADMINISTRATOR, by="hu", effect=Effect.FORBID)
    (lin,) = rights.grants_of(AUDITOR)
    with pytest.raises(Conflict, match="last auditor"):
        await rights.take_back(lin, by="hu")
    await rights.house.add("second", Role.ADMINISTRATOR)
    await rights.take_back(wei, by="second")
    assert not (await rights.house.actor(ADMINISTRATOR)).may(Permission.PEOPLE_EDIT)


async def test_a_grant_is_taken_back_once(rights: Rights) -> None:
    grant = await rights.give("operator", Role.DISPATCHER)
    await rights.take_back(grant)
    with pytest.raises(Conflict, match="ended already"):
        await rights.take_back(grant)


@pytest.mark.parametrize(
    ("role", "terms", "field"),
    [
        (Role.OPERATOR, {"permissions": frozenset({Permission.PEOPLE_EDIT})}, "permissions"),
        (Role.OPERATOR, {"permissions": frozenset({Permission.SYSTEM_SEE}), "area_code": "3101"}, "permissions"),
        (Role.OPERATOR, {"area_code": "３１０１"}, "area_code"),
        (Role.OPERATOR, {"area_code": "3"}, "area_code"),
        (Role.OPERATOR, {"point_classes": frozenset({4})}, "point_classes"),
        (Role.OPERATOR, {"valid_until": datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=1)}, "valid_until"),
    ],
)
async def test_a_grant_that_would_say_nothing_is_refused(
    rights: Rights, role: Role, terms: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await rights.give("engineer", role, **terms)
    assert refused.value.field == field


async def test_a_reason_and_an_organisation_that_exists_are_asked_for(rights: Rights) -> None:
    administrator = await rights.house.actor(ADMINISTRATOR)
    with pytest.raises(Invalid, match="say why"):
        await rights.desk.give(rights.id_of("operator"), GrantTerms(role=Role.CHIEF), "  ", by=administrator)
    with pytest.raises(NotFound):
        await rights.give("operator", Role.CHIEF, organisation_id="nowhere")
    with pytest.raises(NotFound):
        await rights.desk.give("nobody", GrantTerms(role=Role.CHIEF), "why not", by=administrator)


# --- changing roles as a list keeps what has a place


async def test_sending_a_persons_roles_back_unchanged_widens_nothing(rights: Rights) -> None:
    await rights.newcomer("dong", Role.OPERATOR, organisation_id="east")
    administrator = await rights.house.actor(ADMINISTRATOR)
    for roles in ([Role.OPERATOR], [Role.OPERATOR, Role.ENGINEER], [Role.OPERATOR]):
        person = await rights.house.change(
            rights.id_of("dong"), display_name="Dong", roles=roles, disabled=False, by=administrator
        )
        assert person.roles == set(roles)
    (grant,) = rights.grants_of("dong")
    assert grant.terms.organisation_id == "east"


# --- why


async def test_why_somebody_may_see_a_place_has_an_answer(rights: Rights) -> None:
    await rights.newcomer("dong", Role.OPERATOR, organisation_id="east")
    by: Actor = await rights.house.actor(ADMINISTRATOR)
    dong = rights.id_of("dong")
    yes = await rights.desk.why(dong, Permission.LIVE_SEE, IN_EAST, by=by)
    assert yes.decision.allowed
    assert "gives everything of the role operator in 浦东分局 and below" in yes.words
    assert "for a test" in yes.words
    no = await rights.desk.why(dong, Permission.LIVE_SEE, IN_WEST, by=by)
    assert not no.decision.allowed
    assert "only elsewhere" in no.words
    with pytest.raises(NotFound):
        await rights.desk.why("nobody", Permission.LIVE_SEE, IN_WEST, by=by)


async def test_disabled_people_may_nothing(rights: Rights) -> None:
    administrator = await rights.house.actor(ADMINISTRATOR)
    operator = rights.id_of("operator")
    await rights.house.change(operator, display_name="", roles=[Role.OPERATOR], disabled=True, by=administrator)
    assert not (await rights.desk.why(operator, Permission.LIVE_SEE, IN_EAST, by=administrator)).decision.allowed


async def test_grants_are_listed_newest_first_within_the_readers_place(rights: Rights) -> None:
    await rights.newcomer("zhang", Role.CHIEF, organisation_id="east")
    rights.house.clock.advance(1)
    east = await rights.give("operator", Role.OPERATOR, organisation_id="east")
    await rights.give("operator", Role.OPERATOR, organisation_id="west")
    seen = await rights.desk.grants(by=await rights.house.actor("zhang"))
    assert {grant.terms.organisation_id for grant in seen} == {"east"}
    assert seen[0].id == east.id
    everything = await rights.desk.grants(by=await rights.house.actor(ADMINISTRATOR), with_ended=True, limit=3)
    assert len(everything) == 3
    rest = await rights.desk.grants(
        by=await rights.house.actor(ADMINISTRATOR), with_ended=True, after=everything[-1].id
    )
    assert not {grant.id for grant in everything} & {grant.id for grant in rest}

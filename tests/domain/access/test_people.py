"""People belong to an organisation: whoever rules it adds and changes them, and nobody above or beside."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.domain.access.conftest import HERE, House, house_with_people
from tests.domain.access.test_rights import Rights
from tests.domain.acting import acting

from fengtai.domain.access.model import Actor, GrantTerms, Permission, Place, Role
from fengtai.domain.access.ports import PersonStore
from fengtai.domain.access.rules import GUARDING_ROLES
from fengtai.domain.access.service import PersonWords
from fengtai.domain.access.service.granting import acting_as
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.vocabulary.errors import FengtaiError, Forbidden, Invalid, NotFound

CITY = acting(Role.ADMINISTRATOR, user_id="city-admin")
STATION = Organisation(id="station", name="陆家嘴派出所", level=Level.STATION, parent_id="east")


class City:
    """The house with two districts, an administrator of the east, and somebody in each place."""

    def __init__(self, house: House) -> None:
        self.house, self.rights = house, Rights(house)
        house.transactions.run(lambda uow: uow.store(OrganisationStore).save(STATION))

    async def settle(self) -> None:
        await self.house.add("bao", Role.ADMINISTRATOR, organisation_id="east", by=CITY)
        await self.house.add("zhan", Role.OPERATOR, organisation_id="station", by=CITY)
        await self.house.add("dong", Role.OPERATOR, organisation_id="east", by=CITY)
        await self.house.add("xi", Role.OPERATOR, organisation_id="west", by=CITY)

    def by(self, name: str) -> Actor:
        """With the rights of this moment, at a console."""
        user_id = self.rights.id_of(name)
        return self.house.transactions.look(lambda uow: acting_as(uow, uow.store(PersonStore).get(user_id)))

    async def names(self, by: Actor) -> list[str]:
        return [person.name for _, person in await self.house.people.page(by=by)]


@pytest.fixture
async def city(house: House) -> City:
    city = City(house)
    await city.settle()
    return city


async def test_a_role_in_the_list_holds_where_the_person_belongs(city: City) -> None:
    dong = city.by("dong")
    assert dong.may(Permission.LIVE_SEE, Place("station", "310115"))
    assert not dong.may(Permission.LIVE_SEE, Place("west", "310104"))
    with pytest.raises(Invalid, match="whole city"):
        await city.house.add("lin2", Role.AUDITOR, organisation_id="east", by=CITY)


async def test_an_administrator_of_a_district_sees_its_people_only(city: City) -> None:
    assert await city.names(city.by("bao")) == ["bao", "dong", "zhan"]
    assert set(await city.names(CITY)) >= {"bao", "dong", "xi", "zhan", "operator"}


async def test_he_adds_people_to_his_own_organisations_and_no_others(city: City) -> None:
    bao = city.by("bao")
    await city.house.add("xin", Role.CHIEF, organisation_id="station", by=bao)
    assert city.by("xin").may(Permission.GRANTS_EDIT, Place("station", "310115"))
    for organisation_id, error in (("west", NotFound), ("city", NotFound), ("", Forbidden), ("nowhere", NotFound)):
        with pytest.raises(error):
            await city.house.add("yuan", Role.OPERATOR, organisation_id=organisation_id, by=bao)
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        with pytest.raises(FengtaiError):
            await city.house.add("yuan", role, organisation_id="east", by=bao)
    assert "yuan" not in await city.names(CITY)


async def test_who_stands_beside_or_above_is_not_there_for_him(city: City) -> None:
    bao, words = city.by("bao"), PersonWords(display_name="x", roles=frozenset({Role.OPERATOR}))
    for name in ("xi", "operator", "wei.admin"):
        user_id = city.rights.id_of(name)
        for act in (
            city.house.people.get(user_id, by=bao),
            city.house.people.change(user_id, words, by=bao),
            city.house.passwords.reset(user_id, "seven green lanterns", by=bao),
            city.house.factors.reset(user_id, "lost it", by=bao),
        ):
            with pytest.raises(NotFound, match="no such person"):
                await act


async def test_a_colleague_who_holds_more_elsewhere_is_not_taken_over(city: City) -> None:
    """A new password would open all that the colleague may do."""
    bao, dong = city.by("bao"), city.rights.id_of("dong")
    await city.house.passwords.reset(dong, "seven green lanterns", by=bao)
    await city.rights.desk.give(dong, GrantTerms(role=Role.OPERATOR, organisation_id="west"), "helps out", by=CITY)
    for act in (
        city.house.passwords.reset(dong, "eight green lanterns", by=bao),
        city.house.factors.reset(dong, "lost it", by=bao),
        city.house.people.change(dong, PersonWords(display_name="x", roles=frozenset({Role.OPERATOR})), by=bao),
    ):
        with pytest.raises(Forbidden, match="outside of your place"):
            await act
    await city.house.passwords.reset(dong, "eight green lanterns", by=CITY)


async def test_another_administrator_is_changed_by_the_city_only(city: City) -> None:
    await city.house.add("bao2", Role.ADMINISTRATOR, organisation_id="station", by=CITY)
    with pytest.raises(Forbidden, match="whole city"):
        await city.house.passwords.reset(city.rights.id_of("bao2"), "seven green lanterns", by=city.by("bao"))


async def test_people_move_between_what_one_rules_and_nobody_moves_oneself(city: City) -> None:
    bao, dong = city.by("bao"), city.rights.id_of("dong")
    words = PersonWords(display_name="董", roles=frozenset({Role.OPERATOR}), organisation_id="station")
    assert (await city.house.people.change(dong, words, by=bao)).organisation_id == "station"
    with pytest.raises(NotFound):
        await city.house.people.change(
            dong, PersonWords(display_name="董", roles=frozenset({Role.OPERATOR}), organisation_id="west"), by=bao
        )
    own = PersonWords(display_name="wei", roles=frozenset({Role.ADMINISTRATOR}), organisation_id="east")
    with pytest.raises(Forbidden, match="move themselves"):
        await city.house.people.change(city.rights.id_of("wei.admin"), own, by=city.by("wei.admin"))


async def test_sessions_tokens_keys_and_locks_follow_their_people(city: City) -> None:
    bao = city.by("bao")
    east, west = await city.house.sign_in("dong"), await city.house.sign_in("xi")
    seen, _ = await city.house.desk.sessions(by=bao)
    assert [person.name for _, person in seen] == ["dong"]
    with pytest.raises(NotFound, match="no such session"):
        await city.house.desk.revoke(west.session.id, by=bao)
    await city.house.desk.revoke(east.session.id, by=bao)
    assert [one.person.name for _, one in await city.house.factors.page(by=bao)] == ["bao", "dong", "zhan"]
    ended = city.house.transactions.told("access.session_ended")[-1]
    assert (ended.payload["organisation_id"], ended.payload["area_code"]) == ("east", "310115")
    for name in ("dong", "xi", "nobody at all"):
        for _ in range(5):
            with pytest.raises(FengtaiError):
                await city.house.desk.sign_in(name, "wrong", source_ip=f"198.51.100.{len(name)}")
    mine, everybody = await city.house.passwords.locks(by=bao), await city.house.passwords.locks(by=CITY)
    assert [lock.person.name if lock.person else "" for lock in mine] == ["dong"]
    assert len(everybody) == 3
    foreign = next(lock for lock in everybody if lock.person and lock.person.name == "xi")
    with pytest.raises(NotFound):
        await city.house.passwords.unlock(foreign.throttle.key, by=bao)
    await city.house.passwords.unlock(mine[0].throttle.key, by=bao)


@pytest.mark.parametrize("shown", ["a\r\nSet-Cookie: x", "b\x00", "\u202ednim", "字" * 121])
async def test_a_name_shows_one_line_in_one_direction(city: City, shown: str) -> None:
    words = PersonWords(display_name=shown, roles=frozenset({Role.OPERATOR}), organisation_id="east")
    with pytest.raises(Invalid, match="visible characters"):
        await city.house.people.add(name="xin", password="seven green lanterns", words=words, by=CITY)
    with pytest.raises(Invalid, match="visible characters"):
        await city.house.people.change(city.rights.id_of("dong"), words, by=CITY)


async def test_lists_come_page_by_page_without_a_gap(city: City) -> None:
    names, after = list[str](), ""
    while page := await city.house.people.page(by=CITY, after=after, limit=2):
        names += [person.name for _, person in page]
        after = page[-1][0]
    assert names == await city.names(CITY)
    for _ in range(3):
        await city.house.sign_in("dong", source_ip=HERE)
    sessions, after = list[str](), ""
    while True:
        page, after = await city.house.desk.sessions(by=CITY, after=after, limit=2)
        sessions += [session.id for session, _ in page]
        if not after:
            break
    assert len(sessions) == len(set(sessions)) == 3


ROLES = st.sampled_from(list(Role))
PLACES = st.sampled_from(["", "city", "east", "west", "station"])
NAMES = st.sampled_from(["bao", "dong", "zhan", "xi", "operator", "chief", "wei.admin", "lin.auditor"])
ACTS = st.lists(
    st.tuples(st.sampled_from(["give", "add", "change", "move", "disable"]), NAMES, ROLES, PLACES), max_size=6
)
EVERYWHERE = [Place(), Place("city", "3101"), Place("west", "310104")]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTS)
async def test_nothing_that_he_does_gives_anybody_a_right_beyond_his_place(
    acts: list[tuple[str, str, Role, str]],
) -> None:
    """No escalation: whatever an administrator of the east tries, nobody can do more outside of it, nobody gains what has
    no place, nobody becomes a guardian, and he himself holds what he held."""
    city = City(await house_with_people())
    await city.settle()
    people = city.house.transactions.look(lambda uow: [one.name for one in uow.store(PersonStore).all()])
    before, bao = {name: held_outside(city.by(name)) for name in people}, city.by("bao")
    for number, (act, name, role, place) in enumerate(acts):
        words = PersonWords(
            display_name=name, roles=frozenset({role}), organisation_id=place, disabled=act == "disable"
        )
        user_id = city.rights.id_of(name)
        try:
            if act == "give":
                await city.rights.desk.give(user_id, GrantTerms(role=role, organisation_id=place), "why not", by=bao)
            elif act == "add":
                await city.house.add(f"new-{number}", role, organisation_id=place, by=bao)
            else:
                await city.house.people.change(user_id, words, by=bao)
        except FengtaiError:
            continue
    after = city.house.transactions.look(lambda uow: [one.name for one in uow.store(PersonStore).all()])
    for name in after:
        assert held_outside(city.by(name)) <= before.get(name, set()), name
        if name not in before:
            assert not city.by(name).roles & GUARDING_ROLES
    assert city.by("bao").rights.permissions == bao.rights.permissions
    for name in ("xi", "operator", "wei.admin", "lin.auditor"):
        assert held_outside(city.by(name)) == before[name]


def held_outside(who: Actor) -> set[tuple[Permission, Place]]:
    return {(one, place) for one in Permission for place in EVERYWHERE if who.may(one, place)}

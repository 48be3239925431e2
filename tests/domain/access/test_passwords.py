"""What a password must be by each profile, its history and age, whose it is to set, and locks."""

import pytest
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, HERE, House, house_with_people
from tests.domain.acting import acting

from fengtai.domain.access.model import AccessPolicy, Due, PasswordProfile, Permission, Role
from fengtai.domain.access.rules import checked_password
from fengtai.domain.access.service import SignedIn
from fengtai.storage.passwords import Argon2Passwords
from fengtai.vocabulary.errors import Forbidden, Invalid, NotFound, TooMany, Unauthenticated

MLPS3, ASVS5 = PasswordProfile.MLPS3, PasswordProfile.ASVS5
DAY = 86_400.0
FRESH = [
    "Lantern in harbour 1",
    "Harbour in lantern 2",
    "Boats under bridge 3",
    "Bridge over boats 4",
    "Seven red kites 5",
]
WRONG = "not the password at all"


@pytest.mark.parametrize("profile", PasswordProfile)
@pytest.mark.parametrize(
    "password",
    [
        "short",
        "Short-1",
        "Password-1234",
        "Fengtai@2026",
        "1qaz@WSX3edc",
        "Aa1-Aa1-Aa1-Aa1",
        "Wei.Zhang-2026-x",
        "x" * 257,
    ],
)
def test_what_every_profile_refuses(profile: PasswordProfile, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_password(password, name="Wei.Zhang", profile=profile)
    assert refused.value.field == "password"


def test_mlps3_asks_for_classes_and_asvs5_for_length() -> None:
    assert checked_password("Ab3-efghij", name="wei", profile=MLPS3)
    with pytest.raises(Invalid, match="at least 12"):
        checked_password("Ab3-efghij", name="wei", profile=ASVS5)
    assert checked_password("correct horse battery", name="wei", profile=ASVS5)
    with pytest.raises(Invalid, match="three of"):
        checked_password("correct horse battery", name="wei", profile=MLPS3)
    assert checked_password("红绿灯下的三只猫在唱歌呢呢", name="wei", profile=ASVS5)


def test_a_short_name_may_stand_in_a_longer_password() -> None:
    assert checked_password("a lantern in the harbour", name="an")


async def test_mlps3_takes_none_of_the_last_five_again() -> None:
    house = await house_with_people(AccessPolicy(password_profile=MLPS3))
    by, old = await house.actor("operator"), house.password_of("operator")
    house.clock.advance(1)
    for fresh in FRESH:
        await house.passwords.change(old=old, new=fresh, by=by)
        old = fresh
        house.clock.advance(1)
    for earlier in FRESH:
        with pytest.raises(Invalid, match="last 5"):
            await house.passwords.change(old=old, new=earlier, by=by)
    await house.passwords.change(old=old, new=house.password_of("operator"), by=by)


async def test_asvs5_only_refuses_the_present_one() -> None:
    house = await house_with_people(AccessPolicy(password_profile=ASVS5))
    by, first = await house.actor("operator"), house.password_of("operator")
    with pytest.raises(Invalid) as refused:
        await house.passwords.change(old=first, new=first, by=by)
    assert refused.value.field == "new"
    house.clock.advance(1)
    await house.passwords.change(old=first, new=FRESH[0], by=by)
    await house.passwords.change(old=FRESH[0], new=first, by=by)


async def test_after_ninety_days_mlps3_gives_no_right_until_the_password_is_changed() -> None:
    house = await house_with_people(AccessPolicy(password_profile=MLPS3))
    house.clock.advance(90 * DAY - 60)
    assert (await house.sign_in("operator")).session.due == frozenset()
    house.clock.advance(60)
    signed = await house.sign_in("operator")
    assert signed.session.due == {Due.PASSWORD}
    by = await house.desk.authenticate(signed.token, HERE)
    assert by.permissions == frozenset()

    await house.passwords.change(old=house.password_of("operator"), new=FRESH[0], by=by)

    after = await house.desk.authenticate(signed.token, HERE)
    assert after.may(Permission.ALARMS_HANDLE)


async def test_asvs5_never_asks_for_a_change() -> None:
    house = await house_with_people(AccessPolicy(password_profile=ASVS5))
    house.clock.advance(3650 * DAY)
    assert (await house.sign_in("operator")).session.due == frozenset()


async def test_a_password_that_somebody_else_set_is_changed_when_it_is_first_used() -> None:
    house = await house_with_people(AccessPolicy(change_given_passwords=True))
    assert (await house.sign_in(ADMINISTRATOR)).session.due == frozenset(), "typed at the first set-up by its owner"
    signed = await house.sign_in("operator")
    assert signed.session.due == {Due.PASSWORD}
    house.clock.advance(1)
    await house.passwords.change(old=house.password_of("operator"), new=FRESH[0], by=signed.actor)
    again = await house.desk.sign_in("operator", FRESH[0], source_ip=HERE)
    assert isinstance(again, SignedIn)
    assert again.session.due == frozenset()


async def test_a_person_changes_the_password_also_under_another_shown_name(house: House) -> None:
    person = (await house.sign_in("operator")).person
    admin = await house.actor(ADMINISTRATOR)
    await house.change(person.id, display_name="王小明", roles=person.roles, disabled=False, by=admin)
    by = await house.actor("operator")
    assert by.name == "王小明"
    await house.passwords.change(old=house.password_of("operator"), new=FRESH[0], by=by)


async def test_a_hash_of_smaller_figures_is_made_anew_at_the_next_good_sign_in(house: House) -> None:
    stronger = Argon2Passwords(memory_kib=16, passes=2)
    before = (await house.sign_in("operator")).person.password_hash
    assert stronger.is_outdated(before)
    desk = type(house.desk)(transactions=house.transactions, clock=house.clock, hasher=stronger)
    await desk.sign_in("operator", house.password_of("operator"), source_ip=HERE)
    after = (await desk.sign_in("operator", house.password_of("operator"), source_ip=HERE)).person.password_hash
    assert after != before
    assert not stronger.is_outdated(after)
    with pytest.raises(Unauthenticated):
        await desk.sign_in("operator", WRONG, source_ip=HERE)


async def test_nobody_sets_an_auditors_password_or_their_own_without_the_old_one(house: House) -> None:
    admin = await house.actor(ADMINISTRATOR)
    people = {person.name: person.id for person in await house.everybody()}
    for name in (AUDITOR, ADMINISTRATOR):
        with pytest.raises(Forbidden):
            await house.passwords.reset(people[name], FRESH[0], by=admin)


# --- locks


async def locked(house: House, name: str) -> None:
    for _ in range(5):
        with pytest.raises((Unauthenticated, TooMany)):
            await house.desk.sign_in(name, WRONG, source_ip="198.51.100.4")


async def test_an_administrator_sees_what_is_locked_and_unlocks_it(house: House) -> None:
    admin = await house.actor(ADMINISTRATOR)
    await locked(house, "operator")
    await locked(house, "a password typed as a name")
    locks = await house.passwords.locks(by=acting(Role.ADMINISTRATOR))
    assert sorted(lock.person.name if lock.person else "nobody" for lock in locks) == ["nobody", "operator"]
    assert "a password typed" not in str(locks)

    key = next(lock.throttle.key for lock in locks if lock.person)
    await house.passwords.unlock(key, by=admin)

    await house.sign_in("operator")
    assert [line.object for line in house.lines("lock.release")] == [f"lock:{key}"]
    with pytest.raises(NotFound):
        await house.passwords.unlock(key, by=admin)


async def test_a_locked_address_is_listed_as_it_is(house: House) -> None:
    for number in range(30):
        with pytest.raises((Unauthenticated, TooMany)):
            await house.desk.sign_in(f"guess{number}", WRONG, source_ip="2001:db8::7")
    assert [lock.address for lock in await house.passwords.locks(by=acting(Role.ADMINISTRATOR))] == ["2001:db8::/64"]


async def test_a_lock_that_is_over_is_not_listed(house: House) -> None:
    await locked(house, "operator")
    house.clock.advance(3600)
    assert await house.passwords.locks(by=acting(Role.ADMINISTRATOR)) == []

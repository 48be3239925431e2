"""The desk at the door: first set-up, sign-in, sessions, people."""

import asyncio

import pytest
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, HERE, House, house_with_people

from fengtai.domain.access.model import AccessPolicy, Permission, Role
from fengtai.domain.access.service import NewPerson, PersonWords
from fengtai.domain.audit.model import Outcome
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated

WRONG = "not the password at all"


# --- first set-up


async def test_the_first_set_up_makes_an_administrator_and_an_auditor_once() -> None:
    house = House()
    assert await house.desk.is_new()
    await house.set_up()
    assert not await house.desk.is_new()
    assert {person.name: person.roles for person in await house.everybody()} == {
        ADMINISTRATOR: {Role.ADMINISTRATOR},
        AUDITOR: {Role.AUDITOR},
    }
    assert await house.desk.setup_token() is None
    assert [line.actor for line in house.lines("person.add")] == ["system:set-up"] * 2


async def test_a_wrong_or_replaced_or_used_token_sets_nothing_up() -> None:
    house = House()
    people = {
        "administrator": NewPerson(ADMINISTRATOR, "correct horse battery"),
        "auditor": NewPerson(AUDITOR, "battery horse staple"),
    }
    with pytest.raises(Forbidden):
        await house.desk.set_up("", **people)
    first = await house.desk.setup_token()
    second = await house.desk.setup_token()
    assert first is not None
    assert second is not None
    with pytest.raises(Forbidden):
        await house.desk.set_up(first, **people)
    assert await house.desk.is_new()
    await house.desk.set_up(second.lower(), **people)
    with pytest.raises(Conflict):
        await house.desk.set_up(second, **people)


async def test_one_person_cannot_be_both() -> None:
    house = House()
    token = await house.desk.setup_token()
    assert token is not None
    with pytest.raises(Conflict, match="two people"):
        await house.desk.set_up(
            token,
            administrator=NewPerson("same", "correct horse battery"),
            auditor=NewPerson("SAME", "battery horse staple"),
        )


# --- sign-in


async def test_a_sign_in_opens_a_session_that_is_audited_and_told(house: House) -> None:
    signed = await house.sign_in("operator")
    actor = await house.desk.authenticate(signed.token, "198.51.100.9")
    assert actor.may(Permission.INCIDENTS_HANDLE)
    assert actor.source_ip == "198.51.100.9"
    line = house.lines("session.open")[-1]
    assert (line.outcome, line.object, line.role) == (Outcome.DONE, f"session:{signed.session.id}", "operator")
    assert house.transactions.told("access.signed_in")[-1].payload["session_id"] == signed.session.id


async def test_nothing_kept_opens_a_door(house: House) -> None:
    signed = await house.sign_in("operator")
    for kept in (signed.session.token_sha256.hex(), signed.session.id, signed.person.password_hash):
        with pytest.raises(Unauthenticated):
            await house.desk.authenticate(kept, HERE)
    with pytest.raises(Unauthenticated):
        await house.desk.sign_in("operator", signed.person.password_hash, source_ip=HERE)
    assert signed.person.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\udcff" * 43, "=" * 43, "é" * 5000])
async def test_a_forged_token_is_nobodys(house: House, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(token, HERE)


async def test_unknown_name_wrong_password_and_disabled_sound_the_same(house: House) -> None:
    by = await house.actor(ADMINISTRATOR)
    chief = next(person for person in await house.everybody() if person.name == "chief")
    await house.change(chief.id, display_name="", roles=chief.roles, disabled=True, by=by)
    told = set()
    for name, password in (("nobody.here", WRONG), ("operator", WRONG), ("chief", house.password_of("chief"))):
        with pytest.raises(Unauthenticated) as refused:
            await house.desk.sign_in(name, password, source_ip=HERE)
        told.add(str(refused.value))
    assert len(told) == 1
    refusals = [line for line in house.lines("session.open") if line.outcome is Outcome.REFUSED]
    assert [line.details["reason"] for line in refusals] == ["unknown name", "wrong password", "disabled"]


async def test_what_was_typed_as_a_name_is_kept_nowhere(house: House) -> None:
    with pytest.raises(Unauthenticated):
        await house.desk.sign_in("my secret passphrase", WRONG, source_ip=HERE)
    assert "passphrase" not in repr(house.audit.entries)
    assert "passphrase" not in repr(house.transactions.events)


@pytest.mark.parametrize("name", ["operator", "nobody.here"])
async def test_a_name_is_locked_after_five_failures_whether_it_exists_or_not(house: House, name: str) -> None:
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await house.desk.sign_in(name, WRONG, source_ip=HERE)
    with pytest.raises(TooMany):
        await house.desk.sign_in(name, house.password_of(name), source_ip=HERE)
    with pytest.raises(TooMany):  # rows, not memory: a restart does not help the guesser
        await house.another_desk().sign_in(name, house.password_of(name), source_ip="198.51.100.1")
    house.clock.advance(31)
    with pytest.raises(Unauthenticated):
        await house.desk.sign_in(name, WRONG, source_ip=HERE)
    with pytest.raises(TooMany):
        await house.desk.sign_in(name, WRONG, source_ip=HERE)


async def test_many_guesses_at_once_are_no_more_than_one_after_another(house: House) -> None:
    guesses = [house.desk.sign_in("operator", f"{WRONG} {number}", source_ip=HERE) for number in range(20)]
    outcomes = [type(outcome) for outcome in await asyncio.gather(*guesses, return_exceptions=True)]
    assert (outcomes.count(Unauthenticated), outcomes.count(TooMany)) == (5, 15)


async def test_an_address_that_tries_many_names_is_locked_and_others_are_not(house: House) -> None:
    for number in range(30):
        with pytest.raises(Unauthenticated):
            await house.desk.sign_in(f"guess{number}", WRONG, source_ip="198.51.100.66")
    with pytest.raises(TooMany):
        await house.sign_in("operator", source_ip="198.51.100.66")
    await house.sign_in("operator", source_ip=HERE)


async def test_a_good_sign_in_clears_the_name_but_does_not_whitewash_the_address(house: House) -> None:
    for number in range(29):
        with pytest.raises(Unauthenticated):
            await house.desk.sign_in(f"guess{number}", WRONG, source_ip="198.51.100.66")
    await house.sign_in("operator", source_ip="198.51.100.66")
    with pytest.raises(Unauthenticated):
        await house.desk.sign_in("guess-again", WRONG, source_ip="198.51.100.66")
    with pytest.raises(TooMany):
        await house.sign_in("operator", source_ip="198.51.100.66")


# --- sessions


async def test_a_session_ends_when_idle_and_when_its_shift_is_over() -> None:
    house = await house_with_people(AccessPolicy(idle_seconds=600, absolute_seconds=1500))
    idle, busy = await house.sign_in("operator"), await house.sign_in("chief")
    for _ in range(2):
        house.clock.advance(500)
        await house.desk.authenticate(busy.token, HERE)
        await house.desk.tick()
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(idle.token, HERE)
    house.clock.advance(500)
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(busy.token, HERE)
    await house.desk.tick()
    ends = {e.payload["session_id"]: e.payload["reason"] for e in house.transactions.told("access.session_ended")}
    assert (ends[idle.session.id], ends[busy.session.id]) == ("idle", "expired")
    assert {line.object for line in house.lines("session.end")} >= {f"session:{idle.session.id}"}


async def test_the_last_use_survives_a_restart() -> None:
    house = await house_with_people(AccessPolicy(idle_seconds=600))
    signed = await house.sign_in("operator")
    house.clock.advance(500)
    await house.desk.authenticate(signed.token, HERE)
    await house.desk.tick()
    house.clock.advance(500)
    assert (
        await house.another_desk(AccessPolicy(idle_seconds=600)).authenticate(signed.token, HERE)
    ).user_id == signed.person.id


async def test_signing_out_acts_at_once(house: House) -> None:
    signed = await house.sign_in("operator")
    await house.desk.sign_out(await house.desk.authenticate(signed.token, HERE))
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(signed.token, HERE)
    assert house.lines("session.close")[-1].actor == f"user:{signed.person.id}"


async def test_a_revocation_acts_in_another_process_within_two_seconds(house: House) -> None:
    signed, elsewhere = await house.sign_in("operator"), house.another_desk()
    await elsewhere.authenticate(signed.token, HERE)
    await house.desk.revoke(signed.session.id, by=await house.actor(ADMINISTRATOR))
    house.clock.advance(2)
    with pytest.raises(Unauthenticated):
        await elsewhere.authenticate(signed.token, HERE)


async def test_a_session_that_does_not_exist_cannot_be_revoked(house: House) -> None:
    with pytest.raises(NotFound):
        await house.desk.revoke("0" * 32, by=await house.actor(ADMINISTRATOR))


# --- people


async def test_a_change_of_rights_ends_the_sessions_of_whom_it_concerns(house: House) -> None:
    signed, by = await house.sign_in("operator"), await house.actor(ADMINISTRATOR)
    await house.desk.authenticate(signed.token, HERE)
    await house.change(signed.person.id, display_name="Wang", roles=[Role.DISPATCHER], disabled=False, by=by)
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(signed.token, HERE)
    assert Permission.UNITS_EDIT in (await house.actor("operator")).permissions
    line = house.lines("person.change")[-1]
    assert (line.details["roles_before"], line.details["roles"]) == (["operator"], ["dispatcher"])


async def test_nobody_changes_their_own_rights(house: House) -> None:
    by = await house.actor(ADMINISTRATOR)
    for roles, disabled in (([Role.AUDITOR], False), ([Role.ADMINISTRATOR, Role.CHIEF], False), ([Role.CHIEF], True)):
        with pytest.raises(Forbidden):
            await house.change(by.user_id, display_name="x", roles=roles, disabled=disabled, by=by)


async def test_the_last_auditor_stays(house: House) -> None:
    by = await house.actor(ADMINISTRATOR)
    auditor = next(person for person in await house.everybody() if person.name == AUDITOR)
    with pytest.raises(Conflict, match="last auditor"):
        await house.change(auditor.id, display_name="", roles=auditor.roles, disabled=True, by=by)
    await house.add("second.auditor", Role.AUDITOR)
    await house.change(auditor.id, display_name="", roles=auditor.roles, disabled=True, by=by)


async def test_two_people_cannot_have_one_name(house: House) -> None:
    with pytest.raises(Conflict, match="taken"):
        await house.add("OPERATOR", Role.CHIEF)


async def test_a_bad_password_makes_nobody(house: House) -> None:
    by = await house.actor(ADMINISTRATOR)
    with pytest.raises(Invalid):
        await house.people.add(
            name="new.one", password="short", words=PersonWords(display_name="", roles=frozenset({Role.CHIEF})), by=by
        )
    assert "new.one" not in {person.name for person in await house.everybody()}


async def test_changing_ones_password_needs_the_old_one_and_ends_ones_other_sessions(house: House) -> None:
    here, there = await house.sign_in("operator"), await house.sign_in("operator")
    with pytest.raises(Forbidden):
        await house.passwords.change(old=WRONG, new="seven green lanterns", by=here.actor)
    await house.passwords.change(old=house.password_of("operator"), new="seven green lanterns", by=here.actor)
    await house.desk.authenticate(here.token, HERE)
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(there.token, HERE)
    with pytest.raises(Unauthenticated):
        await house.sign_in("operator")
    await house.desk.sign_in("operator", "seven green lanterns", source_ip=HERE)


async def test_an_administrator_sets_a_forgotten_password_but_never_an_auditors(house: House) -> None:
    by = await house.actor(ADMINISTRATOR)
    people = {person.name: person.id for person in await house.everybody()}
    await house.passwords.reset(people["chief"], "seven green lanterns", by=by)
    await house.desk.sign_in("chief", "seven green lanterns", source_ip=HERE)
    for name in (AUDITOR, ADMINISTRATOR):
        with pytest.raises(Forbidden):
            await house.passwords.reset(people[name], "seven green lanterns", by=by)


async def test_no_secret_stands_in_audit_or_events(house: House) -> None:
    signed = await house.sign_in("operator")
    told = repr(house.audit.entries) + repr(house.transactions.events)
    assert signed.token not in told
    assert house.password_of("operator") not in told
    assert "$argon2" not in told

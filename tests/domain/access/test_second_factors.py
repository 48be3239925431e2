"""Authenticator apps and recovery codes: entered, asked for, used once, lost."""

import asyncio
from base64 import b32decode, b32encode

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.access.conftest import ADMINISTRATOR, AUDITOR, HERE, House, house_with_people
from tests.domain.acting import acting

from fengtai.domain.access.model import AccessPolicy, Due, GrantTerms, Permission, Role
from fengtai.domain.access.rules import matching_step, recovery_code, recovery_code_sha256
from fengtai.domain.access.service import SecondStep, SignedIn
from fengtai.domain.audit.model import Outcome
from fengtai.storage.memory.access_keys import STORES
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, TooMany, Unauthenticated

ADMINISTRATORS = AccessPolicy(second_factor_roles=frozenset({Role.ADMINISTRATOR}))


class App:
    """An authenticator app that has read the picture."""

    def __init__(self, house: House, secret: str) -> None:
        self._totp, self._house = pyotp.TOTP(secret), house

    def code(self, steps_later: int = 0) -> str:
        return self._totp.at(int(self._house.clock.now().utc.timestamp()) + 30 * steps_later)


async def enrol(house: House, name: str) -> tuple[App, list[str]]:
    by = await house.actor(name)
    offer = await house.factors.offer_totp(password="", by=by)
    app = App(house, offer.secret)
    codes = await house.factors.enrol_totp(offer.ticket, app.code(), by=by)
    house.clock.advance(60)
    return app, list(codes)


async def first_step(house: House, name: str, *, source_ip: str = HERE) -> SecondStep:
    asked = await house.desk.sign_in(name, house.password_of(name), source_ip=source_ip, post="desk 3")
    assert isinstance(asked, SecondStep)
    return asked


# --- signing in


async def test_whoever_has_an_app_signs_in_with_both(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    assert asked.ways == ("totp", "recovery-code")
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(asked.ticket, HERE)

    signed = await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)

    assert signed.actor.may(Permission.ALARMS_HANDLE)
    assert (signed.session.proven_by, signed.session.post) == ("password+totp", "desk 3")
    assert house.lines("session.open")[-1].details["proven_by"] == "password+totp"


async def test_a_code_is_good_once_and_so_is_a_ticket(house: House) -> None:
    app, _ = await enrol(house, "operator")
    first, second = await first_step(house, "operator"), await first_step(house, "operator")
    code = app.code()
    await house.factors.second_step(first.ticket, code, source_ip=HERE)
    with pytest.raises(Unauthenticated, match="used before"):
        await house.factors.second_step(second.ticket, code, source_ip=HERE)
    with pytest.raises(Unauthenticated, match="Begin again"):
        await house.factors.second_step(first.ticket, app.code(1), source_ip=HERE)


async def test_of_many_at_once_with_one_code_one_gets_in(house: House) -> None:
    app, _ = await enrol(house, "operator")
    tickets = [(await first_step(house, "operator")).ticket for _ in range(3)]
    code = app.code()
    answers = await asyncio.gather(
        *(house.factors.second_step(ticket, code, source_ip=HERE) for ticket in tickets), return_exceptions=True
    )
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1


async def test_the_code_of_the_enrolment_is_not_good_again(house: House) -> None:
    by = await house.actor("operator")
    offer = await house.factors.offer_totp(password="", by=by)
    code = App(house, offer.secret).code()
    await house.factors.enrol_totp(offer.ticket, code, by=by)
    asked = await first_step(house, "operator")
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(asked.ticket, code, source_ip=HERE)


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_clocks_may_differ_by_a_step(house: House, steps: int, good: bool) -> None:
    app, _ = await enrol(house, "operator")
    house.clock.advance(120)
    asked = await first_step(house, "operator")
    if good:
        await house.factors.second_step(asked.ticket, app.code(steps), source_ip=HERE)
    else:
        with pytest.raises(Unauthenticated):
            await house.factors.second_step(asked.ticket, app.code(steps), source_ip=HERE)


async def test_guessing_codes_locks_the_name_as_guessing_passwords_does(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            await house.factors.second_step(asked.ticket, "000000", source_ip=HERE)
    with pytest.raises(TooMany):
        await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)
    with pytest.raises(TooMany):
        await house.desk.sign_in("operator", house.password_of("operator"), source_ip=HERE)
    refused = [line for line in house.lines("session.open") if line.outcome is Outcome.REFUSED]
    assert {line.details["reason"] for line in refused} == {"wrong second factor"}


async def test_the_right_password_alone_gives_no_guesses_back(house: House) -> None:
    await enrol(house, "operator")
    for _ in range(5):
        await first_step(house, "operator")
    with pytest.raises(TooMany):
        await house.desk.sign_in("operator", house.password_of("operator"), source_ip=HERE)


async def test_good_sign_ins_do_not_use_up_an_address(house: House) -> None:
    app, _ = await enrol(house, "operator")
    for _ in range(40):
        house.clock.advance(31)
        asked = await first_step(house, "operator")
        await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)


async def test_a_whole_shift_signs_in_at_once_from_behind_one_address(house: House) -> None:
    apps = []
    for number in range(40):
        await house.add(f"desk{number}", Role.OPERATOR)
        apps.append((await enrol(house, f"desk{number}"))[0])
    asked = [await first_step(house, f"desk{number}") for number in range(40)]
    for app, step in zip(apps, asked, strict=True):
        await house.factors.second_step(step.ticket, app.code(), source_ip=HERE)


async def test_a_ticket_is_over_after_five_minutes_and_worth_nothing_elsewhere(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    with pytest.raises(Conflict):
        await house.factors.enrol_totp(asked.ticket, app.code(), by=await house.actor("chief"))
    house.clock.advance(301)
    with pytest.raises(Unauthenticated, match="Begin again"):
        await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)


async def test_who_was_disabled_meanwhile_does_not_get_in(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    person = next(person for person in await house.everybody() if person.name == "operator")
    admin = await house.actor(ADMINISTRATOR)
    await house.change(person.id, display_name="x", roles=person.roles, disabled=True, by=admin)
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)


# --- recovery codes


async def test_each_recovery_code_is_good_once_however_it_is_typed(house: House) -> None:
    _, codes = await enrol(house, "operator")
    assert len(set(codes)) == 10
    asked = await first_step(house, "operator")
    typed = codes[3].lower().replace("-", " ")
    signed = await house.factors.second_step(asked.ticket, typed, source_ip=HERE)
    assert signed.session.proven_by == "password+recovery-code"
    assert (await house.factors.own(signed.actor)).recovery_codes_left == 9
    again = await first_step(house, "operator")
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(again.ticket, codes[3], source_ip=HERE)


async def test_new_recovery_codes_replace_the_old_ones(house: House) -> None:
    app, old = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    by = (await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)).actor
    fresh = await house.factors.renew_recovery_codes(password="", by=by)
    assert not set(old) & set(fresh)
    again = await first_step(house, "operator")
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(again.ticket, old[0], source_ip=HERE)


async def test_nobodys_code_is_anothers(house: House) -> None:
    await enrol(house, "operator")
    _, codes = await enrol(house, "chief")
    asked = await first_step(house, "operator")
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(asked.ticket, codes[0], source_ip=HERE)


# --- entering and removing


async def test_nothing_changes_until_the_app_has_shown_a_right_code(house: House) -> None:
    by = await house.actor("operator")
    offer = await house.factors.offer_totp(password="", by=by)
    with pytest.raises(Invalid, match="shows now"):
        await house.factors.enrol_totp(offer.ticket, "123456", by=by)
    assert isinstance(await house.desk.sign_in("operator", house.password_of("operator"), source_ip=HERE), SignedIn)
    await house.factors.enrol_totp(offer.ticket, App(house, offer.secret).code(), by=by)
    with pytest.raises(Conflict):
        await house.factors.enrol_totp(offer.ticket, App(house, offer.secret).code(1), by=by)


async def test_the_offer_tells_an_app_where_it_belongs(house: House) -> None:
    offer = await house.factors.offer_totp(password="", by=await house.actor("operator"))
    assert offer.uri == f"otpauth://totp/Fengtai:operator?secret={offer.secret}&issuer=Fengtai"
    assert len(b32decode(offer.secret)) == 20


async def test_an_older_sign_in_proves_itself_again(house: House) -> None:
    by = await house.actor("operator")
    house.clock.advance(601)
    with pytest.raises(Invalid) as refused:
        await house.factors.offer_totp(password="", by=by)
    assert refused.value.field == "password"
    with pytest.raises(Invalid):
        await house.factors.offer_totp(password="not the password at all", by=by)
    assert house.lines("session.prove")[-1].outcome is Outcome.REFUSED
    assert await house.factors.offer_totp(password=house.password_of("operator"), by=by)


async def test_seeds_are_sealed_and_codes_hashed(house: House) -> None:
    by = await house.actor("operator")
    offer = await house.factors.offer_totp(password="", by=by)
    codes = await house.factors.enrol_totp(offer.ticket, App(house, offer.secret).code(), by=by)
    kept = await house.transactions.read(lambda uow: repr([vars(uow.store(port)) for port in STORES]))
    seed = b32decode(offer.secret)
    for secret in (offer.secret, repr(seed)[2:-1], *codes, codes[0].replace("-", "")):
        assert secret not in kept


async def test_whoever_needs_a_second_factor_gets_no_right_until_there_is_one() -> None:
    house = await house_with_people(ADMINISTRATORS)
    signed = await house.sign_in(ADMINISTRATOR)
    assert signed.session.due == {Due.SECOND_FACTOR}
    by = await house.desk.authenticate(signed.token, HERE)
    assert by.permissions == frozenset()
    offer = await house.factors.offer_totp(password="", by=by)
    app = App(house, offer.secret)
    await house.factors.enrol_totp(offer.ticket, app.code(), by=by)

    assert (await house.desk.authenticate(signed.token, HERE)).may(Permission.PEOPLE_EDIT)
    with pytest.raises(Forbidden, match="needs a second factor"):
        await house.factors.remove_totp(password="", by=by)
    assert (await house.sign_in("operator")).session.due == frozenset()


async def test_a_role_that_needs_a_second_factor_asks_for_it_in_an_open_session() -> None:
    house = await house_with_people(ADMINISTRATORS)
    first = await house.sign_in(ADMINISTRATOR)
    offer = await house.factors.offer_totp(password="", by=first.actor)
    await house.factors.enrol_totp(offer.ticket, App(house, offer.secret).code(), by=first.actor)
    admin, signed = await house.desk.authenticate(first.token, HERE), await house.sign_in("operator")
    assert (await house.desk.authenticate(signed.token, HERE)).may(Permission.ALARMS_HANDLE)
    await house.rights.give(signed.person.id, GrantTerms(role=Role.ADMINISTRATOR), "second administrator", by=admin)
    house.clock.advance(3)
    by = await house.desk.authenticate(signed.token, HERE)
    assert by.permissions == frozenset()
    assert (await house.desk.session(by)).session.due == {Due.SECOND_FACTOR}


async def test_whoever_needs_none_may_remove_it(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    by = (await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)).actor
    await house.factors.remove_totp(password="", by=by)
    own = await house.factors.own(by)
    assert (own.totp, own.recovery_codes_left) == (None, 0)
    await house.sign_in("operator")


# --- lost


async def test_another_administrator_resets_a_lost_device_and_nobody_their_own(house: House) -> None:
    app, _ = await enrol(house, "operator")
    asked = await first_step(house, "operator")
    signed = await house.factors.second_step(asked.ticket, app.code(), source_ip=HERE)
    admin = await house.actor(ADMINISTRATOR)
    with pytest.raises(Forbidden):
        await house.factors.reset(admin.user_id, "lost my phone", by=admin)
    with pytest.raises(Invalid):
        await house.factors.reset(signed.person.id, " ", by=admin)

    await house.factors.reset(signed.person.id, "phone was stolen", by=admin)

    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(signed.token, HERE)
    await house.sign_in("operator")
    line = house.lines("person.keys_reset")[-1]
    assert (line.object, line.purpose, line.details["totp"]) == (f"person:{signed.person.id}", "phone was stolen", True)


async def test_administrators_see_who_has_one_and_never_what_it_is(house: House) -> None:
    await enrol(house, "operator")
    seen = {
        one.person.name: (one.totp, one.passkeys) for _, one in await house.factors.page(by=acting(Role.ADMINISTRATOR))
    }
    assert seen["operator"] == (True, 0)
    assert seen[AUDITOR] == (False, 0)


# --- rules


@given(st.binary(min_size=20, max_size=20), st.text(max_size=12))
def test_any_text_is_a_code_or_is_not(seed: bytes, text: str) -> None:
    matching_step(seed, text, HandClock().now().utc, after_step=-1)


@given(st.binary(min_size=20, max_size=20))
def test_full_width_digits_and_blanks_are_the_same_code(seed: bytes) -> None:
    now = HandClock().now().utc
    code = pyotp.TOTP(b32encode(seed).decode()).at(now)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    assert matching_step(seed, f"{wide[:3]} {wide[3:]}", now, after_step=-1) is not None


@given(st.binary(min_size=10, max_size=10), st.text(max_size=8))
def test_a_recovery_code_is_read_as_it_is_printed(secret: bytes, user_id: str) -> None:
    printed = recovery_code(secret)
    assert recovery_code_sha256(user_id, printed) == recovery_code_sha256(user_id, printed.lower().replace("-", ""))

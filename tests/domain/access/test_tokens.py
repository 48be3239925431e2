"""API tokens: made for a purpose, never more than their person, named in the audit, withdrawn at once."""

import pytest
from tests.domain.access.conftest import ADMINISTRATOR, HERE, House
from tests.domain.acting import acting

from fengtai.domain.access.model import Actor, ApiToken, Permission, Role
from fengtai.vocabulary.errors import FengtaiError, Forbidden, Invalid, NotFound, Unauthenticated

SEE = [Permission.ALARMS_SEE, Permission.POINTS_SEE]


async def made(house: House, by: Actor, *permissions: Permission, days: int = 30) -> tuple[ApiToken, str]:
    return await house.tokens.make(
        purpose="wall board in the hall", permissions=permissions or SEE, days=days, password="", by=by
    )


async def test_a_token_acts_for_its_person_with_the_rights_it_was_given(house: House) -> None:
    by = await house.actor("operator")
    token, text = await made(house, by)

    program = await house.desk.authenticate(text, "198.51.100.9")

    assert (program.user_id, program.permissions) == (by.user_id, set(SEE))
    assert program.entry("x.y", "z").session == f"token:{token.id}"
    assert text not in repr(token)
    line = house.lines("token.make")[-1]
    assert (line.purpose, line.details["permissions"]) == ("wall board in the hall", ["alarms.see", "points.see"])


async def test_it_never_has_more_than_its_person_has_now(house: House) -> None:
    by = await house.actor("dispatcher")
    _, text = await made(house, by, Permission.ALARMS_SEE, Permission.UNITS_EDIT)
    admin = await house.actor(ADMINISTRATOR)
    await house.change(by.user_id, display_name="x", roles=[Role.OPERATOR], disabled=False, by=admin)
    house.clock.advance(3)
    assert (await house.desk.authenticate(text, HERE)).permissions == {Permission.ALARMS_SEE}
    await house.change(by.user_id, display_name="x", roles=[Role.OPERATOR], disabled=True, by=admin)
    house.clock.advance(3)
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(text, HERE)


async def test_nobody_gives_a_token_what_they_do_not_hold(house: House) -> None:
    by = await house.actor("operator")
    for beyond in (Permission.UNITS_EDIT, Permission.AUDIT_SEE):
        with pytest.raises(Invalid) as refused:
            await made(house, by, Permission.ALARMS_SEE, beyond)
        assert refused.value.field == "permissions"


@pytest.mark.parametrize("beyond", [Permission.PEOPLE_EDIT, Permission.GRANTS_EDIT, Permission.TOKENS_EDIT])
async def test_no_token_makes_people_rights_or_tokens(house: House, beyond: Permission) -> None:
    with pytest.raises(Invalid):
        await made(house, await house.actor(ADMINISTRATOR), beyond)


async def test_a_program_keeps_its_hands_off_its_persons_keys(house: House) -> None:
    by = await house.actor("operator")
    token, text = await made(house, by)
    program = await house.desk.authenticate(text, HERE)
    old = house.password_of("operator")
    acts = [
        house.tokens.make(purpose="another", permissions=SEE, days=1, password=old, by=program),
        house.tokens.own(program),
        house.tokens.withdraw_own(token.id, by=program),
        house.factors.own(program),
        house.factors.offer_totp(password=old, by=program),
        house.factors.remove_totp(password=old, by=program),
        house.passkeys.ask_to_enrol(password=old, by=program),
        house.passwords.change(old=old, new="Seven red kites 5", by=program),
        house.desk.session(program),
        house.desk.sign_out(program),
        house.desk.own_sessions(program),
        house.desk.end_other_sessions(program),
        house.desk.end_own_session(by.session_id, by=program),
    ]
    for act in acts:
        with pytest.raises(Forbidden, match="API token"):
            await act
    assert (await house.desk.authenticate(text, HERE)).user_id == by.user_id


async def test_a_withdrawn_token_ends_at_once_with_all_that_it_holds_open(house: House) -> None:
    by = await house.actor("operator")
    token, text = await made(house, by)
    await house.desk.authenticate(text, HERE)
    await house.tokens.withdraw_own(token.id, by=by)
    with pytest.raises(Unauthenticated):
        await house.desk.authenticate(text, HERE)
    ended = house.transactions.told("access.session_ended")[-1].payload
    assert (ended["session_id"], ended["reason"]) == (f"token:{token.id}", "withdrawn")


async def test_one_withdraws_ones_own_and_an_administrator_anybodys(house: House) -> None:
    token, _ = await made(house, await house.actor("operator"))
    with pytest.raises(NotFound):
        await house.tokens.withdraw_own(token.id, by=await house.actor("chief"))
    assert [(one.id, person.name) for one, person in await house.tokens.page(by=acting(Role.ADMINISTRATOR))] == [
        (token.id, "operator")
    ]
    await house.tokens.withdraw(token.id, by=await house.actor(ADMINISTRATOR))
    assert await house.tokens.page(by=acting(Role.ADMINISTRATOR)) == []


async def test_it_is_over_on_its_day_and_the_row_goes(house: House) -> None:
    token, text = await made(house, await house.actor("operator"), days=1)
    house.clock.advance(86_399)
    await house.desk.authenticate(text, HERE)
    house.clock.advance(1)
    with pytest.raises(Unauthenticated):
        await house.another_desk().authenticate(text, HERE)
    await house.desk.tick()
    assert await house.tokens.page(by=acting(Role.ADMINISTRATOR)) == []
    assert house.lines("token.end")[-1].object == f"token:{token.id}"


async def test_its_last_use_is_kept_with_the_address(house: House) -> None:
    by = await house.actor("operator")
    _, text = await made(house, by)
    await house.desk.authenticate(text, "198.51.100.9")
    await house.desk.tick()
    [token] = await house.tokens.own(by)
    assert (token.last_used_at, token.last_used_ip) == (house.clock.now().utc, "198.51.100.9")


@pytest.mark.parametrize(
    "asked",
    [
        {"purpose": "  x "},
        {"days": 0},
        {"days": 366},
        {"permissions": []},
    ],
)
async def test_what_does_not_say_what_for_or_how_long_is_refused(house: House, asked: dict[str, object]) -> None:
    terms = {"purpose": "wall board", "permissions": SEE, "days": 30, "password": "", **asked}
    with pytest.raises(Invalid):
        await house.tokens.make(**terms, by=await house.actor("operator"))  # type: ignore[arg-type]


async def test_a_session_token_with_the_prefix_and_a_token_without_open_nothing(house: House) -> None:
    by = await house.sign_in("operator")
    _, text = await made(house, by.actor)
    for forged in (f"fta_{by.token}", text.removeprefix("fta_"), "fta_", text.upper()):
        with pytest.raises(FengtaiError):
            await house.desk.authenticate(forged, HERE)

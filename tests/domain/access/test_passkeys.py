"""Passkeys: entered with a device in software, used to sign in, refused when anything is not as it was asked."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.domain.access.authenticator import Device
from tests.domain.access.conftest import ADMINISTRATOR, HERE, House, house_with_people

from fengtai.domain.access.model import AccessPolicy, Due, Passkey, Permission, Role
from fengtai.domain.access.service import SecondStep, SignedIn
from fengtai.domain.access.service.opening import OPEN_CHALLENGES_PER_ADDRESS
from fengtai.vocabulary.errors import Conflict, FengtaiError, Forbidden, Invalid, NotFound, TooMany, Unauthenticated


async def entered(house: House, name: str, device: Device) -> Passkey:
    by = await house.actor(name)
    question = await house.passkeys.ask_to_enrol(password="", by=by)
    return await house.passkeys.enrol(question.ticket, "desk key", device.create(question.options), by=by)


async def signed_in(house: House, device: Device) -> SignedIn:
    question = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    return await house.passkeys.sign_in(question.ticket, device.get(question.options), source_ip=HERE, post="desk 3")


async def test_a_passkey_signs_in_by_itself(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)

    signed = await signed_in(house, device)

    assert signed.actor.may(Permission.ALARMS_HANDLE)
    assert (signed.person.name, signed.session.proven_by, signed.session.post) == ("operator", "passkey", "desk 3")
    [passkey] = (await house.factors.own(signed.actor)).passkeys
    assert (passkey.sign_count, passkey.last_used_at) == (1, house.clock.now().utc)


async def test_whoever_has_one_is_asked_for_it_after_the_password(house: House) -> None:
    await entered(house, "operator", Device())
    asked = await house.desk.sign_in("operator", house.password_of("operator"), source_ip=HERE)
    assert isinstance(asked, SecondStep)
    assert asked.ways == ("passkey",)
    with pytest.raises(Unauthenticated):
        await house.factors.second_step(asked.ticket, "123456", source_ip=HERE)


async def test_it_is_two_factors_in_one() -> None:
    house = await house_with_people(AccessPolicy(second_factor_roles=frozenset({Role.ADMINISTRATOR})))
    first = await house.sign_in(ADMINISTRATOR)
    assert first.session.due == {Due.SECOND_FACTOR}
    device = Device()
    question = await house.passkeys.ask_to_enrol(password="", by=first.actor)
    passkey = await house.passkeys.enrol(question.ticket, "key", device.create(question.options), by=first.actor)
    assert (await house.desk.authenticate(first.token, HERE)).may(Permission.PEOPLE_EDIT)

    signed = await signed_in(house, device)

    assert signed.session.due == frozenset()
    with pytest.raises(Forbidden, match="needs a second factor"):
        await house.passkeys.remove(passkey.id, password="", by=signed.actor)


async def test_the_answer_to_a_question_is_good_once(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)
    question = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    answer = device.get(question.options)
    await house.passkeys.sign_in(question.ticket, answer, source_ip=HERE)
    with pytest.raises(Unauthenticated, match="Begin again"):
        await house.passkeys.sign_in(question.ticket, answer, source_ip=HERE)
    other = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    with pytest.raises(Unauthenticated, match="not good"):
        await house.passkeys.sign_in(other.ticket, answer, source_ip=HERE)


async def test_of_many_at_once_with_one_answer_one_gets_in(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)
    question = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    answer = device.get(question.options)
    answers = await asyncio.gather(
        *(house.passkeys.sign_in(question.ticket, answer, source_ip=HERE) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, SignedIn) for one in answers) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://fengtai.test.evil.example"},
        {"origin": "http://fengtai.test"},
        {"verifies_user": False},
        {"user_handle": "c29tZWJvZHkgZWxzZQ"},
        {"credential_id": b"another credential id"},
    ],
)
async def test_an_answer_from_elsewhere_is_refused(house: House, changed: dict[str, Any]) -> None:
    device = Device()
    await entered(house, "operator", device)
    with pytest.raises(Unauthenticated, match="not good"):
        await signed_in(house, replace(device, **changed))
    assert house.lines("session.open")[-1].details["reason"] == "passkey not good"


async def test_another_key_under_the_same_id_is_refused(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)
    with pytest.raises(Unauthenticated):
        await signed_in(house, Device(credential_id=device.credential_id, user_handle=device.user_handle))


async def test_a_copied_device_whose_count_goes_back_is_refused(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)
    copy = replace(device)
    for _ in range(3):
        await signed_in(house, device)
    with pytest.raises(Unauthenticated):
        await signed_in(house, copy)


async def test_a_disabled_person_does_not_get_in(house: House) -> None:
    device = Device()
    passkey = await entered(house, "operator", device)
    admin = await house.actor(ADMINISTRATOR)
    await house.change(passkey.user_id, display_name="x", roles=[Role.OPERATOR], disabled=True, by=admin)
    with pytest.raises(Unauthenticated):
        await signed_in(house, device)


@pytest.mark.parametrize("changed", [{"origin": "https://evil.example"}, {"verifies_user": False}])
async def test_a_device_that_does_not_fit_is_not_entered(house: House, changed: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        await entered(house, "operator", Device(**changed))


async def test_a_passkey_is_entered_once_by_whoever_asked(house: House) -> None:
    device, by = Device(), await house.actor("operator")
    question = await house.passkeys.ask_to_enrol(password="", by=by)
    with pytest.raises(Conflict):
        await house.passkeys.enrol(
            question.ticket, "mine", device.create(question.options), by=await house.actor("chief")
        )
    await house.passkeys.enrol(question.ticket, "mine", device.create(question.options), by=by)
    with pytest.raises(Conflict):
        await house.passkeys.enrol(question.ticket, "again", device.create(question.options), by=by)
    again = await house.passkeys.ask_to_enrol(password="", by=by)
    assert [known["id"] for known in again.options["excludeCredentials"]] == [device.create(question.options)["id"]]
    with pytest.raises(Conflict, match="entered already"):
        await house.passkeys.enrol(again.ticket, "again", device.create(again.options), by=by)


async def test_one_removes_ones_own_and_nobody_elses(house: House) -> None:
    device = Device()
    passkey = await entered(house, "operator", device)
    with pytest.raises(NotFound):
        await house.passkeys.remove(passkey.id, password="", by=await house.actor("chief"))
    await house.passkeys.remove(passkey.id, password="", by=(await signed_in(house, device)).actor)
    with pytest.raises(Unauthenticated):
        await signed_in(house, device)
    await house.sign_in("operator")


async def test_a_locked_name_stays_open_to_a_passkey_and_a_locked_address_does_not(house: House) -> None:
    device = Device()
    await entered(house, "operator", device)
    for _ in range(5):
        with pytest.raises((Unauthenticated, TooMany)):
            await house.desk.sign_in("operator", "not the password at all", source_ip="198.51.100.1")
    await signed_in(house, device)
    for _ in range(30):
        with pytest.raises((Unauthenticated, TooMany)):
            await signed_in(house, Device())
    with pytest.raises(TooMany):
        await signed_in(house, device)


async def test_an_address_has_few_questions_open(house: House) -> None:
    for _ in range(OPEN_CHALLENGES_PER_ADDRESS):
        await house.passkeys.ask_to_sign_in(source_ip=HERE)
    with pytest.raises(TooMany):
        await house.passkeys.ask_to_sign_in(source_ip=HERE)
    await house.passkeys.ask_to_sign_in(source_ip="198.51.100.1")
    house.clock.advance(301)
    await house.passkeys.ask_to_sign_in(source_ip=HERE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "signature"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(credential=st.dictionaries(NAMES, JSON, max_size=6))
async def test_whatever_a_browser_sends_is_refused_in_words(house: House, credential: dict[str, Any]) -> None:
    house.clock.advance(4000)
    question = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    with pytest.raises(FengtaiError):
        await house.passkeys.sign_in(question.ticket, credential, source_ip=HERE)
    by = await house.actor("operator")
    enrolment = await house.passkeys.ask_to_enrol(password="", by=by)
    with pytest.raises(FengtaiError):
        await house.passkeys.enrol(enrolment.ticket, "x", credential, by=by)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]),
    place=st.floats(0, 0.98),
    letter=st.sampled_from("AQgw_9=!é"),
)
async def test_a_spoilt_answer_is_refused_in_words(house: House, part: str, place: float, letter: str) -> None:
    house.clock.advance(4000)
    await without_passkeys(house)
    device = Device()
    await entered(house, "operator", device)
    question = await house.passkeys.ask_to_sign_in(source_ip=HERE)
    answer = device.get(question.options)
    text = answer["response"][part]
    at = int(place * len(text))
    answer["response"][part] = f"{text[:at]}{letter}{text[at + 1 :]}"
    if answer["response"][part] == text:
        return
    with pytest.raises(Unauthenticated):
        await house.passkeys.sign_in(question.ticket, answer, source_ip=HERE)


async def without_passkeys(house: House) -> None:
    person = next(person for person in await house.everybody() if person.name == "operator")
    await house.factors.reset(person.id, "between examples", by=await house.actor(ADMINISTRATOR))

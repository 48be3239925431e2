"""Four eyes: nobody agrees with themselves, one of two who agree at once does it, and the asker's right is asked again."""

from dataclasses import replace
from datetime import datetime

import pytest
from tests.domain.access.conftest import House, house_with_people
from tests.domain.access.test_rights import Rights
from tests.domain.acting import acting

from fengtai.domain.access.model import (
    AccessPolicy,
    Actor,
    Approval,
    ApprovalState,
    ApprovedAct,
    Effect,
    Grant,
    GrantTerms,
    Permission,
    Person,
    Place,
    Role,
)
from fengtai.domain.access.ports import ApprovalStore, PersonStore
from fengtai.domain.access.service import PersonWords, granting
from fengtai.domain.access.service.four_eyes import asked_or_approved, use_up
from fengtai.domain.access.service.granting import acting_as
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid, NotFound, TooMany

POLICY = AccessPolicy(approve_guardians=True)
DAY = 86_400.0
EAST = Place("east", "310115")


class Guarded:
    """A house with three administrators, whose accounts are older than a day."""

    def __init__(self, house: House) -> None:
        self.house, self.rights = house, Rights(house)

    async def settle(self) -> None:
        root = acting(Role.ADMINISTRATOR, user_id="root")
        for name in ("anna", "bo", "cai"):
            await self.house.add(name, Role.OPERATOR, by=root)
            self.give_directly(name)
        self.house.clock.advance(2 * DAY)

    def give_directly(self, name: str) -> None:
        terms, user_id = GrantTerms(role=Role.ADMINISTRATOR), self.rights.id_of(name)
        self.house.transactions.run(
            lambda uow: granting.give(uow, user_id, terms, granted_by="system:test", reason="r")
        )

    def person(self, name: str) -> Person:
        return self.house.transactions.look(lambda uow: uow.store(PersonStore).get(self.rights.id_of(name)))

    def by(self, name: str) -> Actor:
        return self.house.transactions.look(lambda uow: acting_as(uow, self.person(name)))

    async def ask(self, of: str = "operator", by: str = "anna") -> Approval:
        asked = await self.rights.desk.give(
            self.rights.id_of(of), GrantTerms(role=Role.ADMINISTRATOR), "replaces Wei", by=self.by(by)
        )
        assert isinstance(asked, Approval)
        return asked

    async def decide(self, approval: Approval, by: str, *, agrees: bool = True) -> Approval:
        return await self.house.approvals.decide(approval.id, agrees=agrees, note="known to me", by=self.by(by))


@pytest.fixture
async def guarded() -> Guarded:
    guarded = Guarded(await house_with_people(POLICY))
    await guarded.settle()
    return guarded


async def test_a_second_administrator_agrees_before_there_is_another_one(guarded: Guarded) -> None:
    asked = await guarded.ask()
    assert Role.ADMINISTRATOR not in guarded.person("operator").roles
    done = await guarded.decide(asked, "bo")
    assert done.state is ApprovalState.DONE
    assert Role.ADMINISTRATOR in guarded.person("operator").roles
    given = guarded.house.lines("grant.give")[-1]
    assert given.actor == f"user:{guarded.rights.id_of('anna')}"
    assert given.details["approval"] == asked.id
    assert given.details["approved_by"].startswith("Bo (")
    assert guarded.house.lines("approval.ask")[-1].details["reason"] == "replaces Wei"
    assert guarded.house.lines("approval.approve")[-1].actor == f"user:{guarded.rights.id_of('bo')}"
    states = [event.payload["state"] for event in guarded.house.transactions.told("access.approval_changed")]
    assert states == ["waiting", "approved", "done"]


async def test_nobody_agrees_with_themselves_nor_does_a_program(guarded: Guarded) -> None:
    asked = await guarded.ask()
    with pytest.raises(Forbidden, match="themselves"):
        await guarded.decide(asked, "anna")
    other_session = await guarded.house.sign_in("anna", source_ip="198.51.100.9")
    with pytest.raises(Forbidden, match="themselves"):
        await guarded.house.approvals.decide(asked.id, agrees=True, note="", by=other_session.actor)
    bo = (await guarded.house.sign_in("bo")).actor
    token, _ = await guarded.house.tokens.make(
        purpose="a script", permissions=[Permission.SYSTEM_SEE], days=1, password="", by=bo
    )
    program = replace(guarded.by("bo"), session_id=token.session_id)
    with pytest.raises(Forbidden, match="token"):
        await guarded.house.approvals.decide(asked.id, agrees=True, note="", by=program)
    assert Role.ADMINISTRATOR not in guarded.person("operator").roles


async def test_whose_password_the_asker_has_just_set_does_not_agree(guarded: Guarded) -> None:
    """Else whoever resets a colleague's password could agree with themselves."""
    await guarded.house.passwords.reset(guarded.rights.id_of("bo"), "seven green lanterns", by=guarded.by("anna"))
    asked = await guarded.ask()
    with pytest.raises(Forbidden, match="third person"):
        await guarded.decide(asked, "bo")
    assert (await guarded.decide(asked, "cai")).state is ApprovalState.DONE


async def test_only_an_administrator_of_the_city_agrees(guarded: Guarded) -> None:
    asked = await guarded.ask()
    with pytest.raises(Forbidden, match="whole city"):
        await guarded.decide(asked, "chief")
    with pytest.raises(NotFound):
        await guarded.decide(asked, "engineer")


async def test_a_refusal_is_told_and_is_the_end(guarded: Guarded) -> None:
    asked = await guarded.ask()
    refused = await guarded.decide(asked, "bo", agrees=False)
    assert (refused.state, refused.decided_by_name, refused.note) == (ApprovalState.REFUSED, "Bo", "known to me")
    with pytest.raises(Conflict, match="refused already by Bo"):
        await guarded.decide(asked, "cai")
    assert Role.ADMINISTRATOR not in guarded.person("operator").roles


async def test_the_askers_right_is_asked_again_at_the_moment_of_the_act(guarded: Guarded) -> None:
    asked = await guarded.ask()
    (grant,) = [one for one in guarded.rights.grants_of("anna") if one.terms.role is Role.ADMINISTRATOR]
    await guarded.rights.desk.take_back(grant.id, "leaves", by=guarded.by("bo"))
    decided = await guarded.decide(asked, "cai")
    assert decided.state is ApprovalState.REFUSED
    assert "Anna may not do this any more" in decided.note
    assert Role.ADMINISTRATOR not in guarded.person("operator").roles
    assert guarded.house.lines("approval.approve")[-1].outcome.value == "failed"


async def test_what_somebody_who_was_disabled_asked_for_is_not_done(guarded: Guarded) -> None:
    asked = await guarded.ask()
    words = PersonWords(display_name="Anna", roles=guarded.person("anna").roles, disabled=True)
    await guarded.house.people.change(guarded.rights.id_of("anna"), words, by=guarded.by("bo"))
    assert (await guarded.decide(asked, "cai")).note == "Anna is disabled"


async def test_it_is_over_after_a_day(guarded: Guarded) -> None:
    asked = await guarded.ask()
    guarded.house.clock.advance(DAY)
    with pytest.raises(Conflict, match="time of this request is over"):
        await guarded.decide(asked, "bo")
    await guarded.house.approvals.tick()
    assert (await guarded.house.approvals.get(asked.id, by=guarded.by("anna"))).state is ApprovalState.EXPIRED
    assert guarded.house.lines("approval.expire")[-1].details["approval"] == asked.id


async def test_asking_twice_is_one_request_and_one_withdraws_ones_own(guarded: Guarded) -> None:
    asked = await guarded.ask()
    assert (await guarded.ask()).id == asked.id
    with pytest.raises(NotFound):
        await guarded.house.approvals.withdraw(asked.id, by=guarded.by("bo"))
    gone = await guarded.house.approvals.withdraw(asked.id, by=guarded.by("anna"))
    assert gone.state is ApprovalState.WITHDRAWN
    with pytest.raises(Conflict, match="withdrawn already"):
        await guarded.decide(asked, "bo")


async def test_a_person_is_added_without_the_role_that_waits(guarded: Guarded) -> None:
    words = PersonWords(display_name="Deng", roles=frozenset({Role.ADMINISTRATOR, Role.OPERATOR}))
    added = await guarded.house.people.add(
        name="deng", password="nine green lanterns", words=words, by=guarded.by("anna")
    )
    assert added.roles == {Role.OPERATOR}
    (waiting,) = await guarded.house.approvals.page(by=guarded.by("bo"), mine=False, only_waiting=True)
    assert waiting.title == "administrator: Deng"
    await guarded.decide(waiting, "bo")
    assert guarded.person("deng").roles == {Role.OPERATOR, Role.ADMINISTRATOR}


async def test_where_there_is_nobody_to_agree_the_only_administrator_names_another() -> None:
    rights = Rights(await house_with_people(POLICY))
    assert isinstance(await rights.give("operator", Role.ADMINISTRATOR), Grant)


async def test_a_prohibition_and_a_district_need_no_second_person(guarded: Guarded) -> None:
    for terms in (
        GrantTerms(role=Role.ADMINISTRATOR, effect=Effect.FORBID),
        GrantTerms(role=Role.ADMINISTRATOR, organisation_id="east"),
        GrantTerms(role=Role.CHIEF),
    ):
        given = await guarded.rights.desk.give(
            guarded.rights.id_of("operator"), terms, "why not", by=guarded.by("anna")
        )
        assert isinstance(given, Grant)


# --- what is done afterwards by whoever asked


def ask_for(guarded: Guarded, clip: str, by: Actor) -> Approval:
    return guarded.house.transactions.run(
        lambda uow: asked_or_approved(
            uow, ApprovedAct.EXPORT_CLIP, f"clip:{clip}", {"clip": clip}, title=clip, place=EAST, reason="court", by=by
        )
    )


async def test_an_approval_is_good_once_for_exactly_that_and_for_nobody_else(guarded: Guarded) -> None:
    officer = acting(Role.EVIDENCE_OFFICER, user_id=guarded.rights.id_of("evidence-officer"), name="Evi")
    asked = ask_for(guarded, "c1", officer)
    await guarded.decide(asked, "chief")
    assert ask_for(guarded, "c2", officer).state is ApprovalState.WAITING
    assert ask_for(guarded, "c1", guarded.by("operator")).state is ApprovalState.WAITING
    good = ask_for(guarded, "c1", officer)
    assert (good.id, good.state) == (asked.id, ApprovalState.APPROVED)
    guarded.house.transactions.run(lambda uow: use_up(uow, good))
    with pytest.raises(Conflict):
        guarded.house.transactions.run(lambda uow: use_up(uow, good))
    assert ask_for(guarded, "c1", officer).state is ApprovalState.WAITING


async def test_who_may_not_see_the_pictures_does_not_agree_to_their_leaving(guarded: Guarded) -> None:
    asked = ask_for(guarded, "c1", guarded.by("evidence-officer"))
    with pytest.raises(Forbidden, match=r"playback\.see"):
        await guarded.house.approvals.decide(asked.id, agrees=True, note="", by=acting(Role.ADMINISTRATOR, user_id="a"))


async def test_requests_need_a_reason_and_are_not_without_number(guarded: Guarded) -> None:
    officer = guarded.by("evidence-officer")
    with pytest.raises(Invalid, match="say why"):
        guarded.house.transactions.run(
            lambda uow: asked_or_approved(
                uow, ApprovedAct.EXPORT_CLIP, "clip:c", {}, title="c", place=EAST, reason=" ", by=officer
            )
        )
    for number in range(20):
        ask_for(guarded, f"c{number}", officer)
    with pytest.raises(TooMany):
        ask_for(guarded, "one more", officer)


async def test_who_serves_another_place_is_not_told_of_it(guarded: Guarded) -> None:
    asked = ask_for(guarded, "c1", guarded.by("evidence-officer"))
    await guarded.rights.newcomer("zhang", Role.CHIEF, organisation_id="west")
    zhang = guarded.by("zhang")
    assert await guarded.house.approvals.page(by=zhang, mine=False) == []
    for act in (
        guarded.house.approvals.get(asked.id, by=zhang),
        guarded.house.approvals.decide(asked.id, agrees=True, note="", by=zhang),
    ):
        with pytest.raises(NotFound, match="no such request"):
            await act


async def test_rows_stay_and_come_page_by_page(guarded: Guarded) -> None:
    officer = guarded.by("evidence-officer")
    ids = sorted(ask_for(guarded, f"c{number}", officer).id for number in range(5))
    first = await guarded.house.approvals.page(by=officer, mine=True, limit=3)
    rest = await guarded.house.approvals.page(by=officer, mine=True, after=first[-1].id, limit=3)
    assert [one.id for one in [*first, *rest]] == ids[::-1]
    kept: datetime = guarded.house.transactions.look(lambda uow: uow.store(ApprovalStore).get(ids[0])).asked_at
    assert kept == guarded.house.clock.now().utc

"""A clip leaves the house by a right of its own, with a purpose, and where the settings ask for it with a second person."""

import pytest
from tests.domain.acting import acting
from tests.domain.incidents.conftest import LI, SHANGHAI, Centre
from tests.domain.incidents.test_clips import clips_of, raised_and_planned

from fengtai.domain.access.model import AccessPolicy, Actor, Approval, Role
from fengtai.domain.access.ports import PersonStore
from fengtai.domain.access.service import AccessDesk, ApprovalDesk
from fengtai.domain.access.service.granting import acting_as
from fengtai.domain.access.service.units import add_person
from fengtai.domain.incidents.service import IncidentDesk
from fengtai.storage.passwords import Argon2Passwords
from fengtai.vocabulary.errors import Conflict, Forbidden, Invalid

PURPOSE = ("case", "A-2026-0815", "for the court")


class House:
    """A centre with a clip that is ready, and people whose rows are there."""

    def __init__(self, centre: Centre, policy: AccessPolicy) -> None:
        self.centre = centre
        self.desk = IncidentDesk(
            transactions=centre.transactions,
            clips=centre.tapes,
            clip_files=centre.tapes,
            time_zone=SHANGHAI,
            policy=policy,
        )
        access = AccessDesk(
            transactions=centre.transactions, clock=centre.clock, hasher=Argon2Passwords(memory_kib=8, passes=1)
        )
        self.approvals = ApprovalDesk(transactions=centre.transactions, clock=centre.clock, access=access)
        self.evi, self.chen = self.settle("evi", Role.EVIDENCE_OFFICER), self.settle("chen", Role.CHIEF)

    def settle(self, name: str, role: Role) -> Actor:
        person = self.centre.transactions.run(lambda uow: add_person(uow, name, name, frozenset({role}), ""))
        return self.centre.transactions.look(lambda uow: acting_as(uow, uow.store(PersonStore).get(person.id)))

    async def clip(self) -> str:
        raised = await raised_and_planned(self.centre)
        self.centre.clock.advance(40)
        await self.desk.tick()
        await self.desk.open_from_alarm(raised.id, by=LI)
        return clips_of(self.centre, raised)[0].id

    async def ask(self, clip_id: str, by: Actor | None = None):
        return await self.desk.export_clip(clip_id, *PURPOSE, by=by or self.evi)

    async def fetch(self, clip_id: str, word: str, by: Actor | None = None) -> bytes:
        playback = await self.desk.play_clip(clip_id, word, by=by or self.evi)
        data = b"".join([piece async for piece in playback.read(0, playback.size_bytes - 1)])
        await playback.finish(sent_bytes=len(data))
        return data


@pytest.fixture
def alone(centre: Centre) -> House:
    return House(centre, AccessPolicy())


@pytest.fixture
def guarded(centre: Centre) -> House:
    return House(centre, AccessPolicy(approve_clip_exports=True))


async def test_it_leaves_with_intent_and_result_in_the_audit(alone: House) -> None:
    clip_id = await alone.clip()
    view = await alone.ask(clip_id)
    assert await alone.fetch(clip_id, view.word)
    intent, result = alone.centre.audited("clip.export")
    assert (intent.outcome.value, result.outcome.value) == ("intent", "done")
    assert intent.act == result.act
    assert result.purpose == "case: A-2026-0815"
    assert alone.centre.audited("clip.play") == []


async def test_who_may_look_may_not_take_out(alone: House) -> None:
    clip_id = await alone.clip()
    with pytest.raises(Forbidden, match=r"playback\.export"):
        await alone.ask(clip_id, by=LI)
    with pytest.raises(Invalid):
        await alone.desk.export_clip(clip_id, "case", "test", "r", by=alone.evi)
    view = await alone.desk.view_clip(clip_id, "case", "A-2026-0815", by=LI)
    assert view.export is None


async def test_a_second_person_agrees_first_and_both_names_stand_in_the_audit(guarded: House) -> None:
    clip_id = await guarded.clip()
    asked = await guarded.ask(clip_id)
    assert isinstance(asked, Approval)
    with pytest.raises(Forbidden):
        await guarded.approvals.decide(asked.id, agrees=True, note="", by=guarded.evi)
    await guarded.approvals.decide(asked.id, agrees=True, note="court order seen", by=guarded.chen)
    view = await guarded.ask(clip_id)
    assert await guarded.fetch(clip_id, view.word)
    for line in guarded.centre.audited("clip.export"):
        assert line.actor == f"user:{guarded.evi.user_id}"
        assert line.details["approved_by"] == f"chen ({guarded.chen.user_id})"
        assert line.details["asked_by"] == f"evi ({guarded.evi.user_id})"
    assert isinstance(await guarded.ask(clip_id), Approval), "it was good once"


async def test_the_right_is_asked_for_again_when_it_is_taken_out(guarded: House) -> None:
    clip_id = await guarded.clip()
    asked = await guarded.ask(clip_id)
    await guarded.approvals.decide(asked.id, agrees=True, note="", by=guarded.chen)
    without = acting(Role.CHIEF, user_id=guarded.evi.user_id, name="evi")
    with pytest.raises(Forbidden, match=r"playback\.export"):
        await guarded.ask(clip_id, by=without)
    view = await guarded.ask(clip_id)
    with pytest.raises(Forbidden, match=r"playback\.export"):
        await guarded.desk.play_clip(clip_id, view.word, by=without)


async def test_a_refusal_gives_nothing(guarded: House) -> None:
    clip_id = await guarded.clip()
    asked = await guarded.ask(clip_id)
    await guarded.approvals.decide(asked.id, agrees=False, note="no order", by=guarded.chen)
    again = await guarded.ask(clip_id)
    assert isinstance(again, Approval)
    assert again.id != asked.id
    with pytest.raises(Conflict):
        await guarded.approvals.decide(asked.id, agrees=True, note="", by=guarded.chen)

"""Requests for a second person on every engine: kept whole, listed within reach, and decided once however many try."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.contracts.conftest import Units
from tests.domain.acting import acting

from fengtai.apps.schema import sql_stores
from fengtai.domain.access.model import Approval, ApprovalState, ApprovedAct, GrantTerms, Person, Place, Role
from fengtai.domain.access.ports import ApprovalStore, GrantStore, PersonStore
from fengtai.domain.access.service import AccessDesk, ApprovalDesk, granting
from fengtai.domain.access.service.four_eyes import asked_or_approved, use_up
from fengtai.domain.access.service.giving import told
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, NotFound

NOW = HandClock().now().utc
ASKED = Approval(
    id=f"{1:032x}",
    act=ApprovedAct.GIVE_GUARDIAN,
    object="person:p9",
    terms=told(GrantTerms(role=Role.ADMINISTRATOR)),
    title="administrator: 董",
    place=Place("city", "3101", 0),
    reason="接替",
    asked_by="anna",
    asked_by_name="Anna",
    asked_at=NOW,
    expires_at=NOW + timedelta(hours=24),
)


def add(units: Units, *approvals: Approval) -> None:
    for approval in approvals:
        units.run(lambda uow, one=approval: uow.store(ApprovalStore).add(one))


def test_a_request_comes_back_as_it_was_kept_and_moves_only_from_where_it_was_seen(units: Units) -> None:
    add(units, ASKED)
    assert units.read(lambda uow: uow.store(ApprovalStore).get(ASKED.id)) == ASKED
    refused = replace(
        ASKED, state=ApprovalState.REFUSED, decided_by="bo", decided_by_name="Bo", decided_at=NOW, note="否"
    )
    assert units.run(lambda uow: uow.store(ApprovalStore).move(refused, seen=ApprovalState.WAITING))
    assert not units.run(lambda uow: uow.store(ApprovalStore).move(ASKED, seen=ApprovalState.WAITING))
    assert units.read(lambda uow: uow.store(ApprovalStore).get(ASKED.id)) == refused
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(ApprovalStore).get("f" * 32))


def test_open_ones_and_those_whose_time_is_over_are_found(units: Units) -> None:
    approved = replace(ASKED, id=f"{2:032x}", state=ApprovalState.APPROVED, expires_at=NOW)
    done, foreign = (
        replace(approved, id=f"{3:032x}", state=ApprovalState.DONE),
        replace(ASKED, id=f"{4:032x}", asked_by="x"),
    )
    add(units, ASKED, approved, done, foreign)
    assert units.read(lambda uow: uow.store(ApprovalStore).open_of("anna")) == [ASKED, approved]
    assert units.read(lambda uow: uow.store(ApprovalStore).over(NOW)) == [approved]
    pages = units.read(lambda uow: uow.store(ApprovalStore).page(None, asked_by="anna", limit=2))
    assert pages == [done, approved]
    rest = units.read(lambda uow: uow.store(ApprovalStore).page(None, asked_by="anna", after=approved.id))
    assert rest == [ASKED]
    waiting = units.read(lambda uow: uow.store(ApprovalStore).page(None, only_waiting=True))
    assert waiting == [foreign, ASKED]


@pytest.fixture
def second(units):
    """Another process's engine on the same database where there can be one, else the same."""
    if units.kind != "postgres":
        yield units.engine
        return
    other = PostgresDatabase(units.url, units.clock, sql_stores())
    units.wait(other.open())
    yield other
    units.wait(other.close())


def desk(units: Units, engine) -> ApprovalDesk:
    access = AccessDesk(transactions=engine, clock=units.clock, hasher=Argon2Passwords(memory_kib=8, passes=1))
    return ApprovalDesk(transactions=engine, clock=units.clock, access=access)


def test_of_two_who_agree_at_once_one_does_it_and_it_is_done_once(units: Units, second) -> None:
    def ready(uow) -> None:
        now = uow.now.utc
        for user_id in ("anna", "bo", "cai", "p9"):
            person = Person(
                id=user_id, name=user_id, display_name=user_id, roles=frozenset(), password_hash="", created_at=now
            )
            uow.store(PersonStore).save(person, name_key=user_id)
            if user_id != "p9":
                terms = GrantTerms(role=Role.ADMINISTRATOR)
                granting.give(uow, user_id, terms, granted_by="system:test", reason="r")
        uow.store(ApprovalStore).add(replace(ASKED, asked_at=now, expires_at=now + timedelta(hours=24)))

    async def both():
        return await asyncio.gather(
            *(
                desk(units, engine).decide(
                    ASKED.id, agrees=True, note="", by=acting(Role.ADMINISTRATOR, user_id=name, name=name)
                )
                for name, engine in (("bo", units.engine), ("cai", second), ("bo", second), ("cai", units.engine))
            ),
            return_exceptions=True,
        )

    units.run(ready)
    answers = units.wait(both())
    assert [answer.state for answer in answers if isinstance(answer, Approval)] == [ApprovalState.DONE]
    assert len([answer for answer in answers if isinstance(answer, Conflict)]) == 3
    (grant,) = units.read(lambda uow: uow.store(GrantStore).of_person("p9"))
    assert grant.granted_by == "anna"


def test_an_approval_that_is_used_at_once_by_two_programs_of_one_person_is_good_once(units: Units, second) -> None:
    by = acting(Role.EVIDENCE_OFFICER, user_id="anna", name="Anna")

    def ask(uow) -> Approval:
        return asked_or_approved(
            uow, ApprovedAct.EXPORT_CLIP, "clip:1", {"purpose": "p"}, title="t", place=Place(), reason="r", by=by
        )

    def export(uow) -> bool:
        found = ask(uow)
        return found.state is ApprovalState.APPROVED and use_up(uow, found).state is ApprovalState.DONE

    asked = units.run(ask)
    approved = replace(asked, state=ApprovalState.APPROVED)
    units.run(lambda uow: uow.store(ApprovalStore).move(approved, seen=ApprovalState.WAITING))

    async def both():
        return await asyncio.gather(units.engine.write(export), second.write(export), return_exceptions=True)

    answers = units.wait(both())
    assert answers.count(True) == 1

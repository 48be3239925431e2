"""Idempotency keys on every engine: the claim and the act are one."""

import asyncio

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.storage.request_keys import CLAIM, Claim, KeptRequest, KeyedTransactions, RepeatedRequest, RequestKeys
from fengtai.vocabulary.errors import Conflict, NotFound

CITY = Organisation(id="a1", name="风台市", level=Level.CITY)


def a_claim() -> Claim:
    return Claim("u1", "key-1", b"f" * 32)


def act(uow):
    uow.store(OrganisationStore).save(CITY)
    return "done"


def under(units: Units, claim: Claim, work):
    """Run this unit in the context of a request that claims."""

    async def run():
        CLAIM.set(claim)
        return await KeyedTransactions(units.engine).write(work)

    return units.wait(asyncio.wait_for(run(), 10))


def found(units: Units):
    return units.read(lambda uow: uow.store(RequestKeys).find("u1", "key-1"))


def test_a_claim_is_durable_with_its_act_and_later_has_its_answer(units: Units):
    claim = a_claim()
    assert under(units, claim, act) == "done"
    assert claim.made
    assert found(units) == KeptRequest(b"f" * 32, b"")
    units.run(lambda uow: uow.store(RequestKeys).keep_answer(claim, b"sealed"))
    assert found(units) == KeptRequest(b"f" * 32, b"sealed")


def test_the_same_key_again_undoes_the_act(units: Units):
    under(units, a_claim(), lambda uow: None)
    with pytest.raises(RepeatedRequest):
        under(units, a_claim(), act)
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(OrganisationStore).get("a1"))


def test_a_refused_act_keeps_no_key(units: Units):
    def refuse(uow):
        act(uow)
        raise Conflict("not now")

    claim = a_claim()
    with pytest.raises(Conflict):
        under(units, claim, refuse)
    assert not claim.made
    assert found(units) is None


def test_of_two_at_once_only_one_acts(units: Units):
    async def both():
        async def one():
            CLAIM.set(a_claim())
            return await KeyedTransactions(units.engine).write(act)

        tasks = [asyncio.create_task(one()) for _ in range(2)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = units.wait(both())
    assert sorted(type(answer).__name__ for answer in answers) == ["RepeatedRequest", "str"]


def test_another_persons_key_is_another_key(units: Units):
    under(units, a_claim(), lambda uow: None)
    under(units, Claim("u2", "key-1", b"f" * 32), act)
    assert units.read(lambda uow: uow.store(OrganisationStore).get("a1")) == CITY


def test_old_keys_are_forgotten(units: Units):
    under(units, a_claim(), lambda uow: None)
    made_ms = units.clock.now().utc_ms
    units.run(lambda uow: uow.store(RequestKeys).forget_before(made_ms))
    assert found(units) is not None
    units.run(lambda uow: uow.store(RequestKeys).forget_before(made_ms + 1))
    assert found(units) is None

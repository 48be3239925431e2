"""Idempotency-Key: a repeated request is answered again, not done again; whatever is doubtful is refused."""

from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import House

from fengtai.apps.web_api.gate import who
from fengtai.apps.web_api.repeats import KEPT_MS, SWEEP_SECONDS, AnsweredRequests
from fengtai.domain.access.model import Actor, signed_in
from fengtai.storage.memory.request_keys import STORES
from fengtai.storage.request_keys import KeyedTransactions, RequestKeys
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.errors import Conflict


class Bell(BaseModel):
    text: str
    fails: str = ""


@dataclass
class Tower:
    """A service that counts how often its bell was rung, in units of work."""

    transactions: KeyedTransactions
    rung: list[str] = field(default_factory=list)

    async def ring(self, text: str, fails: str) -> int:
        def unit(_):
            if fails == "before":
                raise Conflict("the bell is being mended")
            self.rung.append(text)

        await self.transactions.write(unit)
        if fails == "after":
            raise Conflict("the rope broke")
        if fails == "crash":
            raise RuntimeError("the tower fell")
        return len(self.rung)


@dataclass
class Standing:
    edge: Edge
    tower: Tower
    answered: AnsweredRequests

    @property
    def kept(self) -> RequestKeys:
        return self.edge.house.transactions.offered(RequestKeys)


@pytest.fixture
def standing(house: House, tmp_path) -> Standing:
    house.transactions._stores.update({port: twin() for port, twin in STORES.items()})
    tower = Tower(KeyedTransactions(house.transactions))
    routes = APIRouter()

    @routes.post("/api/bell", status_code=201, openapi_extra=signed_in())
    async def ring(bell: Bell, by: Actor = Depends(who)) -> dict[str, int]:
        return {"rung": await tower.ring(bell.text, bell.fails)}

    answered = AnsweredRequests(house.transactions, FileVault(tmp_path / "key"), house.clock)
    return Standing(edge_of(house, routers=[routes], answered=answered), tower, answered)


async def ring(client: httpx.AsyncClient, key: str = "", **body: str) -> httpx.Response:
    return await client.post(
        "/api/bell", json={"text": "noon", **body}, headers={"Idempotency-Key": key} if key else {}
    )


async def test_the_same_request_again_has_the_same_answer_and_no_second_act(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        first, again = await ring(one, "k1"), await ring(one, "k1")
    assert standing.tower.rung == ["noon"]
    assert (first.status_code, first.json()) == (again.status_code, again.json()) == (201, {"rung": 1})
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/json"


async def test_without_a_key_it_is_done_twice(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        await ring(one)
        await ring(one)
    assert standing.tower.rung == ["noon", "noon"]


async def test_the_key_of_another_request_is_refused(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        await ring(one, "k1")
        other = await ring(one, "k1", text="midnight")
    assert other.status_code == 422
    assert standing.tower.rung == ["noon"]


async def test_two_people_may_choose_the_same_key(standing: Standing):
    async with await standing.edge.signed_in("operator") as one, await standing.edge.signed_in("chief") as other:
        await ring(one, "k1")
        assert (await ring(other, "k1")).json() == {"rung": 2}


async def test_a_refusal_that_wrote_nothing_may_be_tried_again(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        assert (await ring(one, "k1", fails="before")).status_code == 409
        assert (await ring(one, "k1")).status_code == 201


async def test_a_refusal_after_something_was_written_is_the_answer_of_the_key(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        answers = [await ring(one, "k1", fails="after") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[1].headers["content-type"] == "application/problem+json"
    assert standing.tower.rung == ["noon"]


async def test_an_answer_that_was_lost_is_not_made_up(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        assert (await ring(one, "k1", fails="crash")).status_code == 500
        again = await ring(one, "k1", fails="crash")
    assert again.status_code == 409
    assert "answer is not there" in again.json()["detail"]
    assert standing.tower.rung == ["noon"]


@pytest.mark.parametrize("key", ["", '""', "x" * 129, "two\tparts"])
async def test_a_key_that_is_none_is_refused(standing: Standing, key: str):
    async with await standing.edge.signed_in("operator") as one:
        answer = await one.post("/api/bell", json={"text": "noon"}, headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert standing.tower.rung == []


async def test_a_key_is_forgotten_after_a_day(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        await ring(one, "k1")
    await standing.answered.tick()
    standing.edge.house.clock.advance(KEPT_MS / 1000 + SWEEP_SECONDS)
    await standing.answered.tick()
    async with await standing.edge.signed_in("operator") as one:
        assert (await ring(one, "k1")).json() == {"rung": 2}


async def test_answers_are_kept_sealed(standing: Standing):
    async with await standing.edge.signed_in("operator") as one:
        await ring(one, "k1")
    assert all(b"rung" not in kept.answer and kept.answer for kept, _ in standing.kept.kept.values())

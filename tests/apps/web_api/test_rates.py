"""Rate limits: buckets that fill with time, one per kind of act, and answers that say when to come again."""

import pytest
from tests.apps.web_api.conftest import edge_of
from tests.domain.access.conftest import House

from fengtai.apps.web_api.rates import MOST_BUCKETS, Rate, RateLane, Rates
from fengtai.vocabulary.clock import HandClock


def test_a_bucket_gives_its_burst_and_then_as_much_as_time_brings():
    clock = HandClock()
    rates = Rates(clock, {RateLane.READ: Rate(per_second=2, burst=3)})
    assert [rates.wait(RateLane.READ, "chief") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.advance(0.5)
    assert rates.wait(RateLane.READ, "chief") == 0
    assert rates.wait(RateLane.READ, "chief") > 0
    clock.advance(3600)
    assert [rates.wait(RateLane.READ, "chief") > 0 for _ in range(4)] == [False, False, False, True]


def test_people_and_lanes_do_not_share_buckets():
    rates = Rates(HandClock(), {RateLane.READ: Rate(1, 1), RateLane.EXPORT: Rate(1, 1)})
    assert rates.wait(RateLane.READ, "chief") == 0
    assert rates.wait(RateLane.READ, "operator") == 0
    assert rates.wait(RateLane.EXPORT, "chief") == 0
    assert rates.wait(RateLane.READ, "chief") > 0


def test_a_rate_of_zero_is_no_limit():
    rates = Rates(HandClock(), {RateLane.READ: Rate(0, 1)})
    assert not any(rates.wait(RateLane.READ, "chief") for _ in range(1000))


def test_a_flood_of_addresses_does_not_fill_the_memory():
    rates = Rates(HandClock(), {RateLane.ADDRESS: Rate(1, 1)})
    for number in range(MOST_BUCKETS + 100):
        rates.wait(RateLane.ADDRESS, str(number))
    assert len(rates._buckets) <= MOST_BUCKETS


@pytest.fixture
def rates(house: House) -> Rates:
    return Rates(house.clock, {RateLane.READ: Rate(1, 2), RateLane.SIGN_IN: Rate(1, 3), RateLane.ADDRESS: Rate(1, 50)})


async def test_too_many_readings_are_refused_with_the_time_to_wait(house: House, rates: Rates):
    edge = edge_of(house, rates=rates)
    async with await edge.signed_in("operator") as one, await edge.signed_in("chief") as other:
        assert [(await one.get("/api/session")).status_code for _ in range(3)] == [200, 200, 429]
        answer = await one.get("/api/session")
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["kind"] == "too-many"
        assert (await other.get("/api/session")).status_code == 200
        house.clock.advance(1)
        assert (await one.get("/api/session")).status_code == 200


async def test_signing_in_has_a_limit_per_address(house: House, rates: Rates):
    edge = edge_of(house, rates=rates)
    async with edge.client() as stranger:
        asked = {"name": "nobody", "password": "wrong"}
        statuses = [(await stranger.post("/api/session", json=asked)).status_code for _ in range(4)]
    assert statuses == [401, 401, 401, 429]


async def test_an_address_is_limited_before_anybody_is_known(house: House):
    edge = edge_of(house, rates=Rates(house.clock, {RateLane.ADDRESS: Rate(1, 2)}))
    async with edge.client() as stranger:
        answers = [await stranger.get("/healthz") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "content-security-policy" in answers[2].headers

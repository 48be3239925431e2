"""The routes of alarms answer what the console expects."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.alarms.conftest import Desk, actor

from fengtai.domain.access.model import Permission
from fengtai.domain.alarms.api import router
from fengtai.domain.alarms.api.views import AlarmView
from fengtai.domain.alarms.model import Alarm
from fengtai.domain.alarms.service import AlarmQueue, CallDesk


def call_desk(desk: Desk) -> CallDesk:
    return CallDesk(transactions=desk.units, alarms=desk.service, clock=desk.clock)


@pytest.fixture
async def console(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    edge = FastAPI()
    edge.include_router(
        router(desk.service, AlarmQueue(transactions=desk.units), call_desk(desk), lambda: actor("王芳"))
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://test") as client:
        yield client


async def test_the_queue_shows_all_of_an_alarm_and_the_steps_that_are_possible(
    desk: Desk, console: httpx.AsyncClient
) -> None:
    await desk.send("131", raw=b"\nraw\r")

    answer = (await console.get("/api/alarms")).json()

    [alarm] = answer["items"]
    assert answer["next"] is None
    assert alarm["allowed_steps"] == ["take", "shelve", "close"]
    assert (alarm["state"], alarm["priority"], alarm["channel"]) == ("raised", 4, "fixed")
    assert alarm["raised_at"] == "2026-11-20T12:00:00.000Z"
    assert alarm["position"] == {"longitude": 116.39, "latitude": 39.91}
    internal = {"dedup_key", "path"}
    assert set(AlarmView.model_fields) == (set(Alarm.__dataclass_fields__) - internal) | {"allowed_steps"}

    whole = (await console.get(f"/api/alarms/{alarm['id']}")).json()
    assert whole["signals"][0]["raw_hex"] == "0a7261770d"
    assert whole["history"] == [
        {
            "at": "2026-11-20T12:00:00.000Z",
            "step": "raised",
            "who": "R90",
            "text": "R90 v1: by the priority ladder",
        }
    ]


async def test_pages_go_on_where_the_last_one_ended(desk: Desk, console: httpx.AsyncClient) -> None:
    for zone in ("1", "2", "3"):
        await desk.send("131", zone=zone)
        desk.clock.advance(1)

    first = (await console.get("/api/alarms", params={"limit": 2, "state": "all"})).json()
    rest = (await console.get("/api/alarms", params={"limit": 2, "state": "all", "after": first["next"]})).json()

    assert [alarm["zone"] for alarm in first["items"] + rest["items"]] == ["3", "2", "1"]
    assert rest["next"] is None


async def test_an_alarm_is_shelved_and_closed(desk: Desk, console: httpx.AsyncClient) -> None:
    await desk.send("131")
    path = f"/api/alarms/{(await desk.the_alarm()).id}"

    shelved = (await console.post(f"{path}/shelve", json={"minutes": 5, "reason": "r", "version": 1})).json()
    closed = (await console.post(f"{path}/close", json={"disposition": "false", "version": 2})).json()

    assert (shelved["state"], shelved["shelved_until"]) == ("shelved", "2026-11-20T12:05:00.000Z")
    assert (closed["state"], closed["disposition"], closed["allowed_steps"]) == ("closed", "false", [])


async def test_tests_are_listed_put_and_taken_back(desk: Desk, console: httpx.AsyncClient) -> None:
    form = {"account_id": "account-1234", "minutes": 10, "reason": "service", "drill": True}
    made = await console.post("/api/on-test", json=form)

    assert made.status_code == 201
    assert (made.json()["number"], made.json()["by_name"], made.json()["drill"]) == ("1234", "王芳", True)
    assert (await console.get("/api/on-test")).json()["items"] == [made.json()]
    assert (await console.delete(f"/api/on-test/{made.json()['id']}")).status_code == 204
    assert (await console.get("/api/on-test")).json()["items"] == []


async def test_signals_are_listed_newest_first_and_in_pages(desk: Desk, console: httpx.AsyncClient) -> None:
    for _ in range(5):
        await desk.send("602")

    first = (await console.get("/api/signals", params={"limit": 2})).json()
    rest = (await console.get("/api/signals", params={"limit": 10, "before": first["next"]})).json()

    assert [signal["seq"] for signal in first["items"]] == [5, 4]
    assert [signal["seq"] for signal in rest["items"]] == [3, 2, 1]


async def test_sources_are_listed_with_their_state(desk: Desk, console: httpx.AsyncClient) -> None:
    desk.service.heard("account-60", desk.clock.now())

    sources = {source["number"]: source for source in (await console.get("/api/sources")).json()}

    assert sources["60"] == {
        "source": "sia-dc09",
        "account_id": "account-60",
        "number": "60",
        "premises_name": "Jeweller",
        "last_seen_at": "2026-11-20T12:00:00.000Z",
        "expected_seconds": 60,
        "state": "alive",
    }
    assert sources["77"]["state"] == "never"


def test_every_route_names_its_permission(desk: Desk) -> None:
    for route in router(desk.service, AlarmQueue(transactions=desk.units), call_desk(desk), lambda: actor()).routes:
        assert route.openapi_extra["x-access"] in {  # type: ignore[attr-defined]
            Permission.ALARMS_SEE.value,
            Permission.ALARMS_HANDLE.value,
        }


async def test_a_call_is_compared_registered_and_listed_with_its_alarm(desk: Desk, console: httpx.AsyncClient) -> None:
    form = {"category": "fire", "text": "三楼冒烟", "caller_number": "13900000001", "premises_id": "jeweller"}

    made = await console.post("/api/calls", json=form)

    [alarm] = (await console.get("/api/alarms")).json()["items"]
    assert (made.status_code, made.json()["alarm_id"], alarm["channel"]) == (201, alarm["id"], "telephone")
    assert (await console.get("/api/calls")).json() == {"items": [made.json()], "next": None}
    assert (await console.get(f"/api/calls/{made.json()['id']}")).json() == made.json()
    [similar] = (await console.post("/api/calls/similar", json=form | {"caller_number": ""})).json()["items"]
    assert (similar["alarm_id"], similar["why"]) == (alarm["id"], "place")


async def test_a_form_that_is_too_long_or_of_no_category_is_refused(console: httpx.AsyncClient) -> None:
    for wrong in ({"category": "weather"}, {"category": "fire", "address": "x" * 1_000_000}):
        assert (await console.post("/api/calls", json=wrong)).status_code == 422

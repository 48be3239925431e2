"""ETag, If-None-Match and If-Match: whoever edits what has changed meanwhile is told, not obeyed."""

import asyncio

import pytest
from fastapi import APIRouter
from pydantic import BaseModel
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import House

from fengtai.apps.web_api.editions import thing_of, thing_routes
from fengtai.domain.access.model import signed_in
from fengtai.vocabulary.errors import NotFound


class Lamp(BaseModel):
    colour: str


def lamp_routes() -> APIRouter:
    routes = APIRouter()
    lamps = {"a": Lamp(colour="red"), "b": Lamp(colour="blue")}

    @routes.get("/api/lamps/{lamp_id}", openapi_extra=signed_in())
    async def get_lamp(lamp_id: str) -> Lamp:
        if lamp_id not in lamps:
            raise NotFound("there is no such lamp")
        return lamps[lamp_id]

    @routes.put("/api/lamps/{lamp_id}", openapi_extra=signed_in())
    async def change_lamp(lamp_id: str, lamp: Lamp) -> Lamp:
        await asyncio.sleep(0)
        lamps[lamp_id] = lamp
        return lamp

    @routes.post("/api/lamps/{lamp_id}/switch", openapi_extra=signed_in())
    async def switch(lamp_id: str) -> Lamp:
        lamps[lamp_id] = Lamp(colour="off")
        return lamps[lamp_id]

    return routes


@pytest.fixture
def edge(house: House) -> Edge:
    return edge_of(house, routers=[lamp_routes()])


async def test_a_thing_has_a_tag_that_spares_its_body(edge: Edge):
    async with await edge.signed_in("operator") as one:
        first = await one.get("/api/lamps/a")
        tag = first.headers["etag"]
        same = await one.get("/api/lamps/a", headers={"If-None-Match": f'"x", W/{tag}'})
        other = await one.get("/api/lamps/b", headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert other.status_code == 200


async def test_an_edit_of_what_was_seen_is_done_and_one_of_what_has_changed_is_not(edge: Edge):
    async with await edge.signed_in("operator") as one, await edge.signed_in("chief") as other:
        tag = (await one.get("/api/lamps/a")).headers["etag"]
        done = await other.put("/api/lamps/a", json={"colour": "green"}, headers={"If-Match": tag})
        late = await one.put("/api/lamps/a", json={"colour": "white"}, headers={"If-Match": tag})
        shown = await one.get("/api/lamps/a")
    assert (done.status_code, late.status_code) == (200, 412)
    assert late.json()["kind"] == "conflict"
    assert shown.json() == {"colour": "green"}


async def test_of_two_edits_at_once_one_is_refused(edge: Edge):
    async with await edge.signed_in("operator") as one:
        tag = (await one.get("/api/lamps/a")).headers["etag"]
        edits = [
            one.put("/api/lamps/a", json={"colour": colour}, headers={"If-Match": tag}) for colour in ("green", "white")
        ]
        answers = await asyncio.gather(*edits)
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_an_act_below_a_thing_takes_the_things_tag(edge: Edge):
    async with await edge.signed_in("operator") as one:
        assert (await one.post("/api/lamps/a/switch", headers={"If-Match": '"stale"'})).status_code == 412
        assert (await one.post("/api/lamps/a/switch", headers={"If-Match": "*"})).status_code == 200
        assert (await one.post("/api/lamps/nobody/switch", headers={"If-Match": "*"})).status_code == 412


async def test_a_weak_tag_never_matches_an_edit(edge: Edge):
    async with await edge.signed_in("operator") as one:
        tag = (await one.get("/api/lamps/a")).headers["etag"]
        answer = await one.put("/api/lamps/a", json={"colour": "white"}, headers={"If-Match": f"W/{tag}"})
    assert answer.status_code == 412


async def test_a_refusal_has_no_tag(edge: Edge):
    async with await edge.signed_in("operator") as one:
        answer = await one.get("/api/lamps/nobody")
    assert answer.status_code == 404
    assert "etag" not in answer.headers


async def test_where_the_settings_ask_for_it_an_edit_without_if_match_is_refused(house: House):
    edge = edge_of(house, routers=[lamp_routes()], edits_need_if_match=True)
    async with await edge.signed_in("operator") as one:
        assert (await one.put("/api/lamps/a", json={"colour": "white"})).status_code == 428
        assert (await one.post("/api/lamps/a/switch")).status_code == 200


def test_the_thing_of_a_change_is_the_nearest_one_above_it():
    things = thing_routes(route for route in lamp_routes().routes)  # type: ignore[arg-type]
    assert set(things) == {"/api/lamps/{lamp_id}"}
    assert thing_of("/api/lamps/{lamp_id}/switch", things) is things["/api/lamps/{lamp_id}"]
    assert thing_of("/api/lamps", things) is None

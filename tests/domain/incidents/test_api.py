"""The routes of incidents and clips, spoken to over HTTP as a console does, without a network."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.domain.incidents.conftest import LI

from fengtai.apps.web_api.problems import add_problem_answers
from fengtai.domain.audit.model import Outcome
from fengtai.domain.incidents.api import router
from fengtai.domain.incidents.api.byte_ranges import ByteRange, wanted_range
from fengtai.domain.incidents.service import HandOverDesk


@pytest.fixture
async def console(centre):
    app = FastAPI()
    add_problem_answers(app)
    app.include_router(router(centre.incidents, HandOverDesk(transactions=centre.transactions), lambda: LI))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fengtai.test") as client:
        client.app = app
        yield client


@pytest.fixture
async def incident(centre, console):
    raised = await centre.alarm()
    centre.events_told()
    answer = await console.post("/api/incidents", json={"alarm_id": raised.id})
    assert answer.status_code == 201
    return answer.json()


async def clip_ready(centre, console, incident):
    centre.clock.advance(34)
    await centre.incidents.tick()
    answer = await console.get(f"/api/incidents/{incident['id']}")
    (clip,) = answer.json()["clips"]
    return clip, centre.tapes.files[clip["id"]]


async def test_an_incident_is_told_with_all_that_its_workspace_shows(centre, incident):
    assert incident["number"] == "20261120-0001"
    assert incident["opened_at"] == "2026-11-20T12:00:00.000Z"
    assert incident["allowed_steps"] == ["dispatch", "close", "join"]
    assert incident["holder"] == {"id": "id-of-li", "name": "li"}
    assert incident["premises"]["keyholders"][0]["name"] == "王芳"
    assert incident["premises"]["zones"] == [{"number": "1", "name": "前门"}, {"number": "2", "name": "库房"}]
    assert incident["cameras"] == [
        {"point_id": centre.gate.id, "number": 1, "name": "东门", "distance_m": 8.3, "why": "zone"}
    ]
    assert incident["position"] == {"longitude": 123.43, "latitude": 41.8}
    alarm = incident["alarms"][0]
    assert (alarm["state"], alarm["held_by_name"], alarm["allowed_steps"]) == ("taken", "li", ["close"])
    assert (incident["steps"][0]["text_zh"], incident["steps"][0]["done_at"]) == ("查看现场图像，说明看到的情况", None)
    clip = incident["clips"][0]
    assert (clip["from"], clip["until"]) == ("2026-11-20T11:59:50.000Z", "2026-11-20T12:00:30.000Z")
    assert (clip["state"], clip["point_name"]) == ("waiting", "东门")
    assert incident["phases"]["take_s"] == 0
    assert incident["phases"]["dispatch_s"] is None


async def test_the_whole_line_is_worked_over_http(centre, console, incident):
    one = f"/api/incidents/{incident['id']}"
    keyholder = incident["premises"]["keyholders"][0]["id"]
    await console.post(f"{one}/steps/0", json={"done": True})
    await console.post(f"{one}/notes", json={"text": "有人"})
    await console.post(f"{one}/calls", json={"keyholder_id": keyholder, "result": "no-answer", "note": ""})
    sent = (await console.post(f"{one}/dispatches", json={"unit_id": centre.patrol.id})).json()
    dispatch = f"{one}/dispatches/{sent['dispatches'][0]['id']}"
    for word in ("accept", "arrive"):
        assert (await console.post(f"{dispatch}/{word}", json={})).status_code == 200
    handled = (await console.post(f"{dispatch}/feedback", json={"text": "无异常"})).json()
    assert handled["state"] == "handled"

    closing = {"disposition": "false", "note": "风", "version": handled["version"]}
    closed = (await console.post(f"{one}/close", json=closing)).json()
    assert (closed["state"], closed["allowed_steps"], closed["disposition"]) == ("closed", [], "false")
    assert len(closed["log"]) == 9
    assert (await console.get("/api/incidents")).json() == {"items": [], "next": None}
    (kept,) = (await console.get("/api/incidents?state=all")).json()["items"]
    assert (kept["alarms"][0]["state"], kept["premises"]["name"]) == ("closed", "晨光珠宝")
    assert (kept["number"], kept["closed_at"]) == ("20261120-0001", "2026-11-20T12:00:00.000Z")


async def test_refusals_say_what_to_do(centre, console, incident):
    one = f"/api/incidents/{incident['id']}"
    refused = await console.post(f"{one}/close", json={"version": incident["version"]})
    assert (refused.status_code, refused.json()["field"]) == (422, "disposition")
    assert (await console.post("/api/incidents", json={"alarm_id": "nobody"})).status_code == 404
    assert (await console.get("/api/incidents/nobody")).status_code == 404
    assert (await console.get("/api/clips/nobody")).status_code == 404
    feedback = await console.post(f"{one}/dispatches/nobody/feedback", json={"text": ""})
    assert feedback.status_code == 422


async def test_the_life_cycles_are_told_as_tables(console):
    tables = (await console.get("/api/life-cycles")).json()
    assert tables["incident"]["taken"] == {"dispatch": "dispatched", "close": "closed", "join": "closed"}
    assert tables["dispatch"]["arrived"] == {"feedback": "finished", "recall": "recalled"}
    assert tables["alarm"]["raised"]["take"] == "taken"


async def view_of(console, clip, **asked):
    """The address with which the clip can be read, after saying what for."""
    said = {"purpose": "alarm", "reference": "20261120-0001"} | asked
    answer = await console.post(f"/api/clips/{clip['id']}/views", json=said)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


async def test_a_clip_is_sent_whole_and_audited_around(centre, console, incident):
    clip, data = await clip_ready(centre, console, incident)
    answer = await console.get(await view_of(console, clip))
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "video/mp4", data)
    assert answer.headers["accept-ranges"] == "bytes"
    intent, result = centre.audited("clip.play")
    assert (intent.outcome, result.outcome) == (Outcome.INTENT, Outcome.DONE)
    assert (intent.purpose, result.details["sent_bytes"]) == (f"alarm: {incident['number']}", len(data))


async def test_a_clip_is_not_read_before_somebody_has_said_what_for(centre, console, incident):
    clip, _ = await clip_ready(centre, console, incident)
    for query in ("", "?view=", "?view=" + "0" * 48):
        refused = await console.get(f"/api/clips/{clip['id']}{query}")
        assert (refused.status_code, "say what for" in refused.json()["detail"]) == (403, True)
    for reference in ("123", "test", ".", "aaa", "无", "１２３"):
        asked = {"purpose": "case", "reference": reference}
        refused = await console.post(f"/api/clips/{clip['id']}/views", json=asked)
        assert (refused.status_code, refused.json()["field"]) == (422, "reference"), reference
    unknown = await console.post(f"/api/clips/{clip['id']}/views", json={"purpose": "curiosity"})
    assert unknown.status_code == 422
    assert centre.audited("clip.play") == []


async def test_a_view_is_over_after_a_quarter_of_an_hour(centre, console, incident):
    clip, _ = await clip_ready(centre, console, incident)
    url = await view_of(console, clip)
    centre.clock.advance(899)
    assert (await console.get(url)).status_code == 200
    centre.clock.advance(1)
    assert (await console.get(url)).status_code == 403


async def test_a_player_seeks_by_ranges(centre, console, incident):
    clip, data = await clip_ready(centre, console, incident)
    answer = await console.get(await view_of(console, clip), headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, data[10:20])
    assert answer.headers["content-range"] == f"bytes 10-19/{len(data)}"
    assert answer.headers["content-length"] == "10"


async def test_a_reader_who_leaves_has_seen_what_was_sent(centre, console, incident):
    clip, _ = await clip_ready(centre, console, incident)
    left = asyncio.Event()

    async def receive():
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        """A server whose reader leaves while the second piece is on its way (ASGI before 2.4: uvicorn)."""
        if message["type"] == "http.response.body":
            pieces.append(message["body"])
            if len(pieces) == 2:
                left.set()
                await asyncio.Event().wait()

    pieces = []
    path, _, query = (await view_of(console, clip)).partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": [], "asgi": {}}
    await console.app(scope, receive, send)

    _, result = centre.audited("clip.play")
    assert (result.outcome, result.details["sent_bytes"]) == (Outcome.DONE, 16)


async def test_a_file_that_breaks_off_is_audited_as_failed(centre, console, incident):
    """The connection breaks too: what was promised in Content-Length does not come."""
    clip, _ = await clip_ready(centre, console, incident)
    centre.tapes.breaks_at = 32
    with capture_logs(), pytest.raises(RuntimeError, match="response already started"):
        await console.get(await view_of(console, clip))
    _, result = centre.audited("clip.play")
    assert (result.outcome, result.details["sent_bytes"], result.details["cause"]) == (
        Outcome.FAILED,
        32,
        "the disk does not answer",
    )


async def test_a_range_beyond_the_end_is_refused_and_audited_as_nothing_sent(centre, console, incident):
    clip, data = await clip_ready(centre, console, incident)
    answer = await console.get(await view_of(console, clip), headers={"Range": "bytes=99999-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(data)}")
    assert [entry.outcome for entry in centre.audited("clip.play")] == [Outcome.INTENT, Outcome.FAILED]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", ByteRange(0, 99, partial=False)),
        ("bytes=0-", ByteRange(0, 99, partial=True)),
        ("bytes=90-200", ByteRange(90, 99, partial=True)),
        ("bytes=-10", ByteRange(90, 99, partial=True)),
        ("bytes=-500", ByteRange(0, 99, partial=True)),
        ("bytes=-0", None),
        ("bytes=100-", None),
        ("bytes=9-3", ByteRange(0, 99, partial=False)),
        ("bytes=-", ByteRange(0, 99, partial=False)),
        ("bytes=0-1,5-6", ByteRange(0, 99, partial=False)),
        ("lines=0-1", ByteRange(0, 99, partial=False)),
        ("bytes=٣-", ByteRange(0, 99, partial=False)),
    ],
)
def test_ranges_after_rfc_9110(header, wanted):
    assert wanted_range(header, 100) == wanted


@given(header=st.text() | st.from_regex(r"bytes=[0-9]*-[0-9]*", fullmatch=True), size_bytes=st.integers(1, 10**12))
def test_whatever_is_asked_a_range_lies_inside_the_file(header, size_bytes):
    span = wanted_range(header, size_bytes)
    assert span is None or 0 <= span.first <= span.last < size_bytes

"""Who watches is written down before the picture comes, and again when it has come or has not."""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from fengtai.domain.access.model import Actor, Permission, Role
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.live.api import router
from fengtai.domain.live.model import Stage, StageTime, StreamChanged, StreamState, StreamTrace, WatchPlace
from fengtai.domain.live.service import LiveDesk, StreamLog
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, Unavailable

LI = Actor(
    user_id="li",
    name="Li",
    roles=frozenset({Role.OPERATOR}),
    permissions=frozenset({Permission.LIVE_SEE}),
    session_id="session1",
)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JPEG = b"\xff\xd8 a picture"


class Streams:
    """Streams of a day on which the door camera works and the yard camera does not."""

    def __init__(self, audit: "Audit") -> None:
        self._audit = audit
        self.ended: list[str] = []

    async def watch(
        self, point_id: str, *, device_id: str, channel_id: str, session_id: str, host: str = ""
    ) -> WatchPlace:
        assert self._audit.entries[-1].outcome is Outcome.INTENT, "the intent comes first"
        if point_id != "door":
            raise Unavailable("The device did not answer. Check its power.")
        url = f"ws://{host}:8091/live/s?ticket={session_id}"
        return WatchPlace(point_id=point_id, stream_id="s", url=url, expires_at=NOON)

    async def snapshot(self, point_id: str) -> bytes:
        return JPEG

    async def end_session(self, session_id: str) -> None:
        self.ended.append(session_id)

    def traces(self, point_id: str) -> list[StreamTrace]:
        stages = (StageTime(stage=Stage.REQUESTED, at=NOON, detail="udp"),)
        return [StreamTrace(stream_id="s", point_id=point_id, started_at=NOON, stages=stages, failed="why", fix="how")]

    def states(self) -> list[StreamState]:
        return [StreamState(point_id="door", stream_id="s", stage=Stage.PLAYING, since=NOON)]


class Points:
    def __init__(self) -> None:
        bound = {"device_id": "1" * 20, "channel_id": "2" * 20}
        self.rows = {
            name: Point(id=name, number=number, code="3" * 20, name=name, organisation_id="", **given)
            for number, (name, given) in enumerate({"door": bound, "yard": bound, "pole": {}}.items(), 1)
        }

    def get(self, point_id: str) -> Point:
        try:
            return self.rows[point_id]
        except KeyError:
            raise NotFound("there is no such point") from None


class Audit:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


@pytest.fixture
def audit() -> Audit:
    return Audit()


@pytest.fixture
def transactions(audit: Audit) -> MemoryTransactions:
    return MemoryTransactions(HandClock(), {PointStore: Points(), AuditLog: audit})


@pytest.fixture
def desk(audit: Audit, transactions: MemoryTransactions) -> LiveDesk:
    return LiveDesk(transactions=transactions, streams=Streams(audit))


async def test_watching_leaves_intent_and_result_tied_by_one_act(desk: LiveDesk, audit: Audit) -> None:
    place = await desk.watch("door", LI, "noise reported", host="console.city")

    assert place.url.startswith("ws://console.city:8091/live/s")
    intent, result = audit.entries
    assert (intent.outcome, result.outcome) == (Outcome.INTENT, Outcome.DONE)
    assert (intent.action, intent.object, intent.purpose) == ("live.watch", "point:door", "noise reported")
    assert intent.act == result.act != ""


async def test_a_picture_that_does_not_come_is_written_down_with_its_cause(desk: LiveDesk, audit: Audit) -> None:
    with pytest.raises(Unavailable, match="Check its power"):
        await desk.watch("yard", LI)

    assert audit.entries[-1].outcome is Outcome.FAILED
    assert "did not answer" in audit.entries[-1].details["cause"]


async def test_a_point_without_a_camera_is_refused_before_anything_happens(desk: LiveDesk, audit: Audit) -> None:
    with pytest.raises(Conflict, match="no camera bound"):
        await desk.watch("pole", LI)
    with pytest.raises(NotFound):
        await desk.watch("moon", LI)
    with pytest.raises(Invalid):
        await desk.watch("door", LI, "x" * 501)

    assert audit.entries == []


async def test_an_audit_that_cannot_be_written_shows_no_picture(desk: LiveDesk, audit: Audit, monkeypatch) -> None:
    def full(entry: AuditEntry) -> None:
        raise Unavailable("the audit log is full")

    monkeypatch.setattr(audit, "append", full)

    with pytest.raises(Unavailable, match="audit log"):
        await desk.watch("door", LI)


async def test_changes_of_streams_come_into_the_event_log(transactions: MemoryTransactions) -> None:
    await StreamLog(transactions=transactions).changed(StreamChanged(point_id="door", stream_id="s", stage="playing"))

    assert transactions.told("live.stream_changed")[0].payload["stage"] == "playing"


async def test_the_routes_speak_as_the_console_expects(desk: LiveDesk) -> None:
    app = FastAPI()
    app.include_router(router(desk, lambda: LI))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test:8090") as client:
        watched = (await client.post("/api/live/door/watch", json={"purpose": "noise"})).json()
        states = (await client.get("/api/live/streams")).json()
        traces = (await client.get("/api/live/door/traces")).json()
        snapshot = await client.get("/api/live/door/snapshot.jpg")

    assert watched == {
        "point_id": "door",
        "stream_id": "s",
        "url": "ws://fengtai.test:8091/live/s?ticket=session1",
        "expires_at": "2026-11-20T12:00:00.000Z",
    }
    assert states == [
        {
            "point_id": "door",
            "stream_id": "s",
            "stage": "playing",
            "since": "2026-11-20T12:00:00.000Z",
            "detail": "",
            "fix": "",
        }
    ]
    assert traces[0]["stages"] == [{"stage": "requested", "at": "2026-11-20T12:00:00.000Z", "detail": "udp"}]
    assert (traces[0]["failed"], traces[0]["fix"]) == ("why", "how")
    assert snapshot.content == JPEG
    assert snapshot.headers["content-type"] == "image/jpeg"

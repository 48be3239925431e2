"""Who watches is written down before the picture comes, and again when it has come or has not."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from tests.domain.acting import acting, acting_in

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Grant, GrantTerms, NotAllowed, OrganisationTree, Role
from fengtai.domain.access.ports import GrantStore
from fengtai.domain.audit.model import AuditEntry, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.devices.model import Device
from fengtai.domain.devices.ports import DeviceStore
from fengtai.domain.live.api import router
from fengtai.domain.live.model import (
    Stage,
    StageTime,
    StreamChanged,
    StreamState,
    StreamTrace,
    Transport,
    WatchPlace,
    WatchWish,
)
from fengtai.domain.live.ports import TransportStore
from fengtai.domain.live.service import LearntTransports, LiveDesk, StreamLog, WallDesk
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.domain.organisations.ports import OrganisationStore
from fengtai.domain.points.model import Point
from fengtai.domain.points.ports import PointStore
from fengtai.storage.memory.devices import MemoryDevices
from fengtai.storage.memory.live import MemoryTransports
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, Unavailable

LI = acting(Role.OPERATOR, name="Li", user_id="li", session_id="session1")
SUN = acting(Role.ENGINEER, name="Sun", user_id="sun")
EAST = GrantTerms(role=Role.OPERATOR, organisation_id="east")
CITY_ORGANISATIONS = [Organisation(id="city", name="city", level=Level.CITY)] + [
    Organisation(id=one, name=one, level=Level.DISTRICT, parent_id="city") for one in ("east", "west")
]
CITY = OrganisationTree(CITY_ORGANISATIONS)
CAMERA = "34020000001180000005"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JPEG = b"\xff\xd8 a picture"


class Streams:
    """Streams of a day on which the door camera works and the yard camera does not."""

    def __init__(self, audit: "Audit") -> None:
        self._audit = audit
        self.ended: list[str] = []
        self.wishes: list[WatchWish] = []
        self.sound: dict[str, bool] = {}

    async def watch(
        self,
        point_id: str,
        *,
        device_id: str,
        channel_id: str,
        session_id: str,
        host: str = "",
        wish: WatchWish = WatchWish(),
    ) -> WatchPlace:
        self.wishes.append(wish)
        assert self._audit.entries[-1].outcome is Outcome.INTENT, "the intent comes first"
        if point_id != "door":
            raise Unavailable("The device did not answer. Check its power.")
        url = f"ws://{host}:8091/live/s?ticket={session_id}"
        return WatchPlace(point_id=point_id, stream_id="s", url=url, expires_at=NOON)

    async def snapshot(self, point_id: str) -> bytes:
        return JPEG

    async def end_session(self, session_id: str) -> None:
        self.ended.append(session_id)

    def carry_sound(self, point_id: str, carries: bool) -> None:
        self.sound[point_id] = carries

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
            raise NotFound(f"there is no point {point_id}") from None

    def by_ids(self, point_ids: list[str]) -> list[Point]:
        return [self.rows[one] for one in point_ids if one in self.rows]


class Audit:
    def __init__(self) -> None:
        self.entries: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class Cameras:
    """Devices that cannot take pictures themselves."""

    async def take_pictures(self, device_id: str, channel_id: str, *, count: int = 1) -> list[bytes]:
        raise Conflict("the device speaks an edition before 2022: it does not know snapshots")


@pytest.fixture
def audit() -> Audit:
    return Audit()


@pytest.fixture
def transactions(audit: Audit) -> MemoryTransactions:
    return MemoryTransactions(
        HandClock(),
        memory_stores()
        | {PointStore: Points(), AuditLog: audit, DeviceStore: MemoryDevices(), TransportStore: MemoryTransports()},
    )


@pytest.fixture
def lessons(transactions: MemoryTransactions) -> LearntTransports:
    transactions.run(lambda uow: uow.store(DeviceStore).save(Device(id=CAMERA)))
    return LearntTransports(transactions=transactions)


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


async def test_the_point_s_policy_and_the_browser_decide_in_which_form_it_comes(
    desk: LiveDesk, audit: Audit, transactions: MemoryTransactions
) -> None:
    points = transactions.run(lambda uow: uow.store(PointStore))
    streams: Streams = desk._streams
    await desk.watch("door", LI, plays_h265=False)
    points.rows["door"] = replace(points.rows["door"], audio=True)
    await desk.watch("door", LI)

    assert streams.wishes == [WatchWish(plays_h265=False), WatchWish(carries_sound=True)]
    await desk.obey_policy("door")
    points.rows["door"] = replace(points.rows["door"], audio=False)
    await desk.obey_policy("door")
    await desk.obey_policy("moon")
    assert streams.sound == {"door": False}


async def test_what_a_device_has_taught_is_told_and_can_be_forgotten(lessons: LearntTransports, audit: Audit) -> None:
    assert await lessons.of_device(CAMERA, by=SUN) is None
    await lessons.learn(CAMERA, Transport.UDP, "tcp-passive: it never connected")

    known = await lessons.of(CAMERA)
    assert known is not None
    assert (known.transport, known.why) == (Transport.UDP, "tcp-passive: it never connected")

    await lessons.forget(CAMERA, SUN)
    assert await lessons.of_device(CAMERA, by=SUN) is None
    assert (audit.entries[-1].action, audit.entries[-1].details) == ("live.forget_transport", {"before": "udp"})
    with pytest.raises(NotFound):
        await lessons.forget("34020000001180000099", SUN)


async def test_changes_of_streams_come_into_the_event_log(transactions: MemoryTransactions) -> None:
    await StreamLog(transactions=transactions).changed(StreamChanged(point_id="door", stream_id="s", stage="playing"))

    assert transactions.told("live.stream_changed")[0].payload["stage"] == "playing"


async def test_the_routes_speak_as_the_console_expects(desk: LiveDesk, lessons: LearntTransports) -> None:
    app = FastAPI()
    walls = WallDesk(transactions=MemoryTransactions(HandClock(), memory_stores()))
    app.include_router(router(desk, lessons, walls, Cameras(), lambda: LI))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://fengtai.test:8090") as client:
        watched = (await client.post("/api/live/door/watch", json={"purpose": "noise"})).json()
        states = (await client.get("/api/live/streams")).json()
        traces = (await client.get("/api/live/door/traces")).json()
        snapshot = await client.get("/api/live/door/snapshot.jpg")

    assert watched == {
        "point_id": "door",
        "stream_id": "s",
        "url": "ws://fengtai.test:8091/live/s?ticket=session1/live/door/0",
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


# --- where it may be watched


def move(transactions: MemoryTransactions, point_id: str, organisation_id: str) -> None:
    points = transactions.run(lambda uow: uow.store(PointStore))
    points.rows[point_id] = replace(points.rows[point_id], organisation_id=organisation_id)


async def test_a_point_of_another_district_is_unknown(desk: LiveDesk, transactions: MemoryTransactions) -> None:
    dong = acting_in(CITY, EAST)
    move(transactions, "door", "west")
    for attempt in (desk.watch("door", dong), desk.snapshot("door", dong), desk.traces("door", dong)):
        with pytest.raises(NotFound, match="there is no point door"):
            await attempt
    assert await desk.states(dong) == []
    move(transactions, "door", "east")
    assert (await desk.watch("door", dong)).stream_id == "s"
    assert len(await desk.states(dong)) == 1


async def test_who_sees_a_point_but_not_its_picture_is_told_what_is_missing(
    desk: LiveDesk, transactions: MemoryTransactions
) -> None:
    move(transactions, "door", "east")
    officer = acting_in(CITY, GrantTerms(role=Role.EVIDENCE_OFFICER, organisation_id="east"))
    with pytest.raises(NotAllowed, match=r"live\.see for organisation east, points of class 3 is missing"):
        await desk.watch("door", officer)


async def test_changes_of_streams_tell_where_the_point_lies(transactions: MemoryTransactions) -> None:
    move(transactions, "door", "east")
    await StreamLog(transactions=transactions).changed(StreamChanged(point_id="door", stream_id="s", stage="playing"))
    assert transactions.told("live.stream_changed")[0].payload["organisation_id"] == "east"


async def test_a_picture_is_closed_when_its_right_ends_and_others_go_on(
    desk: LiveDesk, transactions: MemoryTransactions
) -> None:
    """The grant for the west is taken back while both districts are watched."""
    streams: Streams = desk._streams
    for organisation in CITY_ORGANISATIONS:
        transactions.run(lambda uow, one=organisation: uow.store(OrganisationStore).save(one))
    grants = [
        Grant(id=one, user_id="8", terms=replace(EAST, organisation_id=one), granted_by="admin", granted_at=NOON)
        for one in ("east", "west")
    ]
    for grant in grants:
        transactions.run(lambda uow, one=grant: uow.store(GrantStore).save(one))
    move(transactions, "door", "west")
    move(transactions, "yard", "east")
    dong = acting_in(CITY, *(grant.terms for grant in grants), session_id="s8")
    first = await desk.watch("door", dong)
    with pytest.raises(Unavailable):
        await desk.watch("yard", dong)  # its device does not answer; the ticket would have been this one's

    await desk.look_again(user_id="8")
    assert streams.ended == []
    transactions.run(lambda uow: uow.store(GrantStore).save(replace(grants[1], ended_at=NOON)))
    await desk.look_again(user_id="somebody else")
    assert streams.ended == []
    await desk.look_again(user_id="8")
    assert streams.ended == ["s8/live/door/0"]

    transactions.run(lambda uow: uow.store(GrantStore).save(grants[1]))
    again = await desk.watch("door", dong)
    assert again.url != first.url, "a ticket that is dead is not given again"


async def test_a_point_that_moves_to_another_district_is_closed_for_the_former_one(
    desk: LiveDesk, transactions: MemoryTransactions
) -> None:
    streams: Streams = desk._streams
    grant = Grant(id="g", user_id="8", terms=EAST, granted_by="admin", granted_at=NOON)
    transactions.run(lambda uow: uow.store(GrantStore).save(grant))
    move(transactions, "door", "east")
    await desk.watch("door", acting_in(CITY, EAST, session_id="s8"))
    move(transactions, "door", "west")
    await desk.look_again(point_id="door")
    assert streams.ended == ["s8/live/door/0"]


async def test_the_end_of_a_session_closes_all_that_it_watches(desk: LiveDesk) -> None:
    streams: Streams = desk._streams
    await desk.watch("door", LI)
    await desk.end_session("session1")
    assert streams.ended == ["session1/live/door/0", "session1"]

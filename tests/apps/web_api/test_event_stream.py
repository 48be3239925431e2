"""Server-sent events over a real server on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx
import pytest
import uvicorn
from tests.apps.web_api.conftest import Edge, edge_of
from tests.domain.access.conftest import house_with_people
from tests.domain.acting import acting_in

from fengtai.apps.web_api.event_stream import BATCH, EventStreams, SessionCheck
from fengtai.domain.access.model import GrantTerms, OrganisationTree, Permission, Role
from fengtai.domain.access.rules import may_be_told
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.organisations.model import Level, Organisation
from fengtai.vocabulary.events import Event, EventReader, LoggedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class BellRang(Event):
    kind: ClassVar[str] = "test.bell_rang"
    needs: ClassVar[str] = "alarms.see"
    bell: str


class Served:
    """An edge behind uvicorn on a port that the system chose."""

    def __init__(self, edge: Edge, url: str) -> None:
        self.edge, self.url = edge, url

    async def ring(self, bell: str) -> None:
        await self.edge.house.transactions.write(lambda uow: uow.publish(BellRang(bell=bell)))

    @asynccontextmanager
    async def listening(self, token: str, **headers: str) -> AsyncIterator["Listener"]:
        async with httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False) as client:
            head = {"Authorization": f"Bearer {token}", **headers}
            async with client.stream("GET", "/api/events", headers=head) as answer:
                yield Listener(answer)


class Listener:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def next(self) -> tuple[str, str, Any]:
        """The next event: its id, its kind, its data."""
        told: dict[str, str] = {}
        async for line in self._lines:
            if line == "" and "event" in told:
                return told["id"], told["event"], json.loads(told["data"])
            name, _, value = line.partition(": ")
            if name:
                told[name] = value
        raise EOFError("the stream ended")


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    edge = edge_of(await house_with_people())
    config = uvicorn.Config(edge.app, host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(edge, f"http://127.0.0.1:{port}")
    edge.app.state.streams.close()
    server.should_exit = True
    await task


async def test_a_console_is_greeted_told_of_what_happens_and_resumes_where_it_left_off(served: Served) -> None:
    token = (await served.edge.house.sign_in("operator")).token
    async with served.listening(token) as console:
        assert console.answer.headers["content-type"].startswith("text/event-stream")
        seq, kind, data = await console.next()
        assert kind == "hello"
        assert data == {"seq": int(seq)}
        await served.ring("first")
        left_at, kind, data = await console.next()
        assert (kind, data["bell"]) == ("test.bell_rang", "first")
        assert data["at"].endswith("Z")

    await served.ring("second")
    async with served.listening(token, **{"Last-Event-ID": left_at}) as console:
        assert (await console.next())[1] == "hello"
        assert (await console.next())[2]["bell"] == "second"


async def test_nobody_is_told_of_what_they_may_not_see(served: Served) -> None:
    token = (await served.edge.house.sign_in("lin.auditor")).token
    async with served.listening(token) as console:
        await console.next()
        await served.ring("not for auditors")
        await served.edge.house.sign_in("chief")
        assert (await console.next())[1] == "access.signed_in"


async def test_the_stream_ends_when_the_session_is_revoked(served: Served) -> None:
    house = served.edge.house
    signed = await house.sign_in("operator")
    async with served.listening(signed.token) as console:
        await console.next()
        await house.desk.revoke(signed.session.id, by=await house.actor("wei.admin"))
        last = await console.next()
        assert last[1] == "access.session_ended"
        assert last[2]["reason"] == "revoked"
        with pytest.raises(EOFError):
            await console.next()
    assert served.edge.app.state.streams.open_streams == 0
    assert house.transactions.offered(AuditLog) is house.audit


async def test_the_stream_of_a_program_ends_when_its_token_is_withdrawn(served: Served) -> None:
    house = served.edge.house
    by = await house.actor("operator")
    token, text = await house.tokens.make(
        purpose="wall board", permissions=[Permission.ALARMS_SEE], days=1, password="", by=by
    )
    async with served.listening(text) as program:
        await program.next()
        await house.tokens.withdraw_own(token.id, by=by)
        assert (await program.next())[2]["session_id"] == f"token:{token.id}"
        with pytest.raises(EOFError):
            await program.next()


async def test_one_person_has_so_many_consoles_and_no_more(served: Served) -> None:
    token = (await served.edge.house.sign_in("operator")).token
    async with httpx.AsyncClient(base_url=served.url, trust_env=False) as client:
        head = {"Authorization": f"Bearer {token}"}
        open_ones = [
            await client.send(client.build_request("GET", "/api/events", headers=head), stream=True) for _ in range(8)
        ]
        assert {answer.status_code for answer in open_ones} == {200}
        refused = await client.get("/api/events", headers=head)
        assert refused.status_code == 429
        assert refused.json()["kind"] == "too-many"
        for answer in open_ones:
            await answer.aclose()


async def test_a_console_that_does_not_read_costs_one_batch_and_misses_nothing() -> None:
    house = await house_with_people()
    signed = await house.sign_in("operator")
    reader = CountingReader(house.transactions)
    streams = EventStreams(reader, house.desk)
    told = streams.told_to(signed.actor, SessionCheck(house.desk, signed.token, "192.0.2.7"), None)
    await anext(told)
    for number in range(1000):
        house.transactions.run(lambda uow, number=number: uow.publish(BellRang(bell=f"bell {number}")))

    parts = [await anext(told)]
    assert reader.given == BATCH

    while "bell 999" not in parts[-1]:
        parts.append(await anext(told))
    bells = [line for part in parts for line in part.splitlines() if line.startswith("data: ")]
    assert [json.loads(line[6:])["bell"] for line in bells] == [f"bell {number}" for number in range(1000)]
    await told.aclose()


async def test_a_quiet_stream_shows_signs_of_life_and_ends_when_the_server_stops() -> None:
    house = await house_with_people()
    signed = await house.sign_in("operator")
    streams = EventStreams(QuietReader(), house.desk)
    told = streams.told_to(signed.actor, SessionCheck(house.desk, signed.token, "192.0.2.7"), None)
    assert (await anext(told)).startswith("id: 7\nevent: hello\n")
    assert await anext(told) == ": here\n\n"
    streams.close()
    assert [part async for part in told] == []


async def test_a_cursor_from_another_life_of_the_log_starts_at_its_end() -> None:
    house = await house_with_people()
    signed = await house.sign_in("operator")
    streams = EventStreams(QuietReader(), house.desk)
    told = streams.told_to(signed.actor, SessionCheck(house.desk, signed.token, "192.0.2.7"), 999)
    assert (await anext(told)).startswith("id: 7\n")
    await told.aclose()


class CountingReader:
    """Passes on, and counts what it gave."""

    def __init__(self, reader: EventReader) -> None:
        self._reader, self.given = reader, 0

    async def newest(self) -> int:
        return await self._reader.newest()

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        events = await self._reader.after(seq, limit=limit)
        self.given += len(events)
        return events

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return await self._reader.changed(seq, seconds=seconds)


class QuietReader:
    """A log of seven events to which nothing is ever added."""

    async def newest(self) -> int:
        return 7

    async def after(self, seq: int, *, limit: int = 500) -> Sequence[LoggedEvent]:
        return []

    async def changed(self, seq: int, *, seconds: float) -> bool:
        return False


# --- who is told what


def told_of(event: LoggedEvent, *terms: GrantTerms, user_id: str = "8") -> bool:
    city = OrganisationTree(
        [Organisation(id="city", name="city", level=Level.CITY)]
        + [Organisation(id=one, name=one, level=Level.DISTRICT, parent_id="city") for one in ("east", "west")]
    )
    return may_be_told(event, acting_in(city, *terms, user_id=user_id))


def raised(**place: object) -> LoggedEvent:
    return LoggedEvent(1, 0, "alarms.raised", "alarms.see", {"alarm_id": "a", **place})


def test_events_of_foreign_areas_never_reach_a_console() -> None:
    east = GrantTerms(role=Role.OPERATOR, organisation_id="east")
    by_area = GrantTerms(role=Role.OPERATOR, area_code="310115")
    assert told_of(raised(organisation_id="east", area_code="310115"), east)
    assert told_of(raised(organisation_id="west", area_code="310115001"), by_area)
    assert not told_of(raised(organisation_id="west", area_code="310104"), east)
    assert not told_of(raised(organisation_id="west", area_code="310104"), by_area)


def test_an_event_that_does_not_tell_its_place_is_for_the_whole_city_only() -> None:
    assert told_of(raised(), GrantTerms(role=Role.OPERATOR))
    assert told_of(raised(), GrantTerms(role=Role.OPERATOR, organisation_id="city"))
    assert not told_of(raised(), GrantTerms(role=Role.OPERATOR, organisation_id="east"))


def test_what_has_no_place_goes_by_its_permission_alone() -> None:
    event = LoggedEvent(1, 0, "system.part_changed", "system.see", {"name": "database"})
    assert told_of(event, GrantTerms(role=Role.OPERATOR))
    assert not told_of(event, GrantTerms(role=Role.OPERATOR, organisation_id="east"))
    assert not told_of(LoggedEvent(1, 0, "x", "nobody.knows", {}), GrantTerms(role=Role.OPERATOR))


def test_a_change_of_ones_own_rights_is_told_to_oneself() -> None:
    event = LoggedEvent(1, 0, "access.rights_changed", "people.see", {"user_id": "8", "step": "given"})
    assert told_of(event, GrantTerms(role=Role.OPERATOR), user_id="8")
    assert not told_of(event, GrantTerms(role=Role.OPERATOR), user_id="9")

"""Several people at once on every engine: exactly one wins, the others are told who did."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.domain.acting import acting

from fengtai.apps.schema import sql_stores
from fengtai.domain.access.model import Role
from fengtai.domain.alarms.model import Alarm, AlarmState, Channel
from fengtai.domain.alarms.ports import AlarmStore
from fengtai.domain.duty.model import Unit, UnitState
from fengtai.domain.duty.ports import UnitStore
from fengtai.domain.incidents.model import Incident, IncidentDetail, IncidentState
from fengtai.domain.incidents.ports import IncidentStore
from fengtai.domain.incidents.service import IncidentDesk
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.vocabulary.errors import Conflict, NotFound

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PATROL = Unit(id="u1", name="巡组 1", call_sign="B-1", kind="patrol", organisation_id="o1", state=UnitState.FREE)
FIRST = Incident(
    id="i1",
    number="20261120-0001",
    state=IncidentState.TAKEN,
    opened_at=NOON,
    received_at=NOON,
    holder_id="id-of-li",
    holder_name="li",
    title="Burglary",
    category="burglary",
    priority=4,
    drill=False,
)

ALARM = Alarm(
    id="a1",
    signal_seq=1,
    state=AlarmState.TAKEN,
    priority=4,
    category="burglary",
    title="Burglary",
    code_system="contact-id",
    code="130",
    channel=Channel.FIXED,
    account="1234",
    raised_at=NOON,
    updated_at=NOON,
    reason="R90",
)


class NothingRecorded:
    """Recordings without a tape: nobody asks for a clip here."""

    async def make_clip(self, point_id, start, until, clip_id):
        raise NotFound("nothing is recorded")

    def local_file(self, object_key):
        raise NotFound("nothing is recorded")

    async def size_bytes(self, file_key):
        raise NotFound("nothing is recorded")

    def read(self, file_key, first, last):
        raise NotFound("nothing is recorded")


def person(name):
    return acting(Role.DISPATCHER, name=name, user_id=f"id-of-{name}")


def desk(engine):
    return IncidentDesk(
        transactions=engine, clips=NothingRecorded(), clip_files=NothingRecorded(), time_zone=ZoneInfo("UTC")
    )


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


def test_of_two_dispatchers_at_once_exactly_one_gets_the_unit(units, second):
    def ready(uow):
        uow.store(UnitStore).save(PATROL)
        for incident in (FIRST, replace(FIRST, id="i2", number="20261120-0002")):
            uow.store(IncidentStore).save(incident)

    async def both():
        return await asyncio.gather(
            desk(units.engine).dispatch("i1", "u1", by=person("li")),
            desk(second).dispatch("i2", "u1", by=person("wu")),
            return_exceptions=True,
        )

    units.run(ready)
    answers = units.wait(both())
    (won,) = [answer for answer in answers if isinstance(answer, IncidentDetail)]
    (lost,) = [answer for answer in answers if isinstance(answer, Conflict)]
    held = units.read(lambda uow: uow.store(UnitStore).get("u1"))
    assert held.incident_id == won.incident.id
    assert str(lost) == (
        f"dispatch is not possible: 巡组 1 was sent to incident {held.incident_number} by {held.dispatched_by}"
    )


def test_notes_of_many_at_once_are_all_kept_in_one_order(units, second):
    async def all_of_them():
        desks = [desk(units.engine), desk(second)]
        await asyncio.gather(*(desks[each % 2].add_note("i1", f"note {each}", by=person("li")) for each in range(10)))
        return await desks[0].get("i1", by=person("li"))

    units.run(lambda uow: uow.store(IncidentStore).save(FIRST))
    detail = units.wait(all_of_them())
    assert [line.line for line in detail.log] == list(range(1, 11))
    assert {line.text for line in detail.log} == {f"note {each}" for each in range(10)}
    assert detail.incident.version == 11


def test_numbers_given_at_once_are_never_the_same(units, second):
    async def all_of_them():
        return await asyncio.gather(
            *(
                engine.write(lambda uow: uow.store(IncidentStore).next_serial("20261120"))
                for _ in range(5)
                for engine in (units.engine, second)
            )
        )

    assert sorted(units.wait(all_of_them())) == list(range(1, 11))


def test_of_two_who_join_crosswise_exactly_one_wins(units, second):
    def ready(uow):
        for incident in (FIRST, replace(FIRST, id="i2", number="20261120-0002")):
            uow.store(IncidentStore).save(replace(incident, alarm_ids=(f"alarm-of-{incident.id}",)))
            uow.store(AlarmStore).add([replace(ALARM, id=f"alarm-of-{incident.id}", incident_id=incident.id)])

    async def both():
        def joined(engine, into, other, name):
            return desk(engine).join_incident(into, other, version=1, into_version=1, by=person(name))

        return await asyncio.gather(
            joined(units.engine, "i1", "i2", "li"), joined(second, "i2", "i1", "wu"), return_exceptions=True
        )

    units.run(ready)
    answers = units.wait(both())
    (won,) = [answer for answer in answers if isinstance(answer, IncidentDetail)]
    (lost,) = [answer for answer in answers if isinstance(answer, Conflict)]
    stored = [units.read(lambda uow, each=each: uow.store(IncidentStore).get(each)) for each in ("i1", "i2")]
    assert [incident.joined_to for incident in stored if incident.id != won.incident.id] == [won.incident.id]
    assert "is closed" in str(lost)

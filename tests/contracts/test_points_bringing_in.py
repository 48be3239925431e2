"""An import on its way into the register, on every engine: unseen until the switch, beside everybody else's work."""

import asyncio
from dataclasses import replace

import pytest
from tests.contracts.test_points_dossiers import SUN, Import
from tests.contracts.test_signal_journal import short

from fengtai.domain.points.model import Box, PointQuery, PointWords
from fengtai.domain.points.model.imports import ImportState, Plan
from fengtai.domain.points.model.words import terms
from fengtai.domain.points.ports import BringingIn, Imports, PointHistory, PointStore
from fengtai.domain.points.service import PointRegister, RegisterImporter
from fengtai.domain.points.service.importing import LEASE_MS
from fengtai.vocabulary.errors import Conflict

HEAD = "编号,名称,经度,纬度\n"
BEFORE = HEAD + "".join(f"{number},旧街{number}号,123.{number:03d},41.80\n" for number in range(1, 601))
AFTER = HEAD + "".join(f"{number},新巷{number}号,124.{number:03d},41.80\n" for number in range(301, 901))
"""Changes 301 to 600, makes 601 to 900."""
OLD_BOX = Box(west=123.0, south=41, east=123.999, north=42)
NEW_BOX = Box(west=124.0, south=41, east=124.999, north=42)


class Stopped(Exception):
    """The platform dies here."""


class DiesAfter:
    """Transactions of a platform that dies after so many turns of the writer."""

    def __init__(self, engine, turns) -> None:
        self.engine, self.turns = engine, turns

    async def write(self, work):
        if not self.turns:
            raise Stopped
        self.turns -= 1
        return await self.engine.write(work)

    async def read(self, work):
        return await self.engine.read(work)


class Half:
    """An import of which some lots are in the register, and whose platform is gone."""

    def __init__(self, units, turns: int) -> None:
        self.units, self.office = units, Import(units)
        self.office.applied(self.office.looked_at(BEFORE))
        self.job = self.office.looked_at(AFTER)
        assert dict(self.job.counts) == {"new": 300, "changed": 300, "unchanged": 0, "refused": 0}
        self.stop_after(turns)

    def stop_after(self, turns: int) -> None:
        engine = self.units.engine
        dying = RegisterImporter(transactions=engine)
        dying._actors, dying._run = self.office.importer._actors, self.office.importer._run

        async def apply():
            await dying.apply(self.job.id, token=self.job.token, plan=Plan.EVERYTHING, by=SUN)
            dying._transactions = DiesAfter(engine, turns)
            with pytest.raises(Stopped):
                await dying.tick()

        self.units.wait(apply())

    def seen(self):
        """By list, by words, by places, by number and by history: how many of old and new."""

        def look(uow):
            store = uow.store(PointStore)
            names = [point.name[:2] for point in store.page(PointQuery(limit=2000))[0]]
            words = [len(store.page(PointQuery(terms=terms(word), limit=2000))[0]) for word in ("旧街", "新巷")]
            boxes = [len(store.in_box(box, limit=2000)) for box in (OLD_BOX, NEW_BOX)]
            point = store.by_number(301)
            history = [line.version for line in uow.store(PointHistory).of(point.id)]
            return names.count("旧街"), names.count("新巷"), words, boxes, point.name[:2], history

        return self.units.read(look)

    def come_back(self):
        """Another run of the platform, after the lease."""
        self.units.clock.advance(LEASE_MS / 1000 + 1)
        self.units.wait(RegisterImporter(transactions=self.units.engine).tick())
        return self.units.read(lambda uow: uow.store(Imports).get(self.job.id))

    def unsettled(self):
        return self.units.read(lambda uow: uow.store(BringingIn).unsettled())


UNSEEN = (600, 0, [600, 0], [600, 0], "旧街", [1])
IN_FORCE = (300, 600, [300, 600], [300, 600], "新巷", [2, 1])


def test_half_an_import_is_not_seen_and_another_run_finishes_it(units):
    half = Half(units, turns=3)
    assert half.unsettled() == {half.job.id: False}
    assert half.seen() == UNSEEN
    assert half.come_back().state is ImportState.APPLIED
    assert half.seen() == IN_FORCE
    assert half.unsettled() == {}


@pytest.mark.parametrize("turns", [1, 5, 7])
def test_wherever_it_is_stopped_all_of_it_is_seen_or_nothing(units, turns):
    half = Half(units, turns)
    assert half.seen() in (UNSEEN, IN_FORCE)
    half.come_back()
    assert half.seen() == IN_FORCE
    assert half.unsettled() == {}


def test_what_is_claimed_cannot_be_changed_or_taken_meanwhile(units):
    Half(units, turns=4)
    changed, untouched = units.read(
        lambda uow: (uow.store(PointStore).by_number(301), uow.store(PointStore).by_number(1))
    )
    taker = replace(untouched, id="other", number=650, code="21010200001320009999")
    for claimed in (replace(changed, name="别名"), taker):
        with pytest.raises(Conflict, match="being put in force"):
            units.run(lambda uow, point=claimed: uow.store(PointStore).save(point))
    units.run(lambda uow: uow.store(PointStore).save(replace(untouched, name="旧街之首")))
    words = PointWords(name="旧街新点")
    made = units.wait(PointRegister(transactions=units.engine).create(words, by=SUN))
    assert made.number == 901, "numbers that the import will bring are left to it"


def test_what_changed_in_the_middle_takes_all_of_it_back(units):
    half = Half(units, turns=2)
    late = units.read(lambda uow: uow.store(PointStore).by_number(600))
    units.run(lambda uow: uow.store(PointStore).save(replace(late, version=2, view_degrees=90)))
    job = half.come_back()
    assert (job.state, "1 rows do not fit" in job.sentence) == (ImportState.FAILED, True)
    assert half.seen() == UNSEEN
    assert half.unsettled() == {}
    assert units.read(lambda uow: uow.store(PointStore).next_number()) == 601


def test_a_taking_back_that_is_stopped_is_finished_by_the_next_run(units):
    half = Half(units, turns=2)
    late = units.read(lambda uow: uow.store(PointStore).by_number(600))
    units.run(lambda uow: uow.store(PointStore).save(replace(late, version=2)))
    units.clock.advance(LEASE_MS / 1000 + 1)
    # take over, the lot that does not fit, the sentence, one lot taken back
    with pytest.raises(Stopped):
        units.wait(RegisterImporter(transactions=DiesAfter(units.engine, 4)).tick())
    assert half.seen() == UNSEEN
    assert half.come_back().state is ImportState.FAILED
    assert (half.seen(), half.unsettled()) == (UNSEEN, {})


def test_a_point_keeps_its_row_and_number_over_many_imports(units):
    office = Import(units)
    for turn in range(4):
        office.applied(office.looked_at(HEAD + f"1,第{turn}次,123.{turn},41\n2,二号{turn},,\n"))
    assert [(point.number, point.name, point.version) for point in office.found()] == [(1, "第3次", 4), (2, "二号3", 4)]
    first = office.found()[0]
    units.run(lambda uow: uow.store(PointStore).save(replace(first, number=7, version=5)))
    assert [point.number for point in office.found("第3")] == [7]
    assert units.read(lambda uow: uow.store(PointStore).by_number(1)) is None


def test_alarms_have_their_turn_while_twenty_thousand_rows_are_put_in_force(sql_units):
    """Counted, not timed: after each turn of the import one signal is journalled before the next turn begins."""
    units, office = sql_units, Import(sql_units)
    job = office.looked_at("编号,名称\n" + "".join(f"{number},长江街{number}\n" for number in range(1, 20_001)))
    assert job.counts["new"] == 20_000
    acknowledged: list[tuple[int, ImportState]] = []

    async def panel() -> None:
        number = 0
        while True:
            number += 1
            signal = await units.signals.append(short(number))
            now = await units.engine.read(lambda uow: uow.store(Imports).get(job.id))
            acknowledged.append((signal.seq, now.state))

    async def both():
        sending = asyncio.create_task(panel())
        before = units.engine.figures.commits
        await office.importer.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)
        await office.importer.tick()
        sending.cancel()
        return units.engine.figures.commits - before

    commits = units.wait(both())
    meanwhile = [seq for seq, state in acknowledged if state is ImportState.APPLYING]
    assert len(meanwhile) >= 40, "eighty turns of the writer, and a signal got through in at least every other one"
    assert commits >= 80
    assert units.read(lambda uow: uow.store(Imports).get(job.id)).state is ImportState.APPLIED

"""The audit desk: checkpoints when due, proofs against them, results that never came, and no signature on a forgery."""

from dataclasses import replace
from pathlib import Path

import pytest

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditEntry, AuditQuery, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.memory.audit import MemoryAuditLog
from fengtai.storage.memory.checkpoints import MemoryCheckpointBook
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound


class House:
    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.audit = MemoryAuditLog()
        self.engine = MemoryTransactions(self.clock, {AuditLog: self.audit})
        self.book = MemoryCheckpointBook()
        self.key = AuditKey(folder, "fengtai.example/test")
        self.desk = self.new_desk()

    def new_desk(self) -> AuditDesk:
        return AuditDesk(transactions=self.engine, signer=self.key, book=self.book)

    def write(self, count: int = 1, outcome: Outcome = Outcome.DONE, act: str = "") -> None:
        entry = AuditEntry(actor="user:1", action="clip.play", object="clip:1", outcome=outcome, act=act)
        self.engine.run(lambda uow: [uow.store(AuditLog).append(entry) for _ in range(count)])

    async def tick(self, after_seconds: float = rules.CHECKPOINT_SECONDS) -> None:
        self.clock.advance(after_seconds)
        await self.desk.tick()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_nothing_is_signed_while_nothing_is_written(house: House) -> None:
    await house.tick()

    assert house.book.notes == []
    with pytest.raises(NotFound):
        await house.desk.checkpoint()


async def test_the_first_lines_are_signed_at_once_and_later_ones_when_it_is_time(house: House) -> None:
    house.write()
    await house.tick(0)
    house.write()
    await house.tick(1)
    assert [rules.read_checkpoint(note).size for note in house.book.notes] == [1]

    await house.tick(4)
    assert [rules.read_checkpoint(note).size for note in house.book.notes] == [1, 2]
    newest = await house.desk.checkpoint()
    assert (newest.size, newest.note) == (2, house.book.notes[-1])


async def test_many_lines_are_signed_before_it_is_time(house: House) -> None:
    house.write()
    await house.tick(0)
    house.write(rules.CHECKPOINT_ROWS)
    await house.tick(0.1)

    assert [rules.read_checkpoint(note).size for note in house.book.notes] == [1, 1001]
    assert house.audit.tiles(1) == 3


async def test_a_line_is_proven_against_the_newest_checkpoint(house: House) -> None:
    house.write(300)
    await house.tick()
    proof = await house.desk.proof(123)

    root = rules.read_checkpoint(proof.checkpoint.note).root
    assert rules.includes(proof.line.leaf, 122, 300, proof.path, root)

    house.write()
    with pytest.raises(Conflict, match="not yet covered"):
        await house.desk.proof(301)
    with pytest.raises(NotFound):
        await house.desk.proof(302)


async def test_the_log_of_today_continues_the_log_of_yesterday(house: House) -> None:
    house.write(5)
    await house.tick()
    house.write(290)
    await house.tick()
    old, new = (rules.read_checkpoint(note) for note in house.book.notes)

    path = await house.desk.consistency(5, 295)

    assert rules.is_consistent(5, 295, old.root, new.root, path)
    with pytest.raises(Invalid):
        await house.desk.consistency(5, 296)


async def test_a_desk_that_starts_again_goes_on_from_the_book(house: House) -> None:
    house.write(3)
    await house.tick()
    house.desk = house.new_desk()
    await house.tick()
    house.write()
    await house.tick()

    assert [rules.read_checkpoint(note).size for note in house.book.notes] == [3, 4]


async def test_a_rewritten_line_is_not_signed_over(house: House) -> None:
    house.write(3)
    await house.tick()
    house.audit.lines[1] = replace(house.audit.lines[1], leaf=b"\0" * 32)
    house.write()
    await house.tick()
    await house.tick()

    assert len(house.book.notes) == 1
    assert house.desk.is_tampered
    found = house.engine.told("audit.tampering_found")
    assert [event.payload["detail"] for event in found] == ["the first 3 lines are not those that were signed"]


async def test_a_log_that_was_cut_is_not_signed_over(house: House) -> None:
    house.write(3)
    await house.tick()
    del house.audit.lines[1:]
    await house.tick()

    assert house.desk.is_tampered
    assert "a checkpoint over 3 lines was signed" in house.engine.told("audit.tampering_found")[0].payload["detail"]


async def test_a_result_that_never_came_is_reported_once(house: House) -> None:
    house.write(outcome=Outcome.INTENT, act="act-1")
    house.write(outcome=Outcome.INTENT, act="act-2")
    house.write(outcome=Outcome.DONE, act="act-2")
    await house.tick()
    assert house.engine.told("audit.result_missing") == []

    await house.tick(rules.RESULT_SECONDS)
    await house.tick()

    assert [event.payload["act"] for event in house.engine.told("audit.result_missing")] == ["act-1"]
    assert [late.act for late in await house.desk.missing_results()] == ["act-1"]


async def test_a_page_has_a_limit(house: House) -> None:
    house.write(2)
    assert [line.seq for line in await house.desk.page(AuditQuery())] == [2, 1]
    for limit in (0, 501):
        with pytest.raises(Invalid):
            await house.desk.page(AuditQuery(limit=limit))

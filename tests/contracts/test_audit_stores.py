"""The audit log on every engine: order, pairing, what is undone, and the tree's hashes."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.contracts.conftest import Units

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import AuditEntry, AuditQuery, Checkpoint, Outcome, leaf_of
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork
from fengtai_audit_verify.main import main


def entry(action: str = "incident.close", outcome: Outcome = Outcome.DONE, act: str = "") -> AuditEntry:
    return AuditEntry(
        actor="user:7", action=action, object="incident:1", outcome=outcome, act=act, details={"why": "误报"}
    )


def write(units: Units, *entries: AuditEntry) -> None:
    def unit(uow: UnitOfWork) -> None:
        for one in entries:
            uow.store(AuditLog).append(one)

    units.run(unit)


def test_lines_stand_in_the_order_of_their_commits(units: Units) -> None:
    write(units, entry("a.first"), entry("a.second"))
    write(units, entry("b.third"))

    page = units.read(lambda uow: uow.store(AuditLog).page(AuditQuery()))

    assert [(line.seq, line.entry.action) for line in page if line.entry] == [
        (3, "b.third"),
        (2, "a.second"),
        (1, "a.first"),
    ]
    assert page[0].entry == entry("b.third")
    assert page[0].at == units.clock.now().utc


def test_a_leaf_is_the_hash_of_salt_and_record(units: Units) -> None:
    write(units, entry(), entry())

    first, second = (units.read(lambda uow, seq=seq: uow.store(AuditLog).line(seq)) for seq in (1, 2))

    assert first.salt is not None
    assert first.record is not None
    assert first.leaf == leaf_of(first.salt, first.record)
    assert first.salt != second.salt
    assert b'"seq":1' in first.record
    assert units.read(lambda uow: uow.store(AuditLog).hashes(0, 0, 10)) == [first.leaf, second.leaf]


def test_an_act_that_is_undone_leaves_no_line(units: Units) -> None:
    def refused(uow: UnitOfWork) -> None:
        uow.store(AuditLog).append(entry())
        raise Conflict("version 3 is not version 4")

    with pytest.raises(Conflict):
        units.run(refused)
    write(units, entry("after.it"))

    assert units.read(lambda uow: uow.store(AuditLog).size()) == 1
    assert units.read(lambda uow: uow.store(AuditLog).line(1)).entry == entry("after.it")


def test_a_page_is_filtered_and_goes_on_below_a_line(units: Units) -> None:
    write(units, entry("live.watch"), entry("incident.open"), entry("live.stop"), entry("live_x.odd"))

    def actions(query: AuditQuery) -> list[str]:
        lines = units.read(lambda uow: uow.store(AuditLog).page(query))
        return [line.entry.action for line in lines if line.entry]

    assert actions(AuditQuery(action="live.")) == ["live.stop", "live.watch"]
    assert actions(AuditQuery(action="live.", before=3)) == ["live.watch"]
    assert actions(AuditQuery(limit=1)) == ["live_x.odd"]
    assert actions(AuditQuery(actor="user:7", object="incident:1", limit=2)) == ["live_x.odd", "live.stop"]
    assert actions(AuditQuery(actor="user:8")) == []


def test_who_looked_at_a_camera_live_or_recorded(units: Units) -> None:
    def act(action: str, object: str, **details: str) -> AuditEntry:
        return AuditEntry(actor="user:7", action=action, object=object, purpose="走失儿童", details=details)

    write(
        units, act("live.watch", "point:p1"), act("clip.play", "clip:c", point_id="p1"), act("point.change", "point:p1")
    )
    units.clock.advance(3600)
    write(
        units, act("live.watch", "point:p10"), act("live.watch", "point:p1"), act("clip.play", "clip:d", point_id="p%")
    )

    def seqs(query: AuditQuery) -> list[int]:
        return [line.seq for line in units.read(lambda uow: uow.store(AuditLog).page(query))]

    assert seqs(AuditQuery(looked_at="p1")) == [5, 2, 1]
    assert seqs(AuditQuery(looked_at="p%")) == [6]
    hour = units.clock.now().utc
    assert seqs(AuditQuery(looked_at="p1", until=hour)) == [2, 1]
    assert seqs(AuditQuery(looked_at="p1", since=hour)) == [5]
    assert seqs(AuditQuery(purpose="走失", limit=2)) == [6, 5]
    assert seqs(AuditQuery(purpose="儿童")) == []
    assert [line.seq for line in units.read(lambda uow: uow.store(AuditLog).following(2, 5, 2))] == [3, 4]


def test_a_line_that_is_not_there(units: Units) -> None:
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(AuditLog).line(1))


def test_an_intent_without_result_is_overdue_until_its_result_comes(units: Units) -> None:
    write(units, entry("clip.play", Outcome.INTENT, "act-1"))
    write(units, entry("clip.play", Outcome.INTENT, "act-2"))
    write(units, entry("clip.play", Outcome.DONE, "act-2"))
    later = units.clock.advance(60).utc

    def overdue(uow: UnitOfWork) -> list[str]:
        return [late.act for late in uow.store(AuditLog).overdue(later)]

    assert units.read(overdue) == ["act-1"]
    assert units.read(lambda uow: uow.store(AuditLog).overdue(later - timedelta(seconds=61))) in ([], ())

    units.run(lambda uow: uow.store(AuditLog).report("act-1"))
    assert units.read(lambda uow: uow.store(AuditLog).unreported(later)) in ([], ())
    assert units.read(overdue) == ["act-1"]

    write(units, entry("clip.play", Outcome.FAILED, "act-1"))
    assert units.read(overdue) == []


def test_a_hundred_lines_of_one_unit_are_each_their_own(units: Units) -> None:
    told = [
        AuditEntry(actor=f"user:{number}", action="import.row", object=f"point:{number}", details={"row": number})
        for number in range(100)
    ]
    write(units, *told, entry("import.done"), entry("import.done"))

    lines = units.read(lambda uow: [uow.store(AuditLog).line(seq) for seq in range(1, 103)])
    assert [line.entry for line in lines] == [*told, entry("import.done"), entry("import.done")]
    assert all(line.leaf == leaf_of(line.salt or b"", line.record or b"") for line in lines)
    assert len({line.salt for line in lines}) == 102


def test_what_many_do_alike_is_a_line_of_each_in_its_place(units: Units) -> None:
    shared = AuditEntry(actor="", action="device.appear", object="", details={"enrolment": "待定"})

    def unit(uow: UnitOfWork) -> None:
        uow.store(AuditLog).append(entry("a.before"))
        uow.store(AuditLog).append_alike(shared, ["device:1", "device:二"])
        uow.store(AuditLog).append(entry("c.after"))
        with pytest.raises(ValueError, match="of one act"):
            uow.store(AuditLog).append_alike(entry(outcome=Outcome.INTENT, act="x"), ["device:3"])

    units.run(unit)

    kept = units.read(lambda uow: uow.store(AuditLog).following(0, 10, 10))
    assert [line.seq for line in kept] == [1, 2, 3, 4]
    assert [line.entry for line in kept] == [
        entry("a.before"),
        replace(shared, actor="device:1", object="device:1"),
        replace(shared, actor="device:二", object="device:二"),
        entry("c.after"),
    ]


def test_an_act_that_begins_and_ends_at_once_is_not_open(units: Units) -> None:
    write(units, entry("clip.play", Outcome.INTENT, "act-1"), entry("clip.play", Outcome.DONE, "act-1"))
    write(units, entry("clip.play", Outcome.INTENT, "act-2"), entry("live.watch", Outcome.INTENT, "act-3"))

    later = units.clock.advance(60).utc
    assert [late.act for late in units.read(lambda uow: uow.store(AuditLog).overdue(later))] == ["act-2", "act-3"]


def test_an_intent_names_its_act(units: Units) -> None:
    with pytest.raises(ValueError, match="names its act"):
        write(units, entry(outcome=Outcome.INTENT))


def test_text_that_no_database_takes_is_kept_readable(units: Units) -> None:
    write(units, AuditEntry(actor="user:\0x", action="a.b", object="o:\ud800", details={"e\u0301": ["\0"]}))

    kept = units.read(lambda uow: uow.store(AuditLog).line(1)).entry

    assert kept is not None
    assert (kept.actor, kept.object, kept.details) == ("user:\ufffdx", "o:?", {"\u00e9": ["\ufffd"]})


def test_hashes_of_whole_tiles_are_kept(units: Units) -> None:
    write(units, *[entry() for _ in range(rules.TILE + 2)])

    def keep(uow: UnitOfWork) -> None:
        audit = uow.store(AuditLog)
        assert audit.tiles(1) == 0
        audit.keep_tile(1, 0, rules.fold(audit.hashes(0, 0, rules.TILE)))

    units.run(keep)

    assert units.read(lambda uow: uow.store(AuditLog).tiles(1)) == 1
    leaves = units.read(lambda uow: uow.store(AuditLog).hashes(0, 0, 1000))
    assert list(units.read(lambda uow: uow.store(AuditLog).hashes(1, 0, 5))) == [rules.fold(leaves[: rules.TILE])]
    assert units.read(lambda uow: uow.store(AuditLog).hashes(0, rules.TILE, 5)) == leaves[rules.TILE :]


def test_the_newest_checkpoint_is_told(units: Units) -> None:
    at = units.clock.now().utc
    small, large = (Checkpoint(size=size, root=bytes([size]) * 32, at=at, note=f"note {size}") for size in (3, 9))
    assert units.read(lambda uow: uow.store(AuditLog).newest_checkpoint()) is None

    for checkpoint in (large, small, small):
        units.run(lambda uow, checkpoint=checkpoint: uow.store(AuditLog).keep_checkpoint(checkpoint))

    assert units.read(lambda uow: uow.store(AuditLog).newest_checkpoint()) == large


def test_the_auditor_s_tool_finds_the_log_of_either_database_whole(
    sql_units: Units, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = AuditKey(tmp_path, "fengtai.example/city")
    desk = AuditDesk(transactions=sql_units.engine, signer=key, book=FileCheckpointBook(tmp_path / "checkpoints"))
    write(sql_units, *[entry() for _ in range(rules.TILE * 2 + 3)])
    sql_units.wait(desk.tick())
    asked = ["--database", sql_units.url, "--checkpoints", str(tmp_path / "checkpoints")]

    status = main([*asked, "--public-key", str(tmp_path / "public-key"), "--json"])

    assert (status, json.loads(capsys.readouterr().out)["covered"]) == (0, 515)
    proof = sql_units.wait(desk.proof(300))
    assert rules.includes(proof.line.leaf, 299, 515, proof.path, proof.checkpoint.root)

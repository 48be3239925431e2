"""What only somebody else's copy of the checkpoints can find: a history that was signed anew with the right key. And what a
log in disorder looks like where no checkpoint covers it yet; and times that cannot be."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.audit_verify.test_verifier import LINES, Log, log, write_log, written

from fengtai.domain.audit.model import AuditEntry, leaf_of, record_of
from fengtai.storage.audit_key import AuditKey

__all__ = ["log", "written"]


def verify(log: Log, *more: str) -> tuple[int, list[tuple[str, int, int]]]:
    status, report = log.verify("--database", f"{log.folder}/fengtai.db", *more)
    return status, [(finding["kind"], finding["seq"], finding["until"]) for finding in report["findings"]]


@pytest.fixture
def carried(log: Log) -> Path:
    """A copy of the book, carried away when there were forty lines."""
    notes = (log.folder / "checkpoints").read_text().split("\n\n")
    (log.folder / "carried").write_text("\n\n".join(notes[:8]) + "\n\n")
    return log.folder / "carried"


def rewrite_with_the_right_key(log: Log) -> None:
    """Another history of the same length, each checkpoint of it signed by the key that the platform really has."""
    thief = log.folder / "thief"
    thief.mkdir()
    shutil.copy(log.folder / "signing-key.pem", thief)
    asyncio.run(write_log(thief))
    with (
        closing(sqlite3.connect(thief / "fengtai.db")) as forged,
        closing(sqlite3.connect(log.folder / "fengtai.db")) as present,
    ):
        forged.backup(present)
    shutil.copy(thief / "checkpoints", log.folder / "checkpoints")


def test_a_carried_copy_of_an_honest_log(log: Log, carried: Path) -> None:
    status, report = log.verify("--database", f"{log.folder}/fengtai.db", "--carried", str(carried))
    assert (status, report["witnessed"]) == (0, 40)


def test_a_history_that_was_signed_anew_with_the_right_key(log: Log, carried: Path) -> None:
    rewrite_with_the_right_key(log)
    assert verify(log) == (0, [])  # the book and the log agree: nobody without a copy can tell
    status, found = verify(log, "--carried", str(carried))
    assert (status, found[0]) == (1, ("forked", 1, 10))


def test_a_log_and_a_book_that_were_both_cut(log: Log, carried: Path) -> None:
    log.tamper(lambda db: db.execute("DELETE FROM audit_line WHERE seq > 30"))
    notes = (log.folder / "checkpoints").read_text().split("\n\n")
    (log.folder / "checkpoints").write_text("\n\n".join(notes[:6]) + "\n\n")
    assert verify(log) == (0, [])
    assert verify(log, "--carried", str(carried)) == (1, [("cut", 31, 40)])


def test_a_witness_that_has_been_missing_for_too_long(log: Log, carried: Path) -> None:
    assert verify(log, "--carried", str(carried), "--witness-within-hours", "1") == (0, [])
    assert verify(log, "--carried", str(carried), "--witness-within-hours", "0.02") == (1, [("unwitnessed", 41, 60)])
    assert verify(log, "--witness-within-hours", "1") == (1, [("unwitnessed", 1, 60)])


def test_a_carried_checkpoint_that_the_key_never_signed(log: Log, carried: Path) -> None:
    carried.write_text(carried.read_text().replace("\n20\n", "\n21\n"))
    assert verify(log, "--carried", str(carried)) == (1, [("signature", 21, 21)])


def test_a_line_that_stands_twice_after_the_newest_checkpoint(log: Log) -> None:
    export = log.folder / "export.jsonl"
    log.verify("--database", f"{log.folder}/fengtai.db", "--write-export", str(export))
    with export.open("a") as file:
        file.write(export.read_text().splitlines()[-1] + "\n")
    status, report = log.verify("--export", str(export))
    assert (status, [finding["kind"] for finding in report["findings"]]) == (1, ["reordered"])


def test_lines_of_an_export_that_changed_places_where_nothing_covers_them(log: Log) -> None:
    export = log.folder / "export.jsonl"
    log.verify("--database", f"{log.folder}/fengtai.db", "--write-export", str(export))
    lines = export.read_text().splitlines()
    lines[54], lines[57] = lines[57], lines[54]
    export.write_text("\n".join(lines) + "\n")
    notes = (log.folder / "checkpoints").read_text().split("\n\n")
    (log.folder / "checkpoints").write_text("\n\n".join(notes[:-3]) + "\n\n")

    found = [(finding["kind"], finding["seq"]) for finding in log.verify("--export", str(export))[1]["findings"]]

    assert found == [("missing", 55), ("reordered", 56), ("reordered", 57), ("reordered", 55)]


def test_each_hole_is_told(log: Log) -> None:
    log.tamper(lambda db: db.execute("DELETE FROM audit_line WHERE seq IN (12, 31, 32)"))
    holes = [found for found in log.findings() if found[0] == "missing"]
    assert holes == [("missing", 12, 12), ("missing", 31, 32)]


def append(db: sqlite3.Connection, seq: int, at_ms: int) -> None:
    record = record_of(seq, at_ms, AuditEntry(actor="user:1", action="a.b", object="o:1"))
    db.execute(
        "INSERT INTO audit_line (seq, at_ms, actor, action, object, outcome, act, record, salt, leaf) "
        "VALUES (?, ?, 'user:1', 'a.b', 'o:1', 'done', '', ?, ?, ?)",
        (seq, at_ms, record.decode(), b"s" * 32, leaf_of(b"s" * 32, record)),
    )


def test_a_line_from_the_future(log: Log) -> None:
    log.tamper(lambda db: append(db, LINES + 1, 4_000_000_000_000))
    assert log.findings() == [("future", 61, 61)]


def test_a_checkpoint_from_the_future(log: Log) -> None:
    key = AuditKey(log.folder, "fengtai.example/city")
    text = (log.folder / "checkpoints").read_text().split("\n\n")[-3]
    root = text.split("\n")[2]
    with (log.folder / "checkpoints").open("w") as file:
        file.write(key.sign(f"fengtai.example/city\n60\n{root}\nat 2099-01-01T00:00:00.000Z\n") + "\n")
    assert log.findings() == [("future", 60, 60)]


def test_a_clock_that_was_set_back_is_remarked_once(log: Log) -> None:
    log.tamper(lambda db: [append(db, LINES + number, 1_700_000_000_000 + number) for number in (1, 2, 3)])
    status, report = log.verify()
    assert (status, [(remark["kind"], remark["seq"]) for remark in report["remarks"]]) == (0, [("clock", 61)])


def test_an_export_that_is_no_export(log: Log) -> None:
    export = log.folder / "export.jsonl"
    for line in ("{}", "[]", "5", '{"seq":true,"record":"x","salt":"00","leaf":"00"}', '{"seq":1,"record":5}', "\x00"):
        export.write_text(line + "\n")
        assert log.verify("--export", str(export))[0] == 2, line
    redacted = {"seq": 1, "record": None, "salt": None, "leaf": "00" * 32, "kept": {"at_ms": "x"}}
    export.write_text(json.dumps(redacted) + "\n")
    assert log.verify("--export", str(export))[0] == 2

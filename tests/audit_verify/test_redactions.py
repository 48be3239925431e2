"""Redacted lines in a real SQLite file: said and proven, unsaid, too early, and changed after their record was gone."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime

import pytest
from tests.audit_verify.test_verifier import Log, log, written

from fengtai.domain.audit.model import AuditEntry, leaf_of, record_of
from fengtai_audit_verify.redactions import kept_text, months_later_ms

__all__ = ["log", "written"]
MONTHS_LATER_MS = round(datetime(2027, 5, 21, tzinfo=UTC).timestamp() * 1000)


def redact(db: sqlite3.Connection, seq: int) -> None:
    db.execute("UPDATE audit_line SET record=NULL, salt=NULL, actor='', object='' WHERE seq=?", (seq,))


def kept_sha256(db: sqlite3.Connection, *seqs: int) -> str:
    rows = [
        db.execute("SELECT seq, at_ms, action, outcome, act, leaf FROM audit_line WHERE seq=?", (seq,)).fetchone()
        for seq in seqs
    ]
    return hashlib.sha256(b"".join(kept_text(*row) for row in rows)).hexdigest()


def say(db: sqlite3.Connection, at_ms: int = MONTHS_LATER_MS, **details: object) -> None:
    """The line of the redaction, as line 61."""
    entry = AuditEntry(actor="system:audit", action="audit.redact", object="audit", details=details)
    record = record_of(61, at_ms, entry)
    db.execute(
        "INSERT INTO audit_line (seq, at_ms, actor, action, object, outcome, act, record, salt, leaf) "
        "VALUES (61, ?, 'system:audit', 'audit.redact', 'audit', 'done', '', ?, ?, ?)",
        (at_ms, record.decode(), b"s" * 32, leaf_of(b"s" * 32, record)),
    )


def test_a_redaction_that_no_line_speaks_of(log: Log) -> None:
    log.tamper(lambda db: [redact(db, seq) for seq in (5, 6)])
    assert log.findings() == [("redacted-unsaid", 5, 6)]


def test_a_redaction_that_is_said_leaves_the_log_whole(log: Log) -> None:
    def redact_and_say(db: sqlite3.Connection) -> None:
        for seq in (5, 6, 9):
            redact(db, seq)
        say(db, ranges=[[5, 6], [9, 9]], kept_sha256=kept_sha256(db, 5, 6, 9))

    log.tamper(redact_and_say)
    status, report = log.verify()
    assert (status, report["redacted"], report["redacted_proven"], report["covered"]) == (0, 3, 3, 60)

    export = log.folder / "export.jsonl"
    assert log.verify("--database", f"{log.folder}/fengtai.db", "--write-export", str(export))[0] == 0
    status, report = log.verify("--export", str(export))
    assert (status, report["redacted_proven"]) == (0, 3)


def test_part_of_a_redaction_that_is_not_said(log: Log) -> None:
    def redact_more(db: sqlite3.Connection) -> None:
        for seq in range(5, 9):
            redact(db, seq)
        say(db, from_seq=6, to_seq=7)

    log.tamper(redact_more)
    assert log.findings() == [("redacted-unsaid", 5, 5), ("redacted-unsaid", 8, 8)]


@pytest.mark.parametrize(("column", "value"), [("at_ms", 1_000), ("action", "live.watch"), ("outcome", "refused")])
def test_what_stays_of_a_redacted_line_cannot_be_changed_either(log: Log, column: str, value: object) -> None:
    def redact_and_change(db: sqlite3.Connection) -> None:
        redact(db, 5)
        say(db, from_seq=5, to_seq=5, kept_sha256=kept_sha256(db, 5))
        db.execute(f"UPDATE audit_line SET {column} = ? WHERE seq = 5", (value,))

    log.tamper(redact_and_change)
    assert log.findings() == [("redacted-changed", 5, 5)]


def test_an_export_in_which_a_redacted_line_was_changed(log: Log) -> None:
    def redact_and_say(db: sqlite3.Connection) -> None:
        redact(db, 5)
        say(db, from_seq=5, to_seq=5, kept_sha256=kept_sha256(db, 5))

    log.tamper(redact_and_say)
    export = log.folder / "export.jsonl"
    log.verify("--database", f"{log.folder}/fengtai.db", "--write-export", str(export))
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    lines[4]["kept"]["action"] = "live.watch"
    export.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert [finding["kind"] for finding in log.verify("--export", str(export))[1]["findings"]] == ["redacted-changed"]


def test_a_redaction_before_its_months_are_over(log: Log) -> None:
    def redact_early(db: sqlite3.Connection) -> None:
        redact(db, 5)
        say(db, round(datetime(2027, 5, 20, 11, tzinfo=UTC).timestamp() * 1000), from_seq=5, to_seq=5)

    log.tamper(redact_early)
    assert log.findings() == [("redacted-early", 5, 5)]


def test_a_salt_alone_that_was_erased(log: Log) -> None:
    log.tamper(lambda db: db.execute("UPDATE audit_line SET salt = NULL WHERE seq=5"))
    assert log.findings() == [("changed", 5, 5), ("redacted-unsaid", 5, 5)]


@pytest.mark.parametrize(
    ("at", "later"),
    [
        ((2026, 1, 31), (2026, 7, 31)),
        ((2026, 8, 31), (2027, 2, 28)),
        ((2027, 8, 31), (2028, 2, 29)),
        ((2026, 8, 30), (2027, 2, 28)),
        ((2026, 6, 30), (2026, 12, 30)),
        ((2026, 12, 31), (2027, 6, 30)),
        ((2026, 5, 31), (2026, 11, 30)),
    ],
)
def test_six_calendar_months_at_the_ends_of_months(at: tuple[int, int, int], later: tuple[int, int, int]) -> None:
    def ms(day: tuple[int, int, int]) -> int:
        return round(datetime(*day, 23, 59, tzinfo=UTC).timestamp() * 1000)

    assert months_later_ms(ms(at)) == ms(later)

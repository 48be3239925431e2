"""The auditor's tool against a real log in a SQLite file, and against each way of tampering with it, done for real."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fengtai.apps.schema import sql_stores
from fengtai.domain.audit.model import AuditEntry, leaf_of, record_of
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.clock import HandClock
from fengtai_audit_verify.main import main

LINES, CHECKPOINT_EVERY = 60, 10
AS_OF = "2027-06-30T00:00:00Z"


def entry(number: int) -> AuditEntry:
    return AuditEntry(actor=f"user:{number % 3}", action="incident.note", object=f"incident:{number}")


async def write_log(folder: Path) -> None:
    """Sixty lines, a checkpoint after each ten, by the product's own code."""
    clock = HandClock()
    upgrade(f"sqlite:///{folder / 'fengtai.db'}")
    database = SqliteDatabase(folder / "fengtai.db", clock, sql_stores())
    await database.open()
    key = AuditKey(folder, "fengtai.example/city")
    desk = AuditDesk(transactions=database, signer=key, book=FileCheckpointBook(folder / "checkpoints"))
    for number in range(1, LINES + 1):
        await database.write(lambda uow, number=number: uow.store(AuditLog).append(entry(number)))
        if number % CHECKPOINT_EVERY == 0:
            clock.advance(60)
            await desk.tick()
    await database.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    asyncio.run(write_log(folder))
    return folder


@dataclass
class Log:
    folder: Path
    capture: pytest.CaptureFixture[str]

    def tamper(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """As a database administrator would: triggers are no obstacle."""
        with sqlite3.connect(self.folder / "fengtai.db") as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            work(connection)
        connection.close()

    def verify(self, *source: str) -> tuple[int, dict[str, Any]]:
        source = source or ("--database", str(self.folder / "fengtai.db"))
        files = ["--checkpoints", str(self.folder / "checkpoints"), "--public-key", str(self.folder / "public-key")]
        status = main([*source, *files, "--as-of", AS_OF, "--json"])
        return status, json.loads(self.capture.readouterr().out)

    def findings(self) -> list[tuple[str, int, int]]:
        status, report = self.verify()
        assert status == 1
        assert report["ok"] is False
        return [(finding["kind"], finding["seq"], finding["until"]) for finding in report["findings"]]


@pytest.fixture
def log(written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Log:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return Log(tmp_path, capsys)


def forged(seq: int, at_ms: int, who: str = "user:99") -> tuple[str, bytes, bytes]:
    """Record, salt and leaf that agree with each other: what somebody who knows the format would write."""
    record, salt = record_of(seq, at_ms, AuditEntry(actor=who, action="a", object="o")), b"s" * 32
    return record.decode(), salt, leaf_of(salt, record)


def forge(connection: sqlite3.Connection, seqs: range) -> None:
    for seq in seqs:
        record, salt, leaf = forged(seq, 1)
        connection.execute(
            "UPDATE audit_line SET at_ms=1, actor='user:99', action='a', object='o', record=?, salt=?, leaf=? "
            "WHERE seq=?",
            (record, salt, leaf, seq),
        )


def test_an_honest_log_holds(log: Log) -> None:
    status, report = log.verify()

    assert status == 0
    assert report["ok"] is True
    assert (report["lines"], report["covered"], report["checkpoints"]) == (60, 60, 6)


def test_lines_after_the_newest_checkpoint_are_told_as_not_covered(log: Log) -> None:
    notes = (log.folder / "checkpoints").read_text().split("\n\n")
    (log.folder / "checkpoints").write_text("\n\n".join(notes[:-3]) + "\n\n")

    status, report = log.verify()

    assert (status, report["lines"], report["covered"]) == (0, 60, 50)


def test_a_changed_record(log: Log) -> None:
    log.tamper(lambda db: db.execute("UPDATE audit_line SET record = replace(record, 'user:', 'usor:') WHERE seq=23"))
    assert log.findings() == [("changed", 23, 23)]


def test_a_changed_column_beside_the_record(log: Log) -> None:
    log.tamper(lambda db: db.execute("UPDATE audit_line SET actor = 'user:99' WHERE seq=23"))
    assert log.findings() == [("copy-differs", 23, 23)]


def test_a_flipped_bit_of_a_salt(log: Log) -> None:
    log.tamper(lambda db: db.execute("UPDATE audit_line SET salt = zeroblob(32) WHERE seq=1"))
    assert log.findings() == [("changed", 1, 1)]


def test_a_line_that_was_rewritten_together_with_its_leaf(log: Log) -> None:
    log.tamper(lambda db: forge(db, range(23, 24)))
    assert log.findings() == [("rewritten", 21, 30)]


def test_a_line_that_was_taken_out(log: Log) -> None:
    log.tamper(lambda db: db.execute("DELETE FROM audit_line WHERE seq=23"))
    assert ("missing", 23, 23) in log.findings()


def test_a_line_that_was_taken_out_and_the_rest_numbered_anew(log: Log) -> None:
    def take_out(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM audit_line WHERE seq=23")
        for seq in range(24, LINES + 1):
            db.execute("UPDATE audit_line SET seq=? WHERE seq=?", (seq - 1, seq))

    log.tamper(take_out)
    found = log.findings()
    assert found[0] == ("reordered", 23, 23)
    assert ("rewritten", 21, 30) in found
    assert ("cut", 60, 60) in found


def test_a_tail_that_was_cut_off(log: Log) -> None:
    log.tamper(lambda db: db.execute("DELETE FROM audit_line WHERE seq > 34"))
    assert log.findings() == [("cut", 35, 40)]


def test_two_lines_that_changed_places(log: Log) -> None:
    def swap(db: sqlite3.Connection) -> None:
        db.execute("UPDATE audit_line SET seq=1000 WHERE seq=41")
        db.execute("UPDATE audit_line SET seq=41 WHERE seq=42")
        db.execute("UPDATE audit_line SET seq=42 WHERE seq=1000")

    log.tamper(swap)
    assert log.findings() == [("reordered", 41, 41), ("reordered", 42, 42), ("rewritten", 41, 50)]


def test_a_log_that_was_wholly_rewritten(log: Log) -> None:
    log.tamper(lambda db: forge(db, range(1, LINES + 1)))
    assert log.findings() == [("rewritten", 1, 10)]


def test_a_wholly_rewritten_log_with_checkpoints_of_another_key(log: Log, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "forger", ignore_errors=True)
    (tmp_path / "forger").mkdir()
    asyncio.run(write_log(tmp_path / "forger"))
    with (
        closing(sqlite3.connect(tmp_path / "forger" / "fengtai.db")) as forged,
        closing(sqlite3.connect(log.folder / "fengtai.db")) as present,
    ):
        forged.backup(present)  # a copy of the file alone would leave out what still stands in its write-ahead log
    shutil.copy(tmp_path / "forger" / "checkpoints", log.folder / "checkpoints")

    found = log.findings()

    assert {kind for kind, _, _ in found} == {"signature", "unsigned"}
    assert ("unsigned", 1, 60) in found


def test_a_fork_that_was_signed_with_the_right_key(log: Log) -> None:
    key = AuditKey(log.folder, "fengtai.example/city")
    other = key.sign("fengtai.example/city\n60\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    with (log.folder / "checkpoints").open("a") as file:
        file.write(other + "\n")

    assert log.findings() == [("forked", 1, 60)]


def test_a_log_that_was_put_back_to_an_earlier_state_and_signed_on(log: Log) -> None:
    key = AuditKey(log.folder, "fengtai.example/city")
    root = (log.folder / "checkpoints").read_text().split("\n")[2]
    with (log.folder / "checkpoints").open("a") as file:
        file.write(key.sign(f"fengtai.example/city\n10\n{root}\n") + "\n")

    assert log.findings() == [("rolled-back", 11, 60)]


def test_a_changed_checkpoint(log: Log) -> None:
    text = (log.folder / "checkpoints").read_text()
    (log.folder / "checkpoints").write_text(text.replace("\n20\n", "\n21\n"))

    assert log.findings() == [("signature", 21, 21)]


def test_lost_checkpoints(log: Log) -> None:
    (log.folder / "checkpoints").write_text("")
    assert log.findings() == [("unsigned", 1, 60)]


def test_a_checkpoint_that_a_crash_cut_short_is_left_out(log: Log) -> None:
    text = (log.folder / "checkpoints").read_text()
    (log.folder / "checkpoints").write_text(text[:-30])

    status, report = log.verify()

    assert (status, report["torn_checkpoint"], report["covered"]) == (0, True, 50)


def test_an_export_is_checked_like_the_database_it_came_from(log: Log) -> None:
    export = log.folder / "export.jsonl"
    log.verify("--database", str(log.folder / "fengtai.db"), "--write-export", str(export))
    status, report = log.verify("--export", str(export))
    assert (status, report["covered"]) == (0, 60)

    export.write_text(export.read_text().replace("incident:17", "incident:71", 1))
    status, report = log.verify("--export", str(export))
    assert (status, report["first_bad_seq"]) == (1, 17)


def test_what_cannot_be_read_is_not_called_good(log: Log, tmp_path: Path) -> None:
    status, report = log.verify("--database", str(tmp_path / "nowhere.db"))
    assert status == 2
    assert "no database" in report["unreadable"]

    (log.folder / "public-key").write_text("fengtai.example/city+00000000+AAAA")
    assert log.verify()[0] == 2


@pytest.mark.parametrize("column", ["record", "salt", "leaf"])
def test_values_of_a_wrong_type_do_not_confuse_the_tool(log: Log, column: str) -> None:
    log.tamper(lambda db: db.execute(f"UPDATE audit_line SET {column} = 5.5 WHERE seq=23"))
    status, report = log.verify()
    assert status != 0
    assert report["ok"] is False


def test_a_record_that_is_no_record(log: Log) -> None:
    salt = b"s" * 32
    for record in ("[" * 100_000, "5", "{}", '{"v":2,"seq":23}', "\udcff"):
        leaf = hashlib.sha256(b"\0" + salt + record.encode("utf-8", "replace")).digest()
        log.tamper(
            lambda db, leaf=leaf, record=record.encode("utf-8", "replace").decode(): db.execute(
                "UPDATE audit_line SET record=?, salt=?, leaf=? WHERE seq=23", (record, salt, leaf)
            )
        )
        assert ("unknown-format", 23, 23) in log.findings()


def test_the_tool_runs_alone(log: Log) -> None:
    """As its own process, without anything of the platform imported."""
    program = (
        "import sys; from fengtai_audit_verify.main import main; status = main(sys.argv[1:]);"
        "sys.exit(9 if any(name == 'fengtai' or name.startswith('fengtai.') for name in sys.modules) else status)"
    )
    folder = log.folder
    arguments = ["--database", f"{folder}/fengtai.db", "--checkpoints", f"{folder}/checkpoints"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments, "--public-key", f"{folder}/public-key"],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "THE LOG HOLDS")

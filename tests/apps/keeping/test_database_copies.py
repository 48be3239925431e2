"""Copies of a database beside a process that never stops writing: consistent, and they end."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from fengtai.apps.keeping import database_copies
from fengtai.vocabulary.errors import Conflict, Unavailable


class BusyWriter:
    """Two tables that always say the same, changed as fast as the disk takes it."""

    def __init__(self, path: Path) -> None:
        self._path, self._stop, self.first_rows = path, threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "BusyWriter":
        with closing(sqlite3.connect(self._path)) as made:
            made.execute("PRAGMA journal_mode=WAL")
            made.executescript("CREATE TABLE a (n INTEGER, filling BLOB); CREATE TABLE b (n INTEGER);")
            made.executemany("INSERT INTO a VALUES (?, zeroblob(4000))", [(number,) for number in range(2000)])
            made.executemany("INSERT INTO b VALUES (?)", [(number,) for number in range(2000)])
            made.commit()
        self._thread.start()
        assert self.first_rows.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as writing:
            number = 2000
            while not self._stop.is_set():
                writing.execute("BEGIN IMMEDIATE")
                writing.execute("INSERT INTO a VALUES (?, zeroblob(4000))", (number,))
                writing.execute("INSERT INTO b VALUES (?)", (number,))
                writing.execute("COMMIT")
                number += 1
                if number == 2010:
                    self.first_rows.set()


def test_a_copy_beside_a_busy_writer_is_one_moment(tmp_path: Path):
    path = tmp_path / "busy.sqlite"
    (tmp_path / "saved").mkdir()
    with BusyWriter(path):
        copy = database_copies.save(f"sqlite:///{path}", tmp_path / "saved")
    assert database_copies.fault(copy) == ""
    with closing(sqlite3.connect(copy)) as copied:
        ((a, b),) = copied.execute("SELECT (SELECT max(n) FROM a), (SELECT max(n) FROM b)")
    assert a == b >= 2009
    assert copy.stat().st_mode & 0o077 == 0


def test_nothing_is_loaded_over_a_database_that_is_there(tmp_path: Path):
    path = tmp_path / "there.sqlite"
    path.write_bytes(b"something")
    with pytest.raises(Conflict):
        database_copies.load(f"sqlite:///{path}", tmp_path)
    assert path.read_bytes() == b"something"


def test_what_is_not_there_or_no_database_is_told(tmp_path: Path):
    with pytest.raises(Unavailable):
        database_copies.save(f"sqlite:///{tmp_path / 'nothing.sqlite'}", tmp_path)
    junk = tmp_path / "database.sqlite"
    junk.write_bytes(b"junk" * 1000)
    assert "not a database" in database_copies.fault(junk)


def test_a_password_of_postgresql_stands_in_no_argument_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    tool = tmp_path / "pg_dump"
    told = ["#!/bin/bash", 'cd "$(dirname "$0")"', 'printf "%s\\n" "$@" > arguments', 'printf "$PGPASSWORD" > password']
    tool.write_text("\n".join([*told, "touch database.dump", ""]))
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    database_copies.save("postgresql+psycopg://fengtai:s3cret@db.example/city", tmp_path)
    assert "s3cret" not in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "s3cret"

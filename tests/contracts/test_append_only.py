"""What was written down stays as it is: the application's own role tries to change it, on either database, and cannot."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.contracts.conftest import Units, sql_stores_and_connection, units_on
from tests.contracts.postgres_cluster import PostgresCluster

from fengtai.domain.audit.model import AuditEntry, AuditQuery, Outcome
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.audit.service import AuditDesk
from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.postgres.roles import powers, secure
from fengtai.storage.schema import upgrade
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Unavailable
from fengtai.vocabulary.transactions import UnitOfWork
from fengtai_audit_verify.main import main

APPLICATION = "fengtai_application"
ACTS = (
    "UPDATE audit_line SET actor = 'user:99'",
    "UPDATE audit_line SET record = NULL, salt = NULL, actor = '', object = '' WHERE seq = 1",
    "DELETE FROM audit_line",
    "TRUNCATE audit_line",
    "DROP TABLE audit_line",
    "ALTER TABLE audit_line DISABLE TRIGGER ALL",
    "ALTER TABLE audit_line ADD COLUMN other text",
    "DROP TRIGGER audit_line_no_update ON audit_line",
    "CREATE OR REPLACE FUNCTION fengtai_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "INSERT INTO audit_line SELECT * FROM audit_line WHERE seq = 1 ON CONFLICT (seq) DO UPDATE SET actor = 'user:99'",
    "SELECT * FROM audit_line FOR UPDATE",
    "UPDATE audit_checkpoint SET note = 'forged'",
    "DELETE FROM audit_checkpoint",
    "TRUNCATE audit_checkpoint",
    "DELETE FROM signal_journal",
    "UPDATE event_log SET kind = 'x'",
    "SET session_replication_role = replica",
    "CREATE TABLE audit_line_of_mine (seq bigint)",
    "DELETE FROM alembic_version",
)


@pytest.fixture
def secured(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[tuple[str, str]]:
    """Addresses of a fresh database: the owner's, the application's."""
    database = postgres_cluster.new_database(postgres_template)
    owner = postgres_cluster.url(database)
    secure(owner, APPLICATION)
    yield owner, owner.replace("//fengtai@", f"//{APPLICATION}@")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {APPLICATION}")


@pytest.fixture
def as_application(secured: tuple[str, str]) -> Iterator[Units]:
    clock = HandClock()
    engine = PostgresDatabase(secured[1], clock, sql_stores_and_connection())
    units = Units("postgres", engine, clock, engine.signals, secured[1]).open()
    yield units
    units.close()


def write(units: Units, outcome: Outcome = Outcome.DONE) -> None:
    entry = AuditEntry(actor="user:7", action="clip.play", object="clip:1", outcome=outcome, act="act-1")
    units.run(lambda uow: uow.store(AuditLog).append(entry))


def seal(units: Units, folder: Path) -> None:
    key = AuditKey(folder, "fengtai.example/city")
    units.wait(AuditDesk(transactions=units.engine, signer=key, book=FileCheckpointBook(folder / "checkpoints")).tick())


def test_the_application_serves_with_its_role(as_application: Units, secured: tuple[str, str], tmp_path: Path) -> None:
    for outcome in (Outcome.INTENT, Outcome.DONE, Outcome.DONE):
        write(as_application, outcome)
    seal(as_application, tmp_path)
    upgrade(secured[1])  # finds nothing to do, as at every start

    assert as_application.read(lambda uow: len(uow.store(AuditLog).page(AuditQuery()))) == 3
    asked = ["--database", secured[1], "--checkpoints", f"{tmp_path}/checkpoints"]
    assert main([*asked, "--public-key", f"{tmp_path}/public-key", "--as-of", "2027-01-01"]) == 0
    assert powers(secured[1]) == []


@pytest.mark.parametrize("act", ACTS)
def test_the_application_cannot_change_what_was_written(as_application: Units, secured: tuple[str, str], act: str):
    write(as_application)
    with psycopg.connect(secured[1]) as connection, pytest.raises(psycopg.Error) as refused:
        connection.execute(act)
    assert refused.value.sqlstate == "42501"  # insufficient_privilege


@pytest.mark.parametrize("act", ["UPDATE audit_line SET actor = 'x'", "DELETE FROM audit_line", "TRUNCATE audit_line"])
def test_triggers_stop_the_owner_s_mistakes(as_application: Units, secured: tuple[str, str], act: str) -> None:
    write(as_application)
    with psycopg.connect(secured[0]) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(act)


def test_tables_of_later_upgrades_are_the_application_s_to_use(secured: tuple[str, str]) -> None:
    with psycopg.connect(secured[0]) as connection:
        connection.execute("CREATE TABLE later (id int)")
    with psycopg.connect(secured[1]) as connection:
        connection.execute("INSERT INTO later VALUES (1)")
        connection.execute("UPDATE later SET id = 2")


def test_a_role_that_could_do_anything_is_refused(secured: tuple[str, str]) -> None:
    with pytest.raises(Conflict, match="may do anything"):
        secure(secured[0], "fengtai")
    assert "OWNER audit_line" in powers(secured[0])


def test_the_application_cannot_give_itself_rights(secured: tuple[str, str]) -> None:
    with pytest.raises(Conflict, match="not the owner's"):
        secure(secured[1], APPLICATION)
    assert powers(secured[1]) == []


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE audit_line SET actor = 'user:99'",
        "UPDATE audit_line SET record = NULL",
        "DELETE FROM audit_line",
        "UPDATE audit_checkpoint SET note = 'forged'",
        "DELETE FROM audit_checkpoint",
        "INSERT OR REPLACE INTO audit_line SELECT * FROM audit_line",
        "INSERT OR REPLACE INTO audit_checkpoint SELECT * FROM audit_checkpoint",
        "REPLACE INTO audit_line (seq, at_ms, actor, action, object, outcome, act, leaf) "
        "VALUES (1, 1, 'user:99', 'a', 'o', 'done', '', x'00')",
    ],
)
def test_the_application_s_connection_to_sqlite_cannot_either(
    act: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for units in units_on("sqlite", request, tmp_path):
        write(units)
        seal(units, tmp_path)

        def change(uow: UnitOfWork) -> None:
            uow.store(Connection).execute(text(act))

        with pytest.raises((IntegrityError, DBAPIError, sqlite3.Error, Unavailable), match="append-only"):
            units.run(change)
        line = units.read(lambda uow: uow.store(AuditLog).line(1))
        assert line.entry is not None
        assert line.entry.actor == "user:7"

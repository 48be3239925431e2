"""From the schema of an older version to this one with data in it; and back only by the backup of before."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from tests.journeys.one_server import PASSWORDS, a_server

from fengtai.apps.schema import collected_metadata
from fengtai.storage.postgres.connections import driver_url
from fengtai.storage.schema import differences, migrations_folder, revision_of, upgrade
from fengtai.vocabulary.errors import Conflict

OLD = "0004"
"""the schema of version 0.1.0 as it was first published"""
ORGANISATION = "INSERT INTO organisations_organisation VALUES ('o1', '风台市', 'city', '', '210200')"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fengtai.sqlite'}"
    cluster = request.getfixturevalue("postgres_cluster")
    return cluster.url(cluster.new_database())


def at_version(url: str, revision: str) -> None:
    """Bring a database to this revision, as an older version did."""
    engine = create_engine(url if url.startswith("sqlite") else driver_url(url))
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def run(url: str, *statements: str) -> list:
    engine = create_engine(url if url.startswith("sqlite") else driver_url(url))
    with engine.begin() as connection:
        answers = [connection.execute(text(statement)) for statement in statements]
        told = [list(answer) if answer.returns_rows else [] for answer in answers]
    engine.dispose()
    return told


def test_an_old_database_with_data_is_upgraded_and_keeps_it(url: str):
    at_version(url, OLD)
    assert revision_of(url) == OLD
    run(url, ORGANISATION, "INSERT INTO event_log VALUES (1, 0, 'alarms.raised', 'alarms.see', '{}')")
    upgrade(url)
    assert differences(url, collected_metadata()) == []
    ((name,),), events = run(url, "SELECT name FROM organisations_organisation", "SELECT seq FROM event_log")
    assert name == "风台市"
    assert [tuple(row) for row in events] == [(1,)]
    upgrade(url)


def test_an_older_version_refuses_a_database_of_a_newer_one(url: str):
    upgrade(url)
    newest = revision_of(url)
    run(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Conflict, match="newer version"):
        upgrade(url)
    run(url, f"UPDATE alembic_version SET version_num = '{newest}'")
    upgrade(url)


@pytest.mark.journey
def test_going_back_is_restoring_the_backup_of_before(tmp_path: Path):
    """As docs/guide/upgrade.md says: stop, back up, upgrade; and if it must be, put the backup back."""
    server = a_server(tmp_path / "data")
    try:
        server.start().set_up()
    finally:
        server.stop()
    saved = tmp_path / "before"
    assert server.command("backup", str(saved)).returncode == 0
    assert server.command("db", "upgrade").returncode == 0
    with sqlite3.connect(server.data / "fengtai.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")  # what a newer version left behind
    database.close()
    refused = server.command("db", "upgrade")
    assert refused.returncode == 1
    assert "restore the backup" in " ".join(refused.stderr.split())
    with pytest.raises(RuntimeError, match="Not started"):
        server.start()

    server.data.rename(tmp_path / "set-aside")
    assert server.command("restore", str(saved)).returncode == 0
    try:
        server.start()
        with server.client() as client:
            answer = client.post("/api/session", json={"name": "zhao", "password": PASSWORDS["zhao"]})
        assert answer.status_code == 200
    finally:
        server.stop()
    shutil.rmtree(tmp_path / "set-aside")

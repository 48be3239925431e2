"""The commands of the audit log against real databases: roles are given and looked at, the owner redacts, a day passes."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.contracts.postgres_cluster import PostgresCluster
from typer.testing import CliRunner

from fengtai.apps.cli.main import app
from fengtai.apps.server.log_rights import ROUND_SECONDS, LogRights
from fengtai.vocabulary.clock import HandClock

ROLE = "fengtai_serving"


@pytest.fixture
def owner(postgres_cluster: PostgresCluster, postgres_template: str) -> Iterator[str]:
    url = postgres_cluster.url(postgres_cluster.new_database(postgres_template))
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,)).fetchone():
            connection.execute(f"DROP OWNED BY {ROLE}")
            connection.execute(f"DROP ROLE {ROLE}")


def run(tmp_path: Path, *arguments: str, typed: str | None = None, **environment: str) -> tuple[int, str]:
    given = {"FENGTAI_DATA": str(tmp_path), **environment}
    done = CliRunner().invoke(app, list(arguments), env=given, input=typed)
    return done.exit_code, done.output


def test_the_server_s_role_is_looked_at_made_and_good(owner: str, tmp_path: Path) -> None:
    served = owner.replace("//fengtai@", f"//{ROLE}:a-long-pass-word@")
    status, told = run(tmp_path, "db", "roles", "--check", FENGTAI_DATABASE__URL=owner)
    assert (status, "OWNER audit_line" in told) == (1, True)

    both = {"FENGTAI_DATABASE__URL": served, "FENGTAI_DATABASE__OWNER_URL": owner}
    typed = "a-long-pass-word\na-long-pass-word\n"
    status, told = run(tmp_path, "db", "roles", ROLE, "--password", typed=typed, **both)
    assert (status, "a-long-pass-word" in told) == (0, False), told
    assert run(tmp_path, "db", "roles", "--check", FENGTAI_DATABASE__URL=served)[0] == 0
    assert run(tmp_path, "db", "upgrade", **both)[0] == 0
    with psycopg.connect(owner) as connection:
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (ROLE,)).fetchone()
    assert kept is not None
    assert kept[0].startswith("SCRAM-SHA-256$")


async def test_a_server_whose_role_could_change_the_log_says_so(owner: str, tmp_path: Path) -> None:
    clock = HandClock()
    mighty = LogRights(owner, clock)
    await mighty.tick()
    assert "could change the audit log (" in mighty.fault
    assert "fengtai db roles" in mighty.fault

    served = owner.replace("//fengtai@", f"//{ROLE}@")
    assert run(tmp_path, "db", "roles", ROLE, FENGTAI_DATABASE__OWNER_URL=owner, FENGTAI_DATABASE__URL=served)[0] == 0
    good = LogRights(served, clock)
    await good.tick()
    assert good.fault == ""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"GRANT DELETE ON audit_line TO {ROLE}")
    await good.tick()
    assert good.fault == "", "not looked at again so soon"
    clock.advance(ROUND_SECONDS)
    await good.tick()
    assert "DELETE audit_line" in good.fault


def test_roles_are_for_postgresql_and_its_owner(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "roles")[0] == 2


@pytest.mark.parametrize("command", ["redact", "stamp"])
def test_before_the_first_checkpoint_there_is_nothing_to_do(tmp_path: Path, command: str) -> None:
    status, told = run(tmp_path, "audit", command)
    assert (status, "no checkpoint" in told) == (1, True)


def test_time_stamps_need_a_root(tmp_path: Path) -> None:
    status, told = run(tmp_path, "audit", "stamp", FENGTAI_AUDIT__TIME_STAMP_URL="http://stamps.example/tsa")
    assert (status, "time_stamp_root" in told) == (1, True)

"""A throw-away PostgreSQL cluster for one test session: its own data folder, socket and port, no other's business."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg

USER = "fengtai"


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine, or it cannot run here."""


class PostgresCluster:
    """Made by initdb, run by pg_ctl, without fsync: what a crash does to it is not tested here."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="fengtai-pg-"))
        self._as_user = _other_user() if os.getuid() == 0 else None
        if self._as_user:
            shutil.chown(self._folder, self._as_user)
        self.port = _free_port()
        self._databases = 0
        self._clean: list[str] = []
        self._tables: list[str] = []

    def start(self) -> None:
        self._end_orphans()
        (self._folder / "owner").write_text(str(os.getpid()))
        data = self._folder / "data"
        self._run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-p {self.port} -k {self._folder} -c listen_addresses= -c fsync=off -c max_connections=60"
        self._run("pg_ctl", "-D", str(data), "-l", str(self._folder / "log"), "-o", options, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end_orphans(self) -> None:
        """Clusters whose test session was killed before it could stop them."""
        for owner in Path(tempfile.gettempdir()).glob("fengtai-pg-*/owner"):
            if not Path("/proc", owner.read_text()).exists():
                with contextlib.suppress(NoPostgres):  # it has ended by itself
                    self._run("pg_ctl", "-D", str(owner.parent / "data"), "-m", "immediate", "stop")
                shutil.rmtree(owner.parent, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self._folder}&port={self.port}"

    def new_database(self, template: str = "template0") -> str:
        """Make an empty database (or a copy of `template`); return its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self._sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def borrow(self, template: str) -> str:
        """A database with the template's tables, empty: one that was given back, else a new one."""
        if self._clean:
            return self._clean.pop()
        database = self.new_database(template)
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            self._tables = _tables(connection)
        return database

    def give_back(self, database: str) -> None:
        """Empty it for the next test (ten times faster than a new one); drop it when a test changed its tables."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            tables = _tables(connection)
            if tables == self._tables:
                connection.execute("SET session_replication_role = replica")  # no triggers: append-only is for others
                connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))
                self._clean.append(database)
                return
        self._sql(f"DROP DATABASE {database} WITH (FORCE)")

    def _sql(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._as_user:
            command = ["runuser", "-u", self._as_user, "--", *command]
        # pg_ctl's child keeps what it inherits open: a pipe would never end. What it says stands in the log.
        output = subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE
        done = subprocess.run(
            command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True
        )
        if done.returncode != 0:
            raise NoPostgres(f"{program} failed: {done.stderr or self._log()}")

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text() if log.exists() else "it left no log"


def _tables(connection: psycopg.Connection[tuple[str]]) -> list[str]:
    found = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
    )
    return [name for (name,) in found.fetchall()]


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise NoPostgres("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return Path(on_path).parent


def _other_user() -> str:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL does not run as root, and there is no user postgres")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

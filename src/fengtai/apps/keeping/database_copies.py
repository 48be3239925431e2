"""Copies of the database: SQLite by its own online backup, PostgreSQL by pg_dump and pg_restore as argument lists.

A password never stands in an argument list: the PostgreSQL tools get it by their environment.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from fengtai.vocabulary.errors import Conflict, Unavailable

ALL_PAGES = -1
"""In one step, on one snapshot: a copy in several steps begins anew whenever another process commits, and would never end
beside a busy platform. In WAL mode the reader holds nobody up; the write-ahead log only grows meanwhile."""


def is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:///")


def sqlite_path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def copy_name(url: str) -> str:
    return "database.sqlite" if is_sqlite(url) else "database.dump"


def save(url: str, folder: Path) -> Path:
    """A consistent copy, while the platform may be running."""
    target = folder / copy_name(url)
    if is_sqlite(url):
        _save_sqlite(sqlite_path(url), target)
    else:
        _run("pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"], url)
    target.chmod(0o600)
    return target


def load(url: str, folder: Path) -> None:
    """Into a database that is empty. Raise Conflict when it is not."""
    source = folder / copy_name(url)
    if is_sqlite(url):
        path = sqlite_path(url)
        if path.exists() and path.stat().st_size:
            raise Conflict(f"{path} is there already: move it away first, nothing is written over")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, path)
        path.chmod(0o600)
    else:
        if has_tables(url):
            raise Conflict("the database has tables already: create an empty one first, nothing is written over")
        _run(
            "pg_restore", ["--exit-on-error", "--no-owner", "--no-privileges", "--single-transaction", str(source)], url
        )


def fault(source: Path) -> str:
    """What is wrong with a copy; empty when nothing is."""
    if source.suffix == ".dump":
        asked = subprocess.run(
            [_tool("pg_restore"), "--list", str(source)], capture_output=True, text=True, check=False
        )
        return "" if asked.returncode == 0 else asked.stderr.strip()[:300]
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro&immutable=1", uri=True)) as connection:
            told = connection.execute("PRAGMA integrity_check(5)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "" if told == [("ok",)] else "; ".join(str(line[0]) for line in told)


def has_tables(url: str) -> bool:
    asked = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
    return _run("psql", ["--no-psqlrc", "--tuples-only", "--no-align", f"--command={asked}"], url).strip() != "0"


def _save_sqlite(path: Path, target: Path) -> None:
    if not path.is_file():
        raise Unavailable(f"there is no database {path}")
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy, pages=ALL_PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise Unavailable(f"the database {path} cannot be copied: {error}") from error
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _run(tool: str, arguments: list[str], url: str) -> str:
    place = make_url(url)
    bare = place.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(place.password)} if place.password else {}
    environment = {**os.environ, **password}
    arguments = [f"--dbname={bare}", *arguments]
    ran = subprocess.run([_tool(tool), *arguments], env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Unavailable(f"{tool} failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Unavailable(f"{name} is not installed (Debian: postgresql-client)")
    return found

"""Where the lines of a log come from: a SQLite file, a PostgreSQL database, or an export (JSON, one line each)."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from fengtai_audit_verify.checkpoints import Unreadable

COPIES = ("at_ms", "actor", "action", "object", "outcome", "act")
KEPT = ("at_ms", "action", "outcome", "act")
"""Columns that stay when a line is redacted."""
_QUERY = f"SELECT seq, {', '.join(COPIES)}, record, salt, leaf FROM audit_line ORDER BY seq"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Line:
    seq: int
    copies: dict[str, Any]
    """columns that repeat what the record says; an export tells them of redacted lines only"""
    record: str | None
    salt: bytes | None
    leaf: bytes


def lines_of_database(address: str) -> Iterator[Line]:
    """`address` is a postgresql:// URL, a sqlite:/// URL or a path. Raise Unreadable."""
    if address.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return _postgres(address.replace("postgresql+psycopg", "postgresql", 1))
    return _sqlite(Path(address.removeprefix("sqlite:///")))


def lines_of_export(path: Path) -> Iterator[Line]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                try:
                    told = json.loads(text)
                    salt = None if told["salt"] is None else bytes.fromhex(told["salt"])
                    yield Line(_number(told["seq"]), _kept(told), told["record"], salt, bytes.fromhex(told["leaf"]))
                except (ValueError, KeyError, TypeError) as error:
                    raise Unreadable(f"line {number} of the export is not readable: {error!r}") from error
    except OSError as error:
        raise Unreadable(f"the export cannot be read: {error}") from error


def write_export(lines: Iterator[Line], file: TextIO) -> Iterator[Line]:
    """Pass the lines on and write each to the file."""
    for line in lines:
        told = asdict(line) | {"salt": None if line.salt is None else line.salt.hex(), "leaf": line.leaf.hex()}
        copies = told.pop("copies")
        if line.record is None:
            told["kept"] = {name: copies[name] for name in KEPT}
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
        yield line


def _kept(told: dict[str, Any]) -> dict[str, Any]:
    if told["record"] is not None:
        if not isinstance(told["record"], str):
            raise TypeError("a record is a text")
        return {}
    kept = {name: told["kept"][name] for name in KEPT} if "kept" in told else {}
    if kept and not (type(kept["at_ms"]) is int and all(isinstance(kept[name], str) for name in KEPT[1:])):
        raise TypeError("what is kept of a redacted line has a wrong type")
    return kept


def _number(seq: Any) -> int:
    if type(seq) is not int:
        raise TypeError("seq is a whole number")
    return seq


def _sqlite(path: Path) -> Iterator[Line]:
    if not path.is_file():
        raise Unreadable(f"there is no database {path}")
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield from map(_line, connection.execute(_QUERY))
    except sqlite3.Error as error:
        raise Unreadable(f"the database cannot be read: {error}") from error
    finally:
        connection.close()


def _postgres(url: str) -> Iterator[Line]:
    try:
        import psycopg
    except ImportError as error:
        raise Unreadable("reading PostgreSQL needs psycopg (pip install 'psycopg[binary]')") from error
    try:
        with psycopg.connect(url) as connection:
            connection.read_only = True
            with connection.cursor("audit") as cursor:
                cursor.itersize = 5000
                yield from map(_line, cursor.execute(_QUERY))
    except psycopg.Error as error:
        raise Unreadable(f"the database cannot be read: {error}") from error


def _line(row: Any) -> Line:
    seq, *copies, record, salt, leaf = row
    right = (
        isinstance(seq, int)
        and isinstance(record, str | None)
        and isinstance(salt, bytes | memoryview | None)
        and isinstance(leaf, bytes | memoryview)
        and isinstance(copies[0], int)
    )
    if not right:
        raise Unreadable(f"line {seq!r} of the database holds values of a wrong type: it was tampered with or damaged")
    return Line(seq, dict(zip(COPIES, copies, strict=True)), record, None if salt is None else bytes(salt), bytes(leaf))

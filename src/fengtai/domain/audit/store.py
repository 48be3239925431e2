"""The audit log's tables and SQL, for SQLite and PostgreSQL.

`audit_line` is append-only (triggers of migration 0001). Its columns beside `record` are copies of what the record
says, for looking things up; the auditor's tool compares them with it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from json import JSONEncoder
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    CompoundSelect,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    Text,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    text,
    union_all,
    update,
)

from fengtai.domain.audit.model import (
    LOOKING,
    SALT_BYTES,
    AuditEntry,
    AuditLine,
    AuditQuery,
    Checkpoint,
    Drafted,
    KeptLine,
    OpenAct,
    Outcome,
    drafts_of,
    entry_of,
    kept_text,
    leaf_of,
)
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()
_SEQ = BigInteger().with_variant(Integer, "sqlite")

audit_line = Table(
    "audit_line",
    metadata,
    Column("seq", _SEQ, primary_key=True, autoincrement=False, comment="place, from 1, without holes; leaf seq-1"),
    Column("at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC"),
    Column("actor", Text, nullable=False, comment='"user:<id>"; empty once redacted'),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False, comment="empty once redacted"),
    Column("outcome", String(16), nullable=False),
    Column("act", String(64), nullable=False, comment="ties a RESULT to its INTENT; may be empty"),
    Column("record", Text, comment="canonical JSON, format version 1; NULL once redacted"),
    Column("salt", LargeBinary, comment="32 random bytes; NULL once redacted"),
    Column("leaf", LargeBinary, nullable=False, comment="SHA-256(0x00 || salt || record); stays for ever"),
    Index("audit_line_by_actor", "actor", "seq"),
    Index("audit_line_by_action", "action", "seq"),
    Index("audit_line_by_object", "object", "seq"),
)

audit_tile = Table(
    "audit_tile",
    metadata,
    Column("level", Integer, nullable=False, comment="n: root over 256**n leaves; made again from audit_line if lost"),
    Column("number", BigInteger, nullable=False, comment="from 0"),
    Column("root", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "number"),
)

audit_checkpoint = Table(
    "audit_checkpoint",
    metadata,
    Column("size", _SEQ, primary_key=True, autoincrement=False, comment="lines that the root covers"),
    Column("root", LargeBinary, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("note", Text, nullable=False, comment="signed note; a copy of the book outside the database"),
)

audit_open_act = Table(
    "audit_open_act",
    metadata,
    Column("act", String(64), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="line of the INTENT"),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("reported", Boolean, nullable=False, comment="audit.result_missing was published"),
    Index("audit_open_act_by_at", "at_ms"),
)


_as_json = JSONEncoder(ensure_ascii=False).encode
_COLUMNS = tuple(column.name for column in audit_line.columns)
_ROWS_AT_ONCE = (256, 128, 64, 32, 16, 8, 4, 2, 1)
"""of one statement on SQLite, whose driver gives up the interpreter's lock at each statement that it steps"""
_LINE = f"({', '.join('?' * len(_COLUMNS))})"
_INSERTS = {size: f"INSERT INTO audit_line VALUES {', '.join([_LINE] * size)}" for size in _ROWS_AT_ONCE}  # noqa: S608 - no text of others


class SqlAuditLog:
    """Implements audit.ports.AuditLog. What units append is written for all units of one commit at once
    (`storage.unit.SealedTogether`)."""

    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection, self._unit = connection, unit
        self._waiting: list[tuple[AuditEntry, Sequence[tuple[str, str]]]] = []
        """each with actor and object of its lines"""

    def append(self, entry: AuditEntry) -> None:
        if entry.outcome is Outcome.INTENT and not entry.act:
            raise ValueError("an INTENT names its act, so that its RESULT can be found")
        self._waiting.append((entry, ((entry.actor, entry.object),)))

    def append_alike(self, entry: AuditEntry, of: Sequence[str]) -> None:
        if entry.outcome is Outcome.INTENT:
            raise ValueError("an INTENT is of one act")
        self._waiting.append((entry, [(one, one) for one in of]))

    def take_sealed(self) -> list[Drafted]:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        at_ms, drafts = self._unit.now.utc_ms, list[Drafted]()
        for entry, whose in waiting:
            drafts += drafts_of(at_ms, entry, whose)
        return drafts

    @classmethod
    def write_sealed(cls, connection: Connection, added: Sequence[Drafted], new_secret: Callable[[int], bytes]) -> None:
        """Give the entries their places. Under the order lock only."""
        newest = _newest_line(connection)
        salts = new_secret(SALT_BYTES * len(added))
        rows: list[tuple[Any, ...]] = []
        for seq, draft in enumerate(added, newest + 1):
            at_ms, actor, action, object, outcome, act, before, after = draft
            record, start = f"{before}{seq}{after}", SALT_BYTES * len(rows)
            salt = salts[start : start + SALT_BYTES]
            leaf = leaf_of(salt, record.encode())
            rows.append((seq, at_ms, actor, action, object, outcome, act, record, salt, leaf))
        _insert_lines(connection, rows)
        _pair(connection, {row[6]: row for row in rows if row[6]})

    def size(self) -> int:
        newest: int | None = self._connection.execute(select(func.max(audit_line.c.seq))).scalar()
        return newest or 0

    def page(self, query: AuditQuery) -> Sequence[AuditLine]:
        table = audit_line
        asked = select(table).order_by(table.c.seq.desc()).limit(query.limit)
        if query.before is not None:
            asked = asked.where(table.c.seq < query.before)
        if query.actor:
            asked = asked.where(table.c.actor == query.actor)
        if query.action:
            asked = asked.where(table.c.action.startswith(query.action, autoescape=True))
        if query.object:
            asked = asked.where(table.c.object == query.object)
        if query.looked_at:
            of_point = _of_point(query.looked_at, self._connection.dialect.name)
            asked = asked.where(table.c.seq.in_(of_point))
            asked = asked.where(or_(*(table.c.action.startswith(one, autoescape=True) for one in LOOKING)))
        if query.since is not None:
            asked = asked.where(table.c.at_ms >= to_ms(query.since))
        if query.until is not None:
            asked = asked.where(table.c.at_ms < to_ms(query.until))
        if query.purpose:
            wanted = _as_json(query.purpose)[:-1]  # as it stands in the canonical record, without its closing quote
            asked = asked.where(table.c.record.contains(f'"purpose":{wanted}', autoescape=True))
        return [_line(row) for row in self._connection.execute(asked)]

    def following(self, after: int, upto: int, limit: int) -> Sequence[AuditLine]:
        seq = audit_line.c.seq
        asked = select(audit_line).where(seq > after, seq <= upto).order_by(seq).limit(limit)
        return [_line(row) for row in self._connection.execute(asked)]

    def line(self, seq: int) -> AuditLine:
        row = self._connection.execute(select(audit_line).where(audit_line.c.seq == seq)).one_or_none()
        if row is None:
            raise NotFound(f"the audit log has no line {seq}")
        return _line(row)

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        asked: Select[Any]
        if level == 0:
            seq = audit_line.c.seq
            asked = select(audit_line.c.leaf).where(seq > first, seq <= first + count).order_by(seq)
        else:
            number = audit_tile.c.number
            asked = (
                select(audit_tile.c.root)
                .where(audit_tile.c.level == level, number >= first, number < first + count)
                .order_by(number)
            )
        return [bytes(found) for found in self._connection.execute(asked).scalars()]

    def tiles(self, level: int) -> int:
        newest = select(func.max(audit_tile.c.number)).where(audit_tile.c.level == level)
        found = self._connection.execute(newest).scalar()
        return 0 if found is None else found + 1

    def keep_tile(self, level: int, number: int, root: bytes) -> None:
        self._connection.execute(insert(audit_tile).values(level=level, number=number, root=root))

    def newest_checkpoint(self) -> Checkpoint | None:
        table = audit_checkpoint
        row = self._connection.execute(select(table).order_by(table.c.size.desc()).limit(1)).one_or_none()
        if row is None:
            return None
        return Checkpoint(size=row.size, root=bytes(row.root), at=from_ms(row.at_ms), note=row.note)

    def keep_checkpoint(self, checkpoint: Checkpoint) -> None:
        table = audit_checkpoint
        if self._connection.execute(select(table.c.size).where(table.c.size == checkpoint.size)).scalar() is None:
            self._connection.execute(
                insert(table).values(
                    size=checkpoint.size, root=checkpoint.root, at_ms=to_ms(checkpoint.at), note=checkpoint.note
                )
            )

    def overdue(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        return self._open_acts(select(audit_open_act), before, limit)

    def unreported(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        return self._open_acts(select(audit_open_act).where(audit_open_act.c.reported == false()), before, limit)

    def report(self, act: str) -> None:
        self._connection.execute(update(audit_open_act).where(audit_open_act.c.act == act).values(reported=True))

    def whole_lines(self, *, after: int, upto: int, before: datetime, limit: int) -> Sequence[KeptLine]:
        table = audit_line.c
        asked = select(table.seq, table.at_ms, table.action).where(
            table.seq > after, table.seq <= upto, table.at_ms < to_ms(before), table.record.is_not(None)
        )
        rows = self._connection.execute(asked.order_by(table.seq).limit(limit))
        return [KeptLine(row.seq, from_ms(row.at_ms), row.action) for row in rows]

    def redact(self, seqs: Sequence[int]) -> bytes:
        table = audit_line
        if self._connection.dialect.name == "sqlite":
            self._connection.exec_driver_sql("PRAGMA secure_delete=ON")  # what is freed is overwritten with zeros
        kept = self._connection.execute(select(table).where(table.c.seq.in_(seqs)).order_by(table.c.seq)).all()
        if len(kept) != len(seqs) or any(row.record is None for row in kept):
            raise ValueError("only lines that are there and whole are redacted")
        self._connection.execute(
            update(table).where(table.c.seq.in_(seqs)).values(record=None, salt=None, actor="", object="")
        )
        self._connection.execute(
            update(audit_open_act).where(audit_open_act.c.seq.in_(seqs)).values(actor="", object="")
        )
        texts = (kept_text(row.seq, row.at_ms, row.action, row.outcome, row.act, bytes(row.leaf)) for row in kept)
        return hashlib.sha256(b"".join(texts)).digest()

    def _open_acts(self, asked: Select[Any], before: datetime, limit: int) -> list[OpenAct]:
        table = audit_open_act
        rows = self._connection.execute(
            asked.where(table.c.at_ms < to_ms(before)).order_by(table.c.at_ms, table.c.seq).limit(limit)
        )
        return [
            OpenAct(
                act=row.act, seq=row.seq, at=from_ms(row.at_ms), actor=row.actor, action=row.action, object=row.object
            )
            for row in rows
        ]


_newest = select(func.max(audit_line.c.seq))


def _newest_line(connection: Connection) -> int:
    if connection.dialect.name != "sqlite":
        return connection.execute(_newest).scalar() or 0
    driver = connection.connection.driver_connection  # asked once for each commit
    assert driver is not None
    return driver.execute("SELECT max(seq) FROM audit_line").fetchone()[0] or 0


_NAMED_POINT = {
    "sqlite": "instr(record, '\"point_id\":') > 0 AND json_extract(record, '$.details.point_id') = :named_point",
    "postgresql": "strpos(record, '\"point_id\":') > 0 AND record::jsonb #>> '{details,point_id}' = :named_point",
}
"""A clip's line names its point among the details. As the index `audit_line_by_point` has it, written by hand for each
database in the history."""


def _of_point(point_id: str, dialect: str) -> CompoundSelect[Any]:
    """Lines about a point: each half by an index of its own, which neither database finds for an OR of the two."""
    among_details = text(_NAMED_POINT[dialect]).bindparams(named_point=point_id)
    about_it = select(audit_line.c.seq).where(audit_line.c.object == f"point:{point_id}")
    return union_all(about_it, select(audit_line.c.seq).where(among_details))


def _insert_lines(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.dialect.name != "sqlite":
        connection.execute(insert(audit_line), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        return
    driver, at = connection.connection.driver_connection, 0
    assert driver is not None
    for size, statement in _INSERTS.items():
        while len(rows) - at >= size:
            driver.execute(statement, tuple(chain.from_iterable(rows[at : at + size])))
            at += size


def _pair(connection: Connection, last_of: Mapping[str, tuple[Any, ...]]) -> None:
    """Keep the acts whose last line is an INTENT, and forget those that have ended."""
    if not last_of:
        return
    table = audit_open_act
    connection.execute(delete(table).where(table.c.act.in_(last_of)))
    begun = [
        {"act": act, "seq": row[0], "at_ms": row[1], "actor": row[2], "action": row[3], "object": row[4]}
        for act, row in last_of.items()
        if row[5] == Outcome.INTENT.value
    ]
    if begun:
        connection.execute(insert(table).values(reported=False), begun)


def _line(row: Any) -> AuditLine:
    record = None if row.record is None else row.record.encode()
    return AuditLine(
        seq=row.seq,
        at=from_ms(row.at_ms),
        entry=None if record is None else entry_of(record),
        record=record,
        salt=None if row.salt is None else bytes(row.salt),
        leaf=bytes(row.leaf),
    )


STORES: Mapping[type[Any], Callable[[Connection, UnitOfWork], object]] = {AuditLog: SqlAuditLog}

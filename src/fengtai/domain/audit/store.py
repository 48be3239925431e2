"""The audit log's tables and SQL, for SQLite and PostgreSQL.

`audit_line` is append-only (triggers of migration 0001). Its columns beside `record` are copies of what the record
says, for looking things up; the auditor's tool compares them with it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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
    select,
    update,
)

from fengtai.domain.audit.model import (
    SALT_BYTES,
    AuditEntry,
    AuditLine,
    AuditQuery,
    Checkpoint,
    OpenAct,
    Outcome,
    entry_of,
    leaf_of,
    record_of,
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


class SqlAuditLog:
    """Implements audit.ports.AuditLog and vocabulary.transactions.Sealed."""

    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection, self._unit = connection, unit
        self._waiting: list[AuditEntry] = []

    def append(self, entry: AuditEntry) -> None:
        if entry.outcome is Outcome.INTENT and not entry.act:
            raise ValueError("an INTENT names its act, so that its RESULT can be found")
        self._waiting.append(entry)

    def seal(self) -> None:
        """Give the entries of this unit their places. Under the order lock only."""
        if not self._waiting:
            return
        at_ms, rows = self._unit.now.utc_ms, []
        for seq, entry in enumerate(self._waiting, self.size() + 1):
            record, salt = record_of(seq, at_ms, entry), self._unit.new_secret(SALT_BYTES)
            told = entry_of(record)
            rows.append(
                {
                    "seq": seq,
                    "at_ms": at_ms,
                    "actor": told.actor,
                    "action": told.action,
                    "object": told.object,
                    "outcome": told.outcome.value,
                    "act": told.act,
                    "record": record.decode(),
                    "salt": salt,
                    "leaf": leaf_of(salt, record),
                }
            )
        self._connection.execute(insert(audit_line), rows)
        self._waiting.clear()
        for row in rows:
            if row["act"]:
                self._pair(row)

    def _pair(self, row: Mapping[str, Any]) -> None:
        table = audit_open_act
        self._connection.execute(delete(table).where(table.c.act == row["act"]))
        if row["outcome"] == Outcome.INTENT.value:
            open_act = {name: row[name] for name in ("act", "seq", "at_ms", "actor", "action", "object")}
            self._connection.execute(insert(table).values(**open_act, reported=False))

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

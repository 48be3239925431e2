"""In-memory twin of the audit log: the same order, leaves and pairing, without durability."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fengtai.domain.audit.model import (
    LOOKING,
    SALT_BYTES,
    AuditEntry,
    AuditLine,
    AuditQuery,
    Checkpoint,
    KeptLine,
    OpenAct,
    Outcome,
    entry_of,
    kept_text,
    leaf_of,
    record_of,
)
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class MemoryAuditLog:
    """Implements audit.ports.AuditLog, vocabulary.transactions.Sealed and memory.transactions.Bound."""

    def __init__(self) -> None:
        self.lines: list[AuditLine] = []
        self.open_acts: dict[str, OpenAct] = {}
        self.reported: set[str] = set()
        self.checkpoints: dict[int, Checkpoint] = {}
        self.tile_roots: dict[int, tuple[bytes, ...]] = {}
        self._waiting: list[AuditEntry] = []
        self._unit: UnitOfWork | None = None

    @property
    def entries(self) -> list[AuditEntry]:
        """What was written so far, oldest first: for tests that look at the audit line of an act."""
        return [line.entry for line in self.lines if line.entry is not None]

    def bind(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def append(self, entry: AuditEntry) -> None:
        if entry.outcome is Outcome.INTENT and not entry.act:
            raise ValueError("an INTENT names its act, so that its RESULT can be found")
        self._waiting.append(entry)

    def append_alike(self, entry: AuditEntry, of: Sequence[str]) -> None:
        if entry.outcome is Outcome.INTENT:
            raise ValueError("an INTENT is of one act")
        self._waiting += [replace(entry, actor=one, object=one) for one in of]

    def seal(self) -> None:
        assert self._unit is not None
        at_ms = self._unit.now.utc_ms
        for entry in self._waiting:
            seq = len(self.lines) + 1
            record, salt = record_of(seq, at_ms, entry), self._unit.new_secret(SALT_BYTES)
            told, at = entry_of(record), from_ms(at_ms)
            self.lines.append(
                AuditLine(seq=seq, at=at, entry=told, record=record, salt=salt, leaf=leaf_of(salt, record))
            )
            self.open_acts.pop(told.act, None)
            self.reported.discard(told.act)
            if told.outcome is Outcome.INTENT:
                self.open_acts[told.act] = OpenAct(
                    act=told.act, seq=seq, at=at, actor=told.actor, action=told.action, object=told.object
                )
        self._waiting.clear()

    def size(self) -> int:
        return len(self.lines)

    def page(self, query: AuditQuery) -> Sequence[AuditLine]:
        found = [
            line
            for line in reversed(self.lines)
            if (query.before is None or line.seq < query.before) and _matches(query, line)
        ]
        return found[: query.limit]

    def following(self, after: int, upto: int, limit: int) -> Sequence[AuditLine]:
        return [line for line in self.lines if after < line.seq <= upto][:limit]

    def line(self, seq: int) -> AuditLine:
        if not 1 <= seq <= len(self.lines):
            raise NotFound(f"the audit log has no line {seq}")
        return self.lines[seq - 1]

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        if level == 0:
            return [line.leaf for line in self.lines[first : first + count]]
        return self.tile_roots.get(level, ())[first : first + count]

    def tiles(self, level: int) -> int:
        return len(self.tile_roots.get(level, ()))

    def keep_tile(self, level: int, number: int, root: bytes) -> None:
        kept = self.tile_roots.get(level, ())
        assert number == len(kept)
        self.tile_roots[level] = (*kept, root)

    def newest_checkpoint(self) -> Checkpoint | None:
        return self.checkpoints[max(self.checkpoints)] if self.checkpoints else None

    def keep_checkpoint(self, checkpoint: Checkpoint) -> None:
        self.checkpoints.setdefault(checkpoint.size, checkpoint)

    def overdue(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        return sorted((act for act in self.open_acts.values() if act.at < before), key=lambda act: act.seq)[:limit]

    def unreported(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        late = self.overdue(before, limit=len(self.open_acts))
        return [act for act in late if act.act not in self.reported][:limit]

    def report(self, act: str) -> None:
        self.reported.add(act)

    def whole_lines(self, *, after: int, upto: int, before: datetime, limit: int) -> Sequence[KeptLine]:
        found = [line for line in self.lines[after:upto] if line.entry is not None and line.at < before]
        return [KeptLine(line.seq, line.at, line.entry.action) for line in found[:limit] if line.entry is not None]

    def redact(self, seqs: Sequence[int]) -> bytes:
        kept = []
        for seq in sorted(seqs):
            line = self.line(seq)
            if line.entry is None:
                raise ValueError("only lines that are there and whole are redacted")
            entry, at_ms = line.entry, to_ms(line.at)
            kept.append(kept_text(seq, at_ms, entry.action, entry.outcome.value, entry.act, line.leaf))
            self.lines[seq - 1] = replace(line, entry=None, record=None, salt=None)
            if (act := self.open_acts.get(entry.act)) and act.seq == seq:
                self.open_acts[entry.act] = replace(act, actor="", object="")
        return hashlib.sha256(b"".join(kept)).digest()


def _matches(query: AuditQuery, line: AuditLine) -> bool:
    if (query.since is not None and line.at < query.since) or (query.until is not None and line.at >= query.until):
        return False
    entry = line.entry
    if entry is None:
        return not (query.actor or query.object or query.action or query.purpose or query.looked_at)
    if query.looked_at and not (entry.action.startswith(LOOKING) and query.looked_at in _points(entry)):
        return False
    return entry.purpose.startswith(query.purpose) and (
        (not query.actor or entry.actor == query.actor)
        and (not query.object or entry.object == query.object)
        and entry.action.startswith(query.action)
    )


def _points(entry: AuditEntry) -> tuple[str, str]:
    return entry.object.removeprefix("point:"), str(entry.details.get("point_id", ""))


STORES = {AuditLog: MemoryAuditLog}

"""A verification run of the platform itself: every leaf made anew from its record, and the root of the newest checkpoint.

It goes on in steps, so that a log of millions of lines stops nothing; a restart forgets it. It is a look, not the proof: the
proof is `fengtai-audit-verify`, which shares no code with what it checks.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import VerificationRun, leaf_of
from fengtai.domain.audit.ports import AuditLog
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LINES_AT_ONCE = 500
STEPS_AT_ONCE = 20


@dataclass(slots=True)
class _Walk:
    signed: rules.SignedTree
    tree: rules.GrowingRoot


class Verifying:
    def __init__(self, engine: Transactions) -> None:
        self._engine = engine
        self._walk: _Walk | None = None
        self.run: VerificationRun | None = None

    def begin(self, signed: rules.SignedTree, by: str, now: datetime) -> VerificationRun:
        """A run that goes on already is told, not begun again."""
        if self.run is None or self.run.finished_at is not None:
            self._walk = _Walk(signed, rules.GrowingRoot())
            self.run = VerificationRun(upto=signed.size, by=by, started_at=now)
        return self.run

    async def go_on(self) -> None:
        for _ in range(STEPS_AT_ONCE):
            if self._walk is None or self.run is None:
                return
            walk, run = self._walk, self.run
            self.run = await self._engine.read(partial(_step, walk=walk, run=run))
            if self.run.finished_at is not None:
                self._walk = None


def _step(uow: UnitOfWork, walk: _Walk, run: VerificationRun) -> VerificationRun:
    lines = uow.store(AuditLog).following(run.lines, run.upto, LINES_AT_ONCE)
    if not lines and run.lines < run.upto:
        return _failed(run, run.lines + 1, "the line is missing", uow.now.utc)
    redacted = run.redacted
    for number, line in enumerate(lines, run.lines + 1):
        if line.seq != number:
            return _failed(run, number, "the line is missing", uow.now.utc)
        if line.record is None or line.salt is None:
            redacted += 1
        elif leaf_of(line.salt, line.record) != line.leaf:
            return _failed(run, number, "record or salt is not what its leaf was made of", uow.now.utc)
        walk.tree.append(line.leaf)
    run = replace(run, lines=run.lines + len(lines), redacted=redacted)
    if run.lines < run.upto:
        return run
    if walk.tree.root() != walk.signed.root:
        return _failed(run, 1, f"the {run.upto} lines are not those that the checkpoint signs", uow.now.utc)
    return replace(run, finished_at=uow.now.utc)


def _failed(run: VerificationRun, seq: int, detail: str, now: datetime) -> VerificationRun:
    return replace(run, first_bad_seq=seq, detail=detail, finished_at=now)

"""Use cases of the audit log: reading it, proving a line, and the round that seals it with signed checkpoints.

`tick` also reports acts without a result, and asks once a day for a time stamp over the newest checkpoint.
Must not know keys, files or tables: a `CheckpointSigner` signs, a `CheckpointBook` outside the database keeps.
Nothing is signed that contradicts what was signed before: then the log was tampered with, and that is said aloud.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from fengtai.domain.audit import rules
from fengtai.domain.audit.model import (
    AuditLine,
    AuditQuery,
    AuditState,
    Author,
    Checkpoint,
    InclusionProof,
    OpenAct,
    RedactionPolicy,
    ResultMissing,
    TamperingFound,
    TimeStamp,
    VerificationRun,
)
from fengtai.domain.audit.ports import AuditLog, CheckpointBook, CheckpointSigner, NoTimeStamps, TimeStamps
from fengtai.domain.audit.service.exporting import exported
from fengtai.domain.audit.service.redacting import redact
from fengtai.domain.audit.service.stamping import Stamping
from fengtai.domain.audit.service.verifying import Verifying
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

LONGEST_PAGE = 500
TILES_PER_UNIT = 64
NO_TIME_STAMPS, KEEP_ALL = NoTimeStamps(), RedactionPolicy(months=1200)
REDACTION_HOURS = 24


class AuditDesk:
    def __init__(
        self,
        *,
        transactions: Transactions,
        signer: CheckpointSigner,
        book: CheckpointBook,
        time_stamps: TimeStamps = NO_TIME_STAMPS,
        redaction: RedactionPolicy = KEEP_ALL,
    ) -> None:
        self._transactions, self._signer, self._book = transactions, signer, book
        self._stamping = Stamping(time_stamps, book)
        self._verifying = Verifying(transactions)
        self._redaction, self._next_redaction = redaction, datetime.min.replace(tzinfo=UTC)
        self._last: rules.SignedTree | None = None
        self._knows_book = False
        self.is_tampered = False
        """True once the log contradicts a signed checkpoint; part of the system's status."""

    async def page(self, query: AuditQuery) -> Sequence[AuditLine]:
        """Newest first. Raise Invalid for a limit that is out of range."""
        if not 1 <= query.limit <= LONGEST_PAGE:
            raise Invalid(f"limit must lie between 1 and {LONGEST_PAGE}", field="limit")
        return await self._transactions.read(lambda uow: uow.store(AuditLog).page(query))

    async def checkpoint(self) -> Checkpoint:
        """The newest one. Raise NotFound before the first."""
        newest = await self._transactions.read(lambda uow: uow.store(AuditLog).newest_checkpoint())
        if newest is None:
            raise NotFound("no checkpoint has been signed yet")
        return newest

    async def proof(self, seq: int) -> InclusionProof:
        """Raise NotFound without such a line, Conflict while no checkpoint covers it yet (a few seconds)."""
        return await self._transactions.read(lambda uow: _proof(uow, seq))

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """That the log of `new` lines begins with the log of `old` lines. Raise Invalid for sizes it never had."""
        return await self._transactions.read(lambda uow: _consistency(uow, old, new))

    async def missing_results(self, older_than_seconds: float = rules.RESULT_SECONDS) -> Sequence[OpenAct]:
        """Sensitive acts that began and of which nobody wrote how they ended."""

        def _overdue(uow: UnitOfWork) -> Sequence[OpenAct]:
            return uow.store(AuditLog).overdue(uow.now.utc - timedelta(seconds=older_than_seconds))

        return await self._transactions.read(_overdue)

    async def state(self) -> AuditState:
        def _state(uow: UnitOfWork) -> AuditState:
            audit, before = uow.store(AuditLog), uow.now.utc - timedelta(seconds=rules.RESULT_SECONDS)
            return AuditState(
                size=audit.size(),
                checkpoint=audit.newest_checkpoint(),
                is_tampered=self.is_tampered,
                missing_results=len(audit.overdue(before)),
                verification=self._verifying.run,
                stamps_configured=self._stamping.is_configured,
                newest_stamp=self._stamping.newest(),
                stamp_fault=self._stamping.fault,
            )

        return await self._transactions.read(_state)

    async def stamp(self) -> TimeStamp:
        """A time stamp over the newest checkpoint, now. Raise NotFound before the first one, Unavailable with the cause."""
        return await self._stamping.stamp()

    async def time_stamps(self) -> Sequence[TimeStamp]:
        return await self._stamping.all()

    async def verify(self, by: Author) -> VerificationRun:
        """Begin a look at the whole log under the newest checkpoint; `state` tells how far it is. Raise NotFound before
        the first checkpoint."""
        note = await self._book.last()
        if note is None:
            raise NotFound("no checkpoint has been signed yet")
        signed = rules.read_checkpoint(note)

        def _begin(uow: UnitOfWork) -> tuple[str, datetime]:
            entry = by.entry("audit.verify", "audit", size=signed.size)
            uow.store(AuditLog).append(entry)
            return entry.actor, uow.now.utc

        return self._verifying.begin(signed, *await self._transactions.write(_begin))

    async def export(self, query: AuditQuery, by: Author) -> AsyncIterator[str]:
        """Lines of a file (`service.exporting`). Who exports what stands durably before the first line is given."""
        checkpoint, stamps = await self.checkpoint(), await self._stamping.all()
        entry = by.entry(
            "audit.export",
            "audit",
            size=checkpoint.size,
            of_actor=query.actor,
            of_action=query.action,
            of_object=query.object,
            of_purpose=query.purpose,
            of_looked_at=query.looked_at,
            since=str(query.since or ""),
            until=str(query.until or ""),
        )
        await self._transactions.write(lambda uow: uow.store(AuditLog).append(entry))
        return exported(self._transactions, query, checkpoint, stamps)

    async def redact(self, policy: RedactionPolicy) -> int:
        """Remove the content of entries whose months are over; how many. Raise Conflict when the log contradicts its
        checkpoints: then nothing is removed, it is evidence."""
        note = await self._book.last()
        return 0 if note is None else await redact(self._transactions, policy, rules.read_checkpoint(note))

    async def tick(self) -> None:
        """Report overdue results; keep the tree; sign a checkpoint when there is enough or it is time. One question a
        second to an idle log."""
        is_overdue, misses_tiles, size, now = await self._transactions.read(_what_is_due)
        if is_overdue:
            await self._transactions.write(_report_overdue)
        while misses_tiles:
            await self._transactions.write(_keep_some_tiles)
            misses_tiles = bool(await self._transactions.read(_missing_tiles))
        await self._verifying.go_on()
        if not self.is_tampered:
            if not self._knows_book or self._last is None or size != self._last.size:
                await self._sign_if_due()
            await self._stamping.stamp_if_due(now)
            if self._redaction.is_done_here and now >= self._next_redaction:
                await self.redact(self._redaction)
                self._next_redaction = now + timedelta(hours=REDACTION_HOURS)

    async def _sign_if_due(self) -> None:
        if not self._knows_book:
            note = await self._book.last()
            self._last = None if note is None else rules.read_checkpoint(note)
            self._knows_book = True
        last = self._last
        made = await self._transactions.read(lambda uow: _due_tree(uow, self._signer.origin, last))
        if isinstance(made, str):
            self.is_tampered = True
            found = TamperingFound(size=last.size if last else 0, detail=made)
            await self._transactions.write(lambda uow: uow.publish(found))
        elif made is not None:
            note = self._signer.sign(rules.checkpoint_text(made.origin, made.size, made.root, made.at))
            await self._book.append(note)
            self._last = made
            kept = Checkpoint(size=made.size, root=made.root, at=made.at, note=note)
            await self._transactions.write(lambda uow: uow.store(AuditLog).keep_checkpoint(kept))


def _what_is_due(uow: UnitOfWork) -> tuple[bool, bool, int, datetime]:
    """Whether results are overdue and hashes of the tree are missing; the log's size; now."""
    audit = uow.store(AuditLog)
    return bool(audit.unreported(_overdue_before(uow), limit=1)), bool(_missing_tiles(uow)), audit.size(), uow.now.utc


def _overdue_before(uow: UnitOfWork) -> datetime:
    return uow.now.utc - timedelta(seconds=rules.RESULT_SECONDS)


def _report_overdue(uow: UnitOfWork) -> None:
    audit = uow.store(AuditLog)
    for late in audit.unreported(_overdue_before(uow)):
        audit.report(late.act)
        uow.publish(ResultMissing(act=late.act, seq=late.seq, action=late.action, object=late.object))


def _missing_tiles(uow: UnitOfWork) -> list[tuple[int, int]]:
    audit = uow.store(AuditLog)
    return rules.missing_tiles(audit.size(), audit.tiles)


def _keep_some_tiles(uow: UnitOfWork) -> None:
    audit = uow.store(AuditLog)
    for level, number in _missing_tiles(uow)[:TILES_PER_UNIT]:
        hashes = audit.hashes(level - 1, number * rules.TILE, rules.TILE)
        if len(hashes) == rules.TILE:
            audit.keep_tile(level, number, rules.fold(hashes))


def _due_tree(uow: UnitOfWork, origin: str, last: rules.SignedTree | None) -> rules.SignedTree | str | None:
    """The tree to sign now; None when it is not time; a sentence when the log contradicts the last checkpoint."""
    audit = uow.store(AuditLog)
    size = audit.size()
    if last is not None:
        if last.origin != origin:
            return f"the book of checkpoints belongs to {last.origin!r}, this log is {origin!r}"
        if size < last.size:
            return f"a checkpoint over {last.size} lines was signed, and the log has {size}"
        if size == last.size:
            return None
        waited_seconds = (uow.now.utc - last.at).total_seconds()
        if size - last.size < rules.CHECKPOINT_ROWS and 0 <= waited_seconds < rules.CHECKPOINT_SECONDS:
            return None
        try:
            if rules.root(audit.hashes, last.size) != last.root:
                return f"the first {last.size} lines are not those that were signed"
        except LookupError as error:
            return str(error)
    if size == 0:
        return None
    try:
        return rules.SignedTree(origin, size, rules.root(audit.hashes, size), uow.now.utc)
    except LookupError as error:
        return str(error)


def _proof(uow: UnitOfWork, seq: int) -> InclusionProof:
    audit = uow.store(AuditLog)
    line, checkpoint = audit.line(seq), audit.newest_checkpoint()
    if checkpoint is None or checkpoint.size < seq:
        raise Conflict("this line is not yet covered by a checkpoint; try again in a few seconds")
    path = rules.inclusion_path(audit.hashes, seq - 1, checkpoint.size)
    return InclusionProof(line=line, path=path, checkpoint=checkpoint)


def _consistency(uow: UnitOfWork, old: int, new: int) -> tuple[bytes, ...]:
    audit = uow.store(AuditLog)
    if not 0 < old <= new <= audit.size():
        raise Invalid("sizes must be 1 <= from <= to <= the log's size", field="from")
    return rules.consistency_path(audit.hashes, old, new)

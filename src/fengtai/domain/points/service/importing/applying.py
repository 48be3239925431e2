"""Putting an import in force: lot by lot, unseen, between other people's units; then one small unit that shows it all.

Whatever stops it leaves the register as everybody sees it: a platform that comes back goes on where the last lot ended,
and what does not fit any more is taken back, lot by lot, before the import says that it failed. Design:
docs/design/register-import.md.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.model.imports import (
    ImportChanged,
    ImportState,
    PointsImported,
    RegisterImport,
    Verdict,
)
from fengtai.domain.points.ports import BringingIn, Imports, Span
from fengtai.vocabulary.errors import Conflict, FengtaiError
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

ROWS_IN_A_TURN = 250
"""Brought in one unit: the writer is held for some tens of milliseconds, mostly by the indexes of words and places."""
OUR_FAULT = "the platform failed at this file; the log says how"


async def put_in_force(transactions: Transactions, job: RegisterImport) -> None:
    """To its end, from wherever it stands: in force, or failed with nothing left of it."""
    fault: Exception | None = None
    if not job.sentence:
        try:
            await _bring_all(transactions, job)
            return
        except FengtaiError as error:
            sentence = str(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends the job too, and is raised below for the log
            sentence, fault = OUR_FAULT, error
        await transactions.write(lambda uow: _given_up(uow, job, sentence))
    await _take_all_back(transactions, job)
    if fault is not None:
        raise fault


async def settle(transactions: Transactions) -> None:
    """Take away what imports in force have replaced; their old rows are out of sight already."""
    unsettled = await transactions.read(lambda uow: uow.store(BringingIn).unsettled())
    for import_id in (one for one, is_on in unsettled.items() if is_on):
        await _by_lots(transactions, import_id, partial(_clear_away, import_id=import_id))
        await transactions.write(partial(_settle, import_id=import_id))


async def _bring_all(transactions: Transactions, job: RegisterImport) -> None:
    if not job.applied_row:
        await settle(transactions)
        if stale := await transactions.read(lambda uow: uow.store(BringingIn).stale_rows(job.id)):
            raise _changed_since(stale)
        await transactions.write(lambda uow: uow.store(BringingIn).begin(job.id, at_ms=uow.now.utc_ms))
    while await transactions.write(lambda uow: _bring_lot(uow, job)):
        pass


async def _take_all_back(transactions: Transactions, job: RegisterImport) -> None:
    await _by_lots(transactions, job.id, partial(_take_back, import_id=job.id))
    await transactions.write(lambda uow: _failed(uow, job))


async def _by_lots(transactions: Transactions, import_id: str, work: Callable[[UnitOfWork, Span], None]) -> None:
    def lot(uow: UnitOfWork, after: int) -> int:
        last = uow.store(BringingIn).lot_after(import_id, after, limit=ROWS_IN_A_TURN)
        if last:
            work(uow, Span(after, last))
        return last

    after = 0
    while last := await transactions.write(partial(lot, after=after)):
        after = last


def _clear_away(uow: UnitOfWork, span: Span, import_id: str) -> None:
    uow.store(BringingIn).clear_away(import_id, span)


def _take_back(uow: UnitOfWork, span: Span, import_id: str) -> None:
    uow.store(BringingIn).take_back(import_id, span)


def _settle(uow: UnitOfWork, import_id: str) -> None:
    uow.store(BringingIn).settle(import_id)


def _bring_lot(uow: UnitOfWork, begun: RegisterImport) -> bool:
    """False when there is nothing left to do: the last unit turns the switch."""
    job = uow.store(Imports).get(begun.id)
    if not _is_ours(job, begun):
        return False
    store = uow.store(BringingIn)
    span = Span(job.applied_row, store.lot_after(job.id, job.applied_row, limit=ROWS_IN_A_TURN))
    if not span.last:
        _switch(uow, job)
        return False
    if stale := store.stale_rows(job.id, span):
        raise _changed_since(stale)
    store.bring(job, span)
    told(uow, replace(job, applied_row=span.last, done=min(span.last - 1, job.total)))
    return True


def _switch(uow: UnitOfWork, job: RegisterImport) -> None:
    """The moment at which all of it is seen. What it replaced is taken away afterwards; new points replace nothing."""
    new, changed = job.count(Verdict.NEW), job.count(Verdict.CHANGED)
    if changed:
        uow.store(BringingIn).switch_on(job.id)
    else:
        uow.store(BringingIn).settle(job.id)
    uow.publish(PointsImported(import_id=job.id, new=new, changed=changed))
    told(uow, replace(job, state=ImportState.APPLIED, done=job.total))
    uow.store(AuditLog).append(
        AuditEntry(
            actor=job.by,
            action="point.import.applied",
            object=f"import:{job.id}",
            details={"new": new, "changed": changed, "sha256": job.sha256, "token": job.token, "why": job.why},
        )
    )


def _given_up(uow: UnitOfWork, begun: RegisterImport, sentence: str) -> None:
    """From here on it is taken back, by whichever run of the platform is there."""
    job = uow.store(Imports).get(begun.id)
    if _is_ours(job, begun):
        told(uow, replace(job, sentence=sentence))


def _failed(uow: UnitOfWork, begun: RegisterImport) -> None:
    job = uow.store(Imports).get(begun.id)
    if _is_ours(job, begun):
        uow.store(BringingIn).settle(job.id)
        told(uow, replace(job, state=ImportState.FAILED, token="", applied_row=0))


def _is_ours(job: RegisterImport, begun: RegisterImport) -> bool:
    """Not when another run took it over, because this one stood still for too long."""
    return job.state is ImportState.APPLYING and job.run == begun.run


def _changed_since(stale: int) -> Conflict:
    return Conflict(f"the register has changed since the preview: {stale} rows do not fit any more; check again")


def told(uow: UnitOfWork, job: RegisterImport) -> RegisterImport:
    job = replace(job, changed_at_ms=uow.now.utc_ms)
    uow.store(Imports).save(job)
    uow.publish(ImportChanged(import_id=job.id, state=job.state.value, done=job.done, total=job.total))
    return job

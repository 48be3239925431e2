"""Imports of the register: started and decided by people, worked on between the ticks. Design and invariants:
docs/design/register-import.md.

Checking reads the file and compares it with the register in units that only read, and stages what it finds in small
units, so that alarms go first. Applying is done in small units too, unseen until the last one (`applying`).
"""

import hashlib
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from fengtai.domain.access.model import Actor, Permission
from fengtai.domain.audit.ports import AuditLog
from fengtai.domain.points.model.imports import (
    OVER,
    UNDER_WAY,
    ImportRow,
    ImportState,
    Plan,
    RegisterImport,
    Verdict,
)
from fengtai.domain.points.ports import BringingIn, Imports, PointStore, Uploads
from fengtai.domain.points.rules.field_table import BY_NAME, Cell, text_of
from fengtai.domain.points.service.dossiers import whole_upload
from fengtai.domain.points.service.importing import mapping as columns
from fengtai.domain.points.service.importing.applying import OUR_FAULT, put_in_force, settle, told
from fengtai.domain.points.service.importing.comparing import Comparison
from fengtai.domain.points.service.importing.tables_in import TableIn, read_table
from fengtai.vocabulary.errors import Conflict, FengtaiError, Invalid, NotFound
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

ROWS_IN_A_LOT = 500
"""Compared in one unit that reads; staged in one unit that writes, which holds the writer for some tens of milliseconds."""
LEASE_MS = 30_000
"""A job that has not moved for so long belongs to a run of the platform that is over."""
SAMPLE_ROWS = 5
TIDIED_ROWS = 2000
LATEST = 50
_LEFT_FROM = {
    "cancel": frozenset({ImportState.CHECKING, ImportState.READY, ImportState.FAILED, ImportState.INTERRUPTED}),
    "check": frozenset({ImportState.READY, ImportState.FAILED, ImportState.INTERRUPTED}),
    "apply": frozenset({ImportState.READY}),
}


class RegisterImporter:
    def __init__(self, *, transactions: Transactions) -> None:
        self._transactions = transactions
        self._run = ""
        self._actors: dict[str, Actor] = {}
        """who had it checked, with the rights of that moment; a restart forgets them, and then it is checked again"""

    async def start(self, upload_id: str, *, file_name: str, by: Actor) -> RegisterImport:
        """Begin to check an uploaded file. Its state tells how it goes on."""

        def digest(uow: UnitOfWork) -> tuple[int, str]:
            content = whole_upload(uow, upload_id, by)
            return len(content), hashlib.sha256(content).hexdigest()

        size_bytes, sha256 = await self._transactions.read(digest)  # many megabytes: not while others wait to write
        return await self._transactions.write(
            lambda uow: self._begun(uow, upload_id, file_name, size_bytes, sha256, by)
        )

    async def check_again(self, import_id: str, mapping: Mapping[str, str] | None, *, by: Actor) -> RegisterImport:
        """With another mapping, or against the register as it is now."""

        def work(uow: UnitOfWork) -> RegisterImport:
            job = _left(uow, import_id, "check", by)
            uow.store(Uploads).get(import_id)
            self._actors[import_id] = by
            chosen = job.mapping if mapping is None else columns.checked(mapping, job.headers)
            return _moved(uow, self._to_be_checked(uow, replace(job, mapping=chosen)), by=by)

        return await self._transactions.write(work)

    async def apply(self, import_id: str, *, token: str, plan: Plan, why: str = "", by: Actor) -> RegisterImport:
        """Put in force what was looked at. Raise Conflict when `token` is not that of what stands there now."""

        def work(uow: UnitOfWork) -> RegisterImport:
            job = _left(uow, import_id, "apply", by)
            if token != job.token:
                raise Conflict("this is not the preview that you looked at: look at it again")
            checked_by = self._actors.get(import_id)
            if checked_by is None or checked_by.user_id != by.user_id or checked_by.rights != by.rights:
                raise Conflict("since the preview the platform was restarted, or your rights have changed: check again")
            refused = job.count(Verdict.REFUSED)
            if plan is Plan.EVERYTHING and refused:
                raise Conflict(f"{refused} rows are refused: mend the file, or apply the good rows only")
            if not job.count(Verdict.NEW) + job.count(Verdict.CHANGED):
                raise Conflict("the file changes nothing")
            begun = replace(
                job,
                state=ImportState.APPLYING,
                by=f"user:{by.user_id}",
                by_name=by.name,
                why=why,
                run=self._known(uow),
                done=0,
                applied_row=0,
                sentence="",
            )
            return _moved(uow, begun, by=by, plan=plan.value, token=token, why=why)

        return await self._transactions.write(work)

    async def cancel(self, import_id: str, *, by: Actor) -> RegisterImport:
        """Raise Conflict when it is being applied, or over: then there is nothing to take back."""

        def work(uow: UnitOfWork) -> RegisterImport:
            job = _left(uow, import_id, "cancel", by)
            uow.store(Uploads).drop(import_id)
            return _moved(uow, replace(job, state=ImportState.CANCELLED, sentence="", token=""), by=by)

        return await self._transactions.write(work)

    async def get(self, import_id: str, *, by: Actor) -> RegisterImport:
        """Raise NotFound when there is none, or somebody else's and one may not edit every point."""
        return await self._transactions.read(lambda uow: _own(uow, import_id, by))

    async def latest(self, *, by: Actor) -> Sequence[RegisterImport]:
        found = await self._transactions.read(lambda uow: uow.store(Imports).latest(limit=LATEST))
        return [job for job in found if _may_look(job, by)]

    async def rows(
        self, import_id: str, *, verdict: Verdict | None = None, after_row: int = 0, limit: int = 100, by: Actor
    ) -> Sequence[ImportRow]:
        def read(uow: UnitOfWork) -> Sequence[ImportRow]:
            store = uow.store(Imports)
            _own(uow, import_id, by)
            return store.rows(import_id, verdict=verdict, after_row=after_row, limit=limit)

        return await self._transactions.read(read)

    async def tick(self) -> None:
        """Work on what is under way, to its end. Of what another run left behind, a check is told to be interrupted, and
        an application goes on: a person has decided it."""
        under_way, is_untidy = await self._transactions.read(_what_is_due)
        for job in under_way:
            if job.run == self._run:
                await (self._check(job) if job.state is ImportState.CHECKING else self._apply(job))
            elif (
                taken_over := await self._transactions.write(partial(self._left_behind, import_id=job.id))
            ) is not None:
                await self._apply(taken_over)
        if under_way or is_untidy:
            await self._tidy()

    async def _check(self, job: RegisterImport) -> None:
        await self._or_failed(job, self._compare(job))

    async def _compare(self, job: RegisterImport) -> None:
        read = self._transactions.read
        while await self._transactions.write(lambda uow: uow.store(Imports).drop_rows(job.id, limit=5000)):
            pass  # of an earlier look
        table, job, comparison = await read(partial(_opened, job=job, by=self._actors[job.id]))
        while rows := await read(partial(_next_lot, table=table, comparison=comparison)):
            job = replace(job, done=job.done + len(rows), counts=dict(comparison.counts))
            if not await self._transactions.write(partial(_staged, job=job, rows=rows)):
                return  # cancelled meanwhile
        comparison.seen.update(f"{job.sha256} {sorted(job.mapping.items())}".encode())
        ready = replace(job, state=ImportState.READY, total=job.done, token=comparison.seen.hexdigest())
        await self._transactions.write(lambda uow: _staged(uow, ready, ()))

    async def _apply(self, job: RegisterImport) -> None:
        await put_in_force(self._transactions, job)
        self._actors.pop(job.id, None)

    async def _or_failed(self, job: RegisterImport, work: Awaitable[None]) -> None:
        """A refusal is the job's end, in its own words. So is a fault of ours, which is also raised for the log: else the
        job would be tried again every second."""
        try:
            await work
        except FengtaiError as error:
            await self._transactions.write(partial(_failed, import_id=job.id, sentence=str(error)))
        except Exception:
            await self._transactions.write(partial(_failed, import_id=job.id, sentence=OUR_FAULT))
            raise

    async def _tidy(self) -> None:
        """Old rows, uploads and staged rows of what is over; the refused ones stay for whoever mends the file."""
        await settle(self._transactions)
        for job in await self._transactions.read(lambda uow: uow.store(Imports).latest(limit=LATEST)):
            if job.state in OVER and not job.is_tidy:
                await self._transactions.write(partial(_tidied, job=job))

    def _begun(
        self, uow: UnitOfWork, upload_id: str, file_name: str, size_bytes: int, sha256: str, by: Actor
    ) -> RegisterImport:
        uow.store(Uploads).get(upload_id)
        self._actors[upload_id] = by
        if any(job.by == f"user:{by.user_id}" for job in uow.store(Imports).under_way()):
            raise Conflict("an import of yours is under way: wait for it, or cancel it")
        job = RegisterImport(
            id=upload_id,
            file_name="".join(sign for sign in file_name if sign.isprintable())[:120],
            size_bytes=size_bytes,
            state=ImportState.CHECKING,
            by=f"user:{by.user_id}",
            by_name=by.name,
            started_at_ms=uow.now.utc_ms,
            changed_at_ms=uow.now.utc_ms,
            sha256=sha256,
        )
        return _moved(uow, self._to_be_checked(uow, job), by=by, sha256=job.sha256, file_name=job.file_name)

    def _to_be_checked(self, uow: UnitOfWork, job: RegisterImport) -> RegisterImport:
        return replace(
            job,
            state=ImportState.CHECKING,
            run=self._known(uow),
            done=0,
            total=0,
            counts={},
            token="",
            sentence="",
        )

    def _left_behind(self, uow: UnitOfWork, import_id: str) -> RegisterImport | None:
        """The job, when it is to go on here."""
        job = uow.store(Imports).get(import_id)
        if job.state not in UNDER_WAY or uow.now.utc_ms - job.changed_at_ms <= LEASE_MS:
            return None
        if job.state is ImportState.APPLYING:
            return told(uow, replace(job, run=self._known(uow)))
        sentence = "the platform was stopped in the middle of it: nothing was applied; check it again"
        told(uow, replace(job, state=ImportState.INTERRUPTED, sentence=sentence, token=""))
        return None

    def _known(self, uow: UnitOfWork) -> str:
        self._run = self._run or uow.new_id()
        return self._run


def _what_is_due(uow: UnitOfWork) -> tuple[Sequence[RegisterImport], bool]:
    """What is under way, and whether anything of what is over has to be tidied up."""
    store = uow.store(Imports)
    left = any(job.state in OVER and not job.is_tidy for job in store.latest(limit=LATEST))
    return store.under_way(), left or any(uow.store(BringingIn).unsettled().values())


def _opened(uow: UnitOfWork, job: RegisterImport, by: Actor) -> tuple[TableIn, RegisterImport, Comparison]:
    """Read once for the sample, the size and the numbers that are given, then open it again for comparing."""
    content = uow.store(Uploads).content(job.id)
    first = read_table(content)
    mapping = dict(job.mapping) or _remembered(uow, job, first.headers) or columns.guessed(first.headers)
    number_at = first.headers.index(mapping["number"]) if "number" in mapping else None
    sample, total, numbers = _looked_through(first.rows, number_at)
    job = replace(
        job,
        format=first.format,
        encoding=first.encoding,
        delimiter=first.delimiter,
        headers=first.headers,
        sample=sample,
        mapping=mapping,
        total=total,
    )
    uow.store(Uploads).get(job.id)
    columns.checked(mapping, first.headers)
    next_number = uow.store(PointStore).next_number()
    return read_table(content), job, Comparison(job.id, first.headers, mapping, by, next_number, numbers)


def _remembered(uow: UnitOfWork, job: RegisterImport, headers: Sequence[str]) -> dict[str, str]:
    """How the newest file with the same header row was read when it was applied: one's own before others'."""
    alike = [
        one
        for one in uow.store(Imports).latest(limit=LATEST)
        if one.state is ImportState.APPLIED and one.headers == tuple(headers)
    ]
    own = [one for one in alike if one.by == job.by]
    return dict((own or alike)[0].mapping) if alike else {}


def _looked_through(
    rows: Iterator[tuple[int, Sequence[Cell]]], number_at: int | None
) -> tuple[tuple[tuple[str, ...], ...], int, frozenset[int]]:
    sample: list[tuple[str, ...]] = []
    numbers: set[int] = set()
    total = 0
    for _, cells in rows:
        total += 1
        if len(sample) < SAMPLE_ROWS:
            sample.append(tuple(text_of(cell)[:80] for cell in cells))
        if number_at is not None and number_at < len(cells) and text_of(cells[number_at]):
            try:
                numbers.add(BY_NAME["number"].read(cells[number_at]))
            except Invalid:
                continue  # the row itself will be refused
    return tuple(sample), total, frozenset(numbers)


def _next_lot(uow: UnitOfWork, table: TableIn, comparison: Comparison) -> Sequence[Any]:
    """Read, compared, and ready to be staged; empty at the end of the file."""
    lines = list(islice(table.rows, ROWS_IN_A_LOT))
    return uow.store(Imports).prepared(*comparison.lot(uow, lines)) if lines else ()


def _staged(uow: UnitOfWork, job: RegisterImport, rows: Sequence[Any]) -> bool:
    """False when it was cancelled meanwhile."""
    store = uow.store(Imports)
    if store.get(job.id).state is not ImportState.CHECKING:
        return False
    if rows:
        store.add_rows(rows)
    told(uow, job)
    return True


def _failed(uow: UnitOfWork, import_id: str, sentence: str) -> None:
    try:
        job = uow.store(Imports).get(import_id)
    except NotFound:
        return
    if job.state is ImportState.CHECKING:
        told(uow, replace(job, state=ImportState.FAILED, sentence=sentence, token=""))


def _tidied(uow: UnitOfWork, job: RegisterImport) -> None:
    store = uow.store(Imports)
    uow.store(Uploads).drop(job.id)
    if not store.drop_rows(job.id, limit=TIDIED_ROWS, keep_refused=job.state is ImportState.APPLIED):
        store.save(replace(store.get(job.id), is_tidy=True))


def _may_look(job: RegisterImport, by: Actor) -> bool:
    return job.by == f"user:{by.user_id}" or by.reach(Permission.POINTS_EDIT).is_everywhere


def _own(uow: UnitOfWork, import_id: str, by: Actor) -> RegisterImport:
    job = uow.store(Imports).get(import_id)
    if not _may_look(job, by):
        raise NotFound(f"there is no import {import_id}")
    return job


def _left(uow: UnitOfWork, import_id: str, step: str, by: Actor) -> RegisterImport:
    """The job, when this step is possible. Raise Conflict when it is not."""
    job = _own(uow, import_id, by)
    if job.state not in _LEFT_FROM[step]:
        raise Conflict(f"an import that is {job.state.value} cannot be told to {step}")
    return job


def _moved(uow: UnitOfWork, job: RegisterImport, *, by: Actor, **details: str) -> RegisterImport:
    entry = by.entry(f"point.import.{job.state.value}", f"import:{job.id}")
    uow.store(AuditLog).append(replace(entry, details=details))
    return told(uow, job)

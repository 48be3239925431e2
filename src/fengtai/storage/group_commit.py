"""Group commit: one thread writes, and joins the units and signals of many callers into one durable commit.

Owns the queue, the batch, the savepoint around each unit, and the promise that nobody is answered before the commit.
Must not know which database it is: a `Lane` does. Invariants and steps: docs/design/group-commit.md.
"""

import asyncio
import inspect
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from fengtai.domain.alarms.model import JournalledSignal, Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.storage import event_log, signal_rows
from fengtai.storage.unit import SqlUnit, StoreMaker
from fengtai.vocabulary.clock import Clock, from_ms
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()

BATCH_JOBS = 512
"""Jobs in one commit: when there are so many, no more are taken. Bounds the wait of the last one and the work lost when
a commit fails."""
HANDED_OVER_JOBS = 256
"""Signals that go to the writer in one piece: a handful of wake-ups of a thread for hundreds of panels."""
QUEUE_JOBS = 20_000
"""Jobs that may wait; beyond, callers are refused at once, so that memory stays bounded and they can back off."""
TRIES = 3


class Lane(Protocol):
    """What the writer needs of one database."""

    is_only_writer: bool
    """whether nobody else writes signals to this database: then the last `seq` need not be asked for"""

    def connect(self) -> Connection: ...

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that no other writer can overtake: it holds the order lock until its end."""

    def insert_signals(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None: ...

    def announce(self, connection: Connection, seq: int) -> None:
        """Tell other processes, when this commits, that there is an event `seq`."""

    def is_worth_another_try(self, error: BaseException) -> bool:
        """Whether the whole transaction failed for a reason that passes (serialisation failure, deadlock)."""


@dataclass(slots=True)
class _Job:
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any] | None = None
    told: Told | None = None
    """whoever waits has one of the two"""
    work: Callable[[SqlUnit], Any] | None = None
    signals: Sequence[tuple[Signal, TriageLane]] | None = None
    received_ms: int = 0
    answer: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Figures:
    """Counters since the start, for /metrics."""

    commits: int = 0
    units: int = 0
    undone: int = 0
    """units that raised, and signals that could not be kept"""
    signals: int = 0
    failed_commits: int = 0
    retries: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Batch:
    jobs: list[_Job]
    events: list[dict[str, Any]] = field(default_factory=list)
    newest_event: int = 0
    newest_signal: int | None = None


class _TryAgain(Exception):
    pass


@dataclass
class GroupCommit:
    """The writer thread. `start`, then `write` and `append` from coroutines, then `stop`."""

    lane: Lane
    clock: Clock
    makers: Mapping[type[Any], StoreMaker]
    told: Callable[[int], None]
    """called in the writer thread after a commit that logged events, with the newest `seq`"""
    figures: Figures = field(default_factory=Figures)

    def __post_init__(self) -> None:
        self._queue: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._gathered: list[_Job] = []
        self._asked = self._answered = 0  # written by the loop's thread and by the writer's: so two of them
        self._newest_signal: int | None = None
        self._thread = threading.Thread(target=self._run, name="fengtai-writer", daemon=True)
        self._connection: Connection | None = None
        self._open = False

    def start(self) -> None:
        """Open the connection (raises what the database says) and begin to write."""
        self._connection = self.lane.connect()
        self._open = True
        self._thread.start()

    async def stop(self) -> None:
        """Write what waits, then end. Whoever comes later is refused."""
        if self._open:
            self._open = False
            self._hand_over()
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    async def write(self, work: Callable[[SqlUnit], Any]) -> Any:
        self._admit()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put([_Job(loop, future, work=work)])
        return await future

    async def append(self, signal: Signal, lane: TriageLane) -> JournalledSignal:
        self._admit()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[JournalledSignal] = loop.create_future()
        received_ms = self.clock.now().utc_ms
        self._queue.put([_Job(loop, future, signals=[(signal, lane)], received_ms=received_ms)])
        return await future

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        """See `alarms.ports.SignalJournal`. What comes in one turn of the loop was received at one moment, and goes to
        the writer together. Always on the same loop."""
        self._admit()
        loop = asyncio.get_running_loop()
        if self._gathered:
            received_ms = self._gathered[0].received_ms
        else:
            received_ms = self.clock.now().utc_ms
            loop.call_soon(self._hand_over)
        self._gathered.append(_Job(loop, None, told, None, signals, received_ms))
        if len(self._gathered) >= HANDED_OVER_JOBS:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathered:
            jobs, self._gathered = self._gathered, []
            self._queue.put(jobs)

    def _admit(self) -> None:
        if not self._open:
            raise Unavailable("the database is closed")
        if self._asked - self._answered > QUEUE_JOBS:
            raise Unavailable("the database cannot keep up; try again in a moment")
        self._asked += 1

    def _run(self) -> None:
        more = True
        while more:
            jobs, more = self._take()
            if not jobs:
                continue
            batch = _Batch(jobs)
            try:
                self._commit_with_retries(batch)
            except Exception as error:  # noqa: BLE001 - the top of the writer's loop: every caller is told
                self._lose(batch, error)
            self._answered += len(jobs)
            self.figures.waiting = self._asked - self._answered
            self._answer(batch)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> tuple[list[_Job], bool]:
        """Wait for jobs, then take all that wait, up to the bound. False at the end."""
        more = self._queue.get()
        jobs: list[_Job] = []
        while more is not None:
            jobs += more
            if len(jobs) >= BATCH_JOBS:
                return jobs, True
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _commit_with_retries(self, batch: _Batch) -> None:
        for tries_left in reversed(range(TRIES)):
            try:
                return self._commit(batch)
            except Exception as error:
                again = isinstance(error, _TryAgain) or self.lane.is_worth_another_try(error)
                if not (again and tries_left):
                    raise
                self.figures.retries += 1
                if self._connection is not None:
                    self._connection.rollback()

    def _commit(self, batch: _Batch) -> None:
        connection = self._begun()
        batch.events.clear()
        batch.newest_event, batch.newest_signal = 0, None
        if all(job.signals is not None for job in batch.jobs):
            connection = self._journal_alone(connection, batch)
            return self._finish(connection, batch)
        for are_signals, run in groupby(batch.jobs, key=lambda job: job.signals is not None):
            if are_signals:
                self._journal(connection, batch, list(run))
            else:
                for job in run:
                    batch.events += self._do(connection, job)
        self._finish(connection, batch)

    def _finish(self, connection: Connection, batch: _Batch) -> None:
        if batch.events:
            batch.newest_event = event_log.append(connection, batch.events)
            self.lane.announce(connection, batch.newest_event)
        connection.commit()
        if self.lane.is_only_writer and batch.newest_signal is not None:
            self._newest_signal = batch.newest_signal
        self._count(batch)

    def _count(self, batch: _Batch) -> None:
        figures, stand = self.figures, [job for job in batch.jobs if job.error is None]
        figures.commits += 1
        figures.signals += sum(len(job.signals) for job in stand if job.signals is not None)
        figures.units += sum(job.work is not None for job in stand)
        figures.undone += len(batch.jobs) - len(stand)

    def _begun(self) -> Connection:
        """A connection with an open transaction; a lost one is replaced, since nothing was done on it yet."""
        if self._connection is not None:
            try:
                self.lane.begin(self._connection)
                return self._connection
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                log.warning("connection.lost", error=str(error.orig))
                self._connection.close()
                self._connection = None
        self._connection = self.lane.connect()
        self.lane.begin(self._connection)
        return self._connection

    def _do(self, connection: Connection, job: _Job) -> list[dict[str, Any]]:
        """Run one unit in a savepoint of its own. Return the rows of its events; none when it was undone."""
        assert job.work is not None
        job.answer = job.error = None
        savepoint = connection.begin_nested()
        try:
            unit = SqlUnit(connection, self.clock.now(), self.makers, writable=True)
            job.answer = job.work(unit)
            if inspect.iscoroutine(job.answer):
                job.answer.close()
                raise TypeError("a use case is an ordinary function, not a coroutine function")
            events = unit.seal()
            savepoint.commit()
        except Exception as error:
            if self.lane.is_worth_another_try(error):
                raise _TryAgain from error
            savepoint.rollback()  # raises when the database has undone the whole transaction: then all are told
            job.error = _as_refusal(error)
            return []
        return events

    def _journal(self, connection: Connection, batch: _Batch, jobs: Sequence[_Job]) -> None:
        """Write consecutive signals at once; when the database refuses, one by one, so that only the bad one fails."""
        savepoint = connection.begin_nested()
        try:
            newest_signal = self._insert(connection, batch, jobs)
            savepoint.commit()
            batch.newest_signal = newest_signal
        except Exception as error:
            if self.lane.is_worth_another_try(error):
                raise _TryAgain from error
            savepoint.rollback()
            if len(jobs) == 1:
                jobs[0].error = Unavailable(f"the signal could not be kept: {error}")
                return
            for job in jobs:
                self._journal(connection, batch, [job])

    def _journal_alone(self, connection: Connection, batch: _Batch) -> Connection:
        """A batch of nothing but signals needs no savepoint: when it is refused, begin anew and find the bad one. Each
        statement less is one less at which the loop may keep the interpreter from this thread. Return the connection."""
        try:
            batch.newest_signal = self._insert(connection, batch, batch.jobs)
        except Exception as error:
            if self.lane.is_worth_another_try(error):
                raise _TryAgain from error
            connection.rollback()
            connection = self._begun()
            self._journal(connection, batch, batch.jobs)
        return connection

    def _insert(self, connection: Connection, batch: _Batch, jobs: Sequence[_Job]) -> int:
        """Return the last `seq`."""
        seq = self._newest_signal if batch.newest_signal is None else batch.newest_signal
        seq = signal_rows.newest(connection) if seq is None else seq
        rows = []
        for job in jobs:
            assert job.signals is not None
            for signal, lane in job.signals:
                seq += 1
                rows.append(signal_rows.as_row(seq, job.received_ms, signal, lane))
            job.error = None
            if job.future is not None:
                at = from_ms(job.received_ms)
                job.answer = JournalledSignal(seq=seq, received_at=at, signal=job.signals[-1][0])
        self.lane.insert_signals(connection, rows)
        return seq

    def _lose(self, batch: _Batch, error: Exception) -> None:
        """The commit failed: nothing of the batch is durable, so nobody is told that it is. Begin anew with a fresh
        connection: after a failed fsync or a lost peer the old one cannot be trusted."""
        log.error("commit.failed", jobs=len(batch.jobs), error=repr(error))
        self.figures.failed_commits += 1
        batch.newest_event = 0
        self._newest_signal = None
        for job in batch.jobs:
            job.error = Unavailable(f"the database could not commit: {error}")
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate(error)
            connection.close()

    def _answer(self, batch: _Batch) -> None:
        for loop, jobs in groupby(batch.jobs, key=lambda job: job.loop):
            answered = list(jobs)
            try:
                loop.call_soon_threadsafe(_settle, answered)
            except RuntimeError:  # that loop is closed: nobody waits there any more
                log.warning("commit.unheard", jobs=len(answered))
        if batch.newest_event:
            self.told(batch.newest_event)


def _settle(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if job.told is not None:
            _tell(job.told, job.error)
        elif job.future is None or job.future.done():
            continue
        elif job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.answer)


def _tell(told: Told, error: BaseException | None) -> None:
    try:
        told(error if error is None or isinstance(error, Unavailable) else Unavailable(repr(error)))
    except Exception as fault:
        log.exception("commit.callback_failed", error=repr(fault))  # one listener's fault must not keep others waiting


def _as_refusal(error: Exception) -> Exception:
    if isinstance(error, OperationalError | InterfaceError):
        refusal = Unavailable(f"the database does not take it: {error.orig}")
        refusal.__cause__ = error
        return refusal
    return error

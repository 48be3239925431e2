"""Group commit: one thread writes, and joins the units and signals of many callers into one durable commit.

Owns the queue, the batch, the savepoint around each unit, and the promise that nobody is answered before the commit.
Must not know which database it is: a `Lane` does. Invariants and steps: docs/design/group-commit.md.
"""

import asyncio
import inspect
import queue
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

import structlog
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from fengtai.domain.alarms.model import JournalledSignal, Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.storage import event_log, signal_rows
from fengtai.storage.commit_batch import Batch, Job, settle
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
SAVEPOINT = "fengtai_unit"


class Lane(Protocol):
    """What the writer needs of one database."""

    is_only_writer: bool
    """whether nobody else writes signals to this database: then the last `seq` need not be asked for"""

    def connect(self) -> Connection: ...

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that no other writer can overtake: it holds the order lock until its end."""

    def say(self, connection: Connection, statement: str) -> None:
        """A statement about savepoints: there are two for each unit."""

    def insert_signals(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None: ...

    def announce(self, connection: Connection, seq: int) -> None:
        """Tell other processes, when this commits, that there is an event `seq`."""

    def is_worth_another_try(self, error: BaseException) -> bool:
        """Whether the whole transaction failed for a reason that passes (serialisation failure, deadlock)."""


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


class _TryAgain(Exception):
    pass


@dataclass
class GroupCommit:
    """The writer thread. `start`, then `write` and `append` from coroutines, then `stop`."""

    lane: Lane
    clock: Clock
    makers: Mapping[type[Any], StoreMaker]
    told: Callable[[int, Sequence[event_log.EventRow]], None]
    """called in the writer thread after a commit that logged events, with the newest `seq` and the events"""
    figures: Figures = field(default_factory=Figures)

    def __post_init__(self) -> None:
        self._queue: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._gathered: list[Job] = []
        self._gathered_ms = 0
        self._asked = self._answered = 0  # written by the loop's thread and by the writer's: so two of them
        self._newest_signal: int | None = None
        self._newest_event: int | None = None
        self._guarding = False
        """a unit runs that has not spoken to the database yet"""
        self._thread = threading.Thread(target=self._run, name="fengtai-writer", daemon=True)
        self._connection: Connection | None = None
        self._open = False

    def start(self) -> None:
        """Open the connection (raises what the database says) and begin to write."""
        self._connect()
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
        """What is asked for in one turn of the loop goes to the writer together: one wake-up of a thread for hundreds."""
        self._admit()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._gather(Job(loop, future, work=work))
        return await future

    async def append(self, signal: Signal, lane: TriageLane) -> JournalledSignal:
        self._admit()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[JournalledSignal] = loop.create_future()
        received_ms = self.clock.now().utc_ms
        self._queue.put([Job(loop, future, signals=[(signal, lane)], received_ms=received_ms)])
        return await future

    def submit(self, signals: Sequence[tuple[Signal, TriageLane]], told: Told) -> None:
        """See `alarms.ports.SignalJournal`. What comes in one turn of the loop was received at one moment, and goes to
        the writer together. Always on the same loop."""
        self._admit()
        loop = asyncio.get_running_loop()
        if not self._gathered or not self._gathered_ms:
            self._gathered_ms = self.clock.now().utc_ms
        self._gather(Job(loop, None, told, None, signals, self._gathered_ms))

    def _gather(self, job: Job) -> None:
        if not self._gathered:
            job.loop.call_soon(self._hand_over)
        self._gathered.append(job)
        if len(self._gathered) >= HANDED_OVER_JOBS:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathered:
            jobs, self._gathered, self._gathered_ms = self._gathered, [], 0
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
            batch = Batch(jobs)
            try:
                self._commit_with_retries(batch)
            except Exception as error:  # noqa: BLE001 - the top of the writer's loop: every caller is told
                self._lose(batch, error)
            self._answered += len(jobs)
            self.figures.waiting = self._asked - self._answered
            self._answer(batch)
        if self._connection is not None:
            self._connection.close()

    def _take(self) -> tuple[list[Job], bool]:
        """Wait for jobs, then take all that wait, up to the bound. False at the end."""
        more = self._queue.get()
        jobs: list[Job] = []
        while more is not None:
            jobs += more
            if len(jobs) >= BATCH_JOBS:
                return jobs, True
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _commit_with_retries(self, batch: Batch) -> None:
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

    def _commit(self, batch: Batch) -> None:
        connection = self._begun()
        batch.clear()
        if all(job.signals is not None for job in batch.jobs):
            connection = self._journal_alone(connection, batch)
            return self._finish(connection, batch)
        for are_signals, run in groupby(batch.jobs, key=lambda job: job.signals is not None):
            if are_signals:
                self._journal(connection, batch, list(run))
            else:
                for job in run:
                    self._do(connection, job, batch)
        self._finish(connection, batch)

    def _finish(self, connection: Connection, batch: Batch) -> None:
        for store, added in batch.together.items():
            if added:
                store.write_sealed(connection, added, secrets.token_bytes)
        if batch.events:
            last = event_log.newest(connection) if self._newest_event is None else self._newest_event
            batch.newest_event = event_log.append(connection, batch.events, last)
            self.lane.announce(connection, batch.newest_event)
        connection.commit()
        if self.lane.is_only_writer:
            self._newest_event = batch.newest_event or self._newest_event
            self._newest_signal = self._newest_signal if batch.newest_signal is None else batch.newest_signal
        self._count(batch)

    def _count(self, batch: Batch) -> None:
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
        connection = self._connect()
        self.lane.begin(connection)
        return connection

    def _connect(self) -> Connection:
        self._connection = self.lane.connect()
        event.listen(self._connection, "before_cursor_execute", self._guard)
        return self._connection

    def _do(self, connection: Connection, job: Job, batch: Batch) -> None:
        """Run one unit, in a savepoint of its own from its first statement on (`_guard`)."""
        assert job.work is not None
        job.answer = job.error = None
        self._guarding = True
        try:
            unit = SqlUnit(connection, self.clock.now(), self.makers, writable=True)
            job.answer = job.work(unit)
            if inspect.iscoroutine(job.answer):
                job.answer.close()
                raise TypeError("a use case is an ordinary function, not a coroutine function")
            sealed = unit.seal()
            if not self._guarding:
                self.lane.say(connection, f"RELEASE SAVEPOINT {SAVEPOINT}")
            batch.add(sealed)
        except Exception as error:
            if self.lane.is_worth_another_try(error):
                raise _TryAgain from error
            if not self._guarding:  # raises when the database has undone the whole transaction: then all are told
                self.lane.say(connection, f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
                self.lane.say(connection, f"RELEASE SAVEPOINT {SAVEPOINT}")
            job.error = _as_refusal(error)
        finally:
            self._guarding = False

    def _guard(self, connection: Connection, *_: object) -> None:
        """Called before every statement: the first one of a unit is preceded by its savepoint. Units that only add to
        the event log and the audit log have no statement, and need none."""
        if self._guarding:
            self._guarding = False
            self.lane.say(connection, f"SAVEPOINT {SAVEPOINT}")

    def _journal(self, connection: Connection, batch: Batch, jobs: Sequence[Job]) -> None:
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

    def _journal_alone(self, connection: Connection, batch: Batch) -> Connection:
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

    def _insert(self, connection: Connection, batch: Batch, jobs: Sequence[Job]) -> int:
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

    def _lose(self, batch: Batch, error: Exception) -> None:
        """The commit failed: nothing of the batch is durable, so nobody is told that it is. Begin anew with a fresh
        connection: after a failed fsync or a lost peer the old one cannot be trusted."""
        log.error("commit.failed", jobs=len(batch.jobs), error=repr(error))
        self.figures.failed_commits += 1
        batch.newest_event = 0
        self._newest_signal = self._newest_event = None
        for job in batch.jobs:
            job.error = Unavailable(f"the database could not commit: {error}")
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate(error)
            connection.close()

    def _answer(self, batch: Batch) -> None:
        """Readers are woken first, so that whoever is answered finds its events in the log."""
        if batch.newest_event:
            self.told(batch.newest_event, batch.events)
        for loop, jobs in groupby(batch.jobs, key=lambda job: job.loop):
            answered = list(jobs)
            try:
                loop.call_soon_threadsafe(settle, answered)
            except RuntimeError:  # that loop is closed: nobody waits there any more
                log.warning("commit.unheard", jobs=len(answered))


def _as_refusal(error: Exception) -> Exception:
    if isinstance(error, OperationalError | InterfaceError):
        refusal = Unavailable(f"the database does not take it: {error.orig}")
        refusal.__cause__ = error
        return refusal
    return error

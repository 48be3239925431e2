"""What is joined into one commit: the units and signals of many callers, and what they add to the two logs.

Owns how a caller is told. Must not know how anything is written: `group_commit` does that.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from fengtai.domain.alarms.model import Signal, TriageLane
from fengtai.domain.alarms.ports import Told
from fengtai.storage import event_log
from fengtai.storage.unit import SealedRows, SealedTogether, SqlUnit
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()


@dataclass(slots=True)
class Job:
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
class Batch:
    jobs: list[Job]
    events: list[event_log.EventRow] = field(default_factory=list)
    together: dict[type[SealedTogether], list[Any]] = field(default_factory=dict)
    newest_event: int = 0
    newest_signal: int | None = None

    def clear(self) -> None:
        self.events.clear()
        self.together.clear()
        self.newest_event, self.newest_signal = 0, None

    def add(self, sealed: SealedRows) -> None:
        events, together = sealed
        self.events += events
        for store, added in together.items():
            self.together.setdefault(store, []).extend(added)


def settle(jobs: Sequence[Job]) -> None:
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

"""One act, one transaction: stores, event log and audit change together or not at all.

A use case is an ordinary function of a unit of work, given to `Transactions.write`. It must be quick, must not wait for
anything, and may be run again by the engine (serialisation failure), so it has no effect outside the unit. The engine
joins the units of many callers into one commit (group commit); a caller is answered after the fsync, never before.
See docs/decisions/0003-a-use-case-is-a-function-of-a-unit-of-work.md.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.events import Event

Port = TypeVar("Port")
Answer = TypeVar("Answer")


class UnitOfWork(Protocol):
    """What a use case holds while it runs. Good only inside the function it was given to."""

    @property
    def now(self) -> Instant:
        """The moment at which the unit began; the same for all that happens in it."""

    def store(self, port: type[Port]) -> Port:
        """The store that implements this port, bound to this unit. Raise LookupError when nobody offers it."""

    def publish(self, event: Event) -> None:
        """Add to the event log; `seq` is taken as the last act before the commit."""

    def new_id(self) -> str:
        """A new identifier: 32 hexadecimal digits, sortable by time (RFC 9562 version 7)."""

    def new_secret(self, size_bytes: int = 32) -> bytes:
        """Unpredictable bytes, for salts and tokens."""


class Transactions(Protocol):
    """Runs units of work. `storage.sqlite`, `storage.postgres` and `storage.memory` implement it."""

    async def write(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run, commit durably, answer. Whatever `work` raises undoes the unit and is raised here."""

    async def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        """Run on a consistent snapshot. The unit refuses `publish`; what it writes is undone."""


@runtime_checkable
class Sealed(Protocol):
    """A store whose rows need their place in one order (event log, audit): the engine calls `seal` under the order
    lock as the last act before the commit, so that a reader by cursor never misses a row that commits late."""

    def seal(self) -> None: ...

"""What the business needs of the audit log, and what the audit log needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from fengtai.domain.audit.model import AuditEntry, AuditLine, AuditQuery, Checkpoint, KeptLine, OpenAct, TimeStamp
from fengtai.vocabulary.errors import Unavailable


class AuditLog(Protocol):
    """Append-only. `uow.store(AuditLog).append(entry)`: durable with the unit, sequenced just before its commit.

    All other folders need `append` only; the rest is for `AuditDesk`.
    """

    def append(self, entry: AuditEntry) -> None:
        """Raise ValueError for an INTENT without `act`."""

    def append_alike(self, entry: AuditEntry, of: Sequence[str]) -> None:
        """A line for each of these, who is its actor and its object; all else as `entry` says. For what many devices do
        at once. Raise ValueError for an INTENT."""

    def size(self) -> int:
        """How many lines there are: the newest `seq`."""

    def page(self, query: AuditQuery) -> Sequence[AuditLine]: ...

    def following(self, after: int, upto: int, limit: int) -> Sequence[AuditLine]:
        """Oldest first: the lines behind `after`, up to `upto`."""

    def line(self, seq: int) -> AuditLine:
        """Raise NotFound if there is none."""

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Tree hashes: level 0 the leaves, level n the roots of 256**n leaves each. Fewer when there are fewer."""

    def tiles(self, level: int) -> int:
        """How many hashes of this level (1 and up) are kept."""

    def keep_tile(self, level: int, number: int, root: bytes) -> None: ...

    def newest_checkpoint(self) -> Checkpoint | None: ...

    def keep_checkpoint(self, checkpoint: Checkpoint) -> None:
        """A copy for the screen; the truth is the book outside the database. Twice for one size is once."""

    def overdue(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        """Acts whose INTENT is older and that have no RESULT, oldest first, those already reported included."""

    def unreported(self, before: datetime, *, limit: int = 100) -> Sequence[OpenAct]:
        """Those of `overdue` that `report` was not called for."""

    def report(self, act: str) -> None: ...

    def whole_lines(self, *, after: int, upto: int, before: datetime, limit: int) -> Sequence[KeptLine]:
        """Lines after `after` and up to `upto`, from before the moment, that are not redacted, in their order."""

    def redact(self, seqs: Sequence[int]) -> bytes:
        """Remove record, salt, actor and object of these lines for ever; return the SHA-256 over what stays of them
        (`model.kept_text`), in their order. Raise ValueError when one of them is redacted already."""


class CheckpointSigner(Protocol):
    """Signs notes with a key that the database's owner cannot reach."""

    @property
    def origin(self) -> str:
        """The log's name, first line of every checkpoint: it tells one city's log from another's."""

    def sign(self, text: str) -> str:
        """The signed note (C2SP signed-note): the text, an empty line, the signature line."""


class CheckpointBook(Protocol):
    """The checkpoints, outside the database, append-only."""

    async def last(self) -> str | None:
        """The newest note, or None in a new book. Raise Unavailable when the book cannot be read."""

    async def append(self, note: str) -> None:
        """Return when it is durable."""


class TimeStamps(Protocol):
    """A time-stamping authority (RFC 3161), and the folder of its tokens outside the database."""

    is_configured: bool

    async def newest(self) -> TimeStamp | None: ...

    async def all(self) -> Sequence[TimeStamp]:
        """Smallest size first."""

    async def stamp(self, size: int, note: str) -> TimeStamp:
        """Ask, verify, keep; return when the token is durable. Raise Unavailable with the cause."""


class NoTimeStamps:
    """Implements `TimeStamps` where no service is configured."""

    is_configured = False

    async def newest(self) -> TimeStamp | None:
        return None

    async def all(self) -> Sequence[TimeStamp]:
        return ()

    async def stamp(self, size: int, note: str) -> TimeStamp:
        raise Unavailable("no time-stamping service is configured (audit.time_stamp_url)")

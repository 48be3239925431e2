"""Idempotency keys: which repeatable request was done, and what it was answered; kept for a day.

A claim is written in the same unit of work as the first thing that the request writes: either both are durable or
neither. So a request that is sent again is never done again; if the answer was lost in between (a crash), the repeat is
refused, not done (after draft-ietf-httpapi-idempotency-key-header). Must not know HTTP: the answer is sealed bytes.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from fengtai.vocabulary.errors import Conflict
from fengtai.vocabulary.transactions import Transactions, UnitOfWork

Answer = TypeVar("Answer")

metadata = MetaData()

request_key = Table(
    "request_key",
    metadata,
    Column("user_id", String(32), nullable=False, comment="whose key: two people may choose the same"),
    Column("key", String(128), nullable=False, comment="Idempotency-Key as it was sent"),
    Column("request_sha256", LargeBinary, nullable=False, comment="method, address and body"),
    Column("at_ms", BigInteger, nullable=False, index=True, comment="ms since 1970 UTC; forgotten a day later"),
    Column("answer", LargeBinary, nullable=False, comment="sealed by the vault; empty until the answer is known"),
    PrimaryKeyConstraint("user_id", "key"),
)


class RepeatedRequest(Conflict):
    """The same key is in use: the first request is being worked on, or its answer was lost."""

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key has been taken; its answer is not there (yet). Wait a moment and send "
            "it again; if that does not help, look whether it was done before you send it with a new key."
        )


@dataclass(slots=True)
class Claim:
    """One request that wants to be done once. `made` when it is durable; nothing is claimed after `over`."""

    user_id: str
    key: str
    request_sha256: bytes
    made: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class KeptRequest:
    request_sha256: bytes
    answer: bytes
    """empty: not known (yet)"""


class RequestKeys(Protocol):
    def find(self, user_id: str, key: str) -> KeptRequest | None: ...

    def claim(self, claim: Claim) -> None:
        """Raise RepeatedRequest when this person has used the key."""

    def keep_answer(self, claim: Claim, answer: bytes) -> None: ...

    def forget_before(self, at_ms: int) -> None: ...


class SqlRequestKeys:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection, self._unit = connection, unit

    def find(self, user_id: str, key: str) -> KeptRequest | None:
        table = request_key
        row = self._connection.execute(
            select(table.c.request_sha256, table.c.answer).where(table.c.user_id == user_id, table.c.key == key)
        ).one_or_none()
        return None if row is None else KeptRequest(bytes(row.request_sha256), bytes(row.answer))

    def claim(self, claim: Claim) -> None:
        if self.find(claim.user_id, claim.key) is not None:  # units that write come one after the other
            raise RepeatedRequest
        self._connection.execute(
            insert(request_key).values(
                user_id=claim.user_id,
                key=claim.key,
                request_sha256=claim.request_sha256,
                at_ms=self._unit.now.utc_ms,
                answer=b"",
            )
        )

    def keep_answer(self, claim: Claim, answer: bytes) -> None:
        table = request_key
        self._connection.execute(
            update(table).where(table.c.user_id == claim.user_id, table.c.key == claim.key).values(answer=answer)
        )

    def forget_before(self, at_ms: int) -> None:
        self._connection.execute(delete(request_key).where(request_key.c.at_ms < at_ms))


CLAIM: ContextVar[Claim | None] = ContextVar("claim", default=None)
"""What the request that is being worked on claims with the first thing that it writes."""


class KeyedTransactions:
    """Transactions of the services: like those below, but the first unit of a keyed request also makes its claim."""

    def __init__(self, below: Transactions) -> None:
        self._below = below

    async def write(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        claim = CLAIM.get()
        if claim is None or claim.made or claim.over:
            return await self._below.write(work)

        def claimed(uow: UnitOfWork) -> Answer:
            uow.store(RequestKeys).claim(claim)
            return work(uow)

        answer = await self._below.write(claimed)
        claim.made = True
        return answer

    async def read(self, work: Callable[[UnitOfWork], Answer]) -> Answer:
        return await self._below.read(work)


STORES: Mapping[type[Any], Callable[[Connection, UnitOfWork], object]] = {RequestKeys: SqlRequestKeys}

"""Failed sign-ins and the set-up token in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from fengtai.domain.access.model import Throttle
from fengtai.domain.access.store.tables import setup_table, throttle_table, upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.transactions import UnitOfWork


class SqlThrottles:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, key: str) -> Throttle | None:
        row = self._connection.execute(select(throttle_table).where(throttle_table.c.key == key)).first()
        return None if row is None else _throttle(row)

    def locked(
        self, now: datetime, of: Collection[str] | None = None, *, after: str = "", limit: int = 100
    ) -> Sequence[Throttle]:
        key, until = throttle_table.c.key, throttle_table.c.locked_until_ms
        wanted = select(throttle_table).where(until > to_ms(now), key > after).order_by(key).limit(limit)
        if of is not None:
            wanted = wanted.where(key.in_(sorted(of)))
        return [_throttle(row) for row in self._connection.execute(wanted)]

    def save(self, throttle: Throttle) -> None:
        values = {
            "key": throttle.key,
            "failures": throttle.failures,
            "first_at_ms": to_ms(throttle.first_at),
            "last_at_ms": to_ms(throttle.last_at),
            "locked_until_ms": None if throttle.locked_until is None else to_ms(throttle.locked_until),
        }
        upsert(self._connection, throttle_table, throttle_table.c.key, values)

    def remove(self, key: str) -> None:
        self._connection.execute(delete(throttle_table).where(throttle_table.c.key == key))

    def forget(self, *, quiet_since: datetime) -> int:
        quiet_ms, locked = to_ms(quiet_since), throttle_table.c.locked_until_ms
        gone = delete(throttle_table).where(
            throttle_table.c.last_at_ms <= quiet_ms, or_(locked.is_(None), locked <= quiet_ms)
        )
        return self._connection.execute(gone).rowcount


def _throttle(row: Row[Any]) -> Throttle:
    return Throttle(
        key=row.key,
        failures=row.failures,
        first_at=from_ms(row.first_at_ms),
        last_at=from_ms(row.last_at_ms),
        locked_until=None if row.locked_until_ms is None else from_ms(row.locked_until_ms),
    )


class SqlSetup:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def token_sha256(self) -> bytes | None:
        row = self._connection.execute(select(setup_table)).first()
        return None if row is None else bytes(row.token_sha256)

    def save(self, token_sha256: bytes) -> None:
        upsert(self._connection, setup_table, setup_table.c.id, {"id": 1, "token_sha256": token_sha256})

    def clear(self) -> None:
        self._connection.execute(delete(setup_table))

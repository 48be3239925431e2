"""Sessions in SQL."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select

from fengtai.domain.access.model import Due, Session
from fengtai.domain.access.store.tables import session_table, upsert
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import NotFound
from fengtai.vocabulary.transactions import UnitOfWork


class SqlSessions:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, session_id: str) -> Session:
        row = self._connection.execute(select(session_table).where(session_table.c.id == session_id)).first()
        if row is None:
            raise NotFound("there is no such session")
        return _session(row)

    def by_token(self, token_sha256: bytes) -> Session | None:
        wanted = select(session_table).where(session_table.c.token_sha256 == token_sha256)
        row = self._connection.execute(wanted).first()
        return None if row is None else _session(row)

    def of_person(self, user_id: str) -> Sequence[Session]:
        return self._newest_first(session_table.c.user_id == user_id)

    def page(self, of: Collection[str] | None, *, after: str = "", limit: int = 100) -> Sequence[Session]:
        wanted = select(session_table).order_by(session_table.c.id.desc()).limit(limit)
        if of is not None:
            wanted = wanted.where(session_table.c.user_id.in_(sorted(of)))
        if after:
            wanted = wanted.where(session_table.c.id < after)
        return [_session(row) for row in self._connection.execute(wanted)]

    def over(self, *, seen_before: datetime, ended_before: datetime) -> Sequence[Session]:
        return self._newest_first(
            or_(session_table.c.seen_at_ms <= to_ms(seen_before), session_table.c.ends_at_ms <= to_ms(ended_before))
        )

    def _newest_first(self, *conditions: Any) -> Sequence[Session]:
        order = (session_table.c.started_at_ms.desc(), session_table.c.id.desc())
        rows = self._connection.execute(select(session_table).where(*conditions).order_by(*order))
        return [_session(row) for row in rows]

    def save(self, session: Session) -> None:
        values = {
            "id": session.id,
            "token_sha256": session.token_sha256,
            "user_id": session.user_id,
            "started_at_ms": to_ms(session.started_at),
            "seen_at_ms": to_ms(session.seen_at),
            "ends_at_ms": to_ms(session.ends_at),
            "source_ip": session.source_ip,
            "post": session.post,
            "proven_by": session.proven_by,
            "due": json.dumps(sorted(due.value for due in session.due)),
        }
        upsert(self._connection, session_table, session_table.c.id, values)

    def remove(self, session_id: str) -> None:
        self._connection.execute(delete(session_table).where(session_table.c.id == session_id))


def _session(row: Row[Any]) -> Session:
    return Session(
        id=row.id,
        token_sha256=bytes(row.token_sha256),
        user_id=row.user_id,
        started_at=from_ms(row.started_at_ms),
        seen_at=from_ms(row.seen_at_ms),
        ends_at=from_ms(row.ends_at_ms),
        source_ip=row.source_ip,
        post=row.post,
        proven_by=row.proven_by,
        due=frozenset(Due(value) for value in json.loads(row.due)),
    )

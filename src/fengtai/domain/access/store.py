"""Tables of people, sessions, failed sign-ins and the set-up token, with their SQL (SQLite and PostgreSQL)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from fengtai.domain.access.model import Person, Role, Session, Throttle
from fengtai.domain.access.ports import PersonStore, SessionStore, SetupStore, ThrottleStore
from fengtai.vocabulary.clock import from_ms, to_ms
from fengtai.vocabulary.errors import Conflict, NotFound
from fengtai.vocabulary.transactions import UnitOfWork

metadata = MetaData()

person_table = Table(
    "access_person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, comment="as entered; shown"),
    Column("name_key", String(255), nullable=False, unique=True, comment="rules.name_key: what makes names equal"),
    Column("display_name", Text, nullable=False),
    Column("roles", Text, nullable=False, comment="JSON list of Role values"),
    Column("password_hash", Text, nullable=False, comment="Argon2id PHC text"),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
)

session_table = Table(
    "access_session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("token_sha256", LargeBinary, nullable=False, unique=True, comment="the token itself is never stored"),
    Column("user_id", String(32), nullable=False, index=True),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False, comment="last use, written in batches"),
    Column("ends_at_ms", BigInteger, nullable=False, comment="absolute end"),
    Column("source_ip", String(64), nullable=False),
    Column("post", Text, nullable=False, comment="duty post chosen at sign-in"),
)

throttle_table = Table(
    "access_throttle",
    metadata,
    Column("key", String(80), primary_key=True, comment="name:<digest> or address:<network>"),
    Column("failures", Integer, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("locked_until_ms", BigInteger, nullable=True),
)

setup_table = Table(
    "access_setup",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1: one token at most"),
    Column("token_sha256", LargeBinary, nullable=False),
)


def _upsert(connection: Connection, table: Table, key: Column[Any], values: dict[str, Any]) -> None:
    """Update, else insert: portable, and safe because a unit that writes is serialised with its rivals."""
    changed = connection.execute(update(table).where(key == values[key.name]).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(table).values(**values))


class SqlPeople:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, user_id: str) -> Person:
        row = self._connection.execute(select(person_table).where(person_table.c.id == user_id)).first()
        if row is None:
            raise NotFound("there is no such person")
        return _person(row)

    def by_name_key(self, name_key: str) -> Person | None:
        row = self._connection.execute(select(person_table).where(person_table.c.name_key == name_key)).first()
        return None if row is None else _person(row)

    def all(self) -> Sequence[Person]:
        people = [(row.name_key, _person(row)) for row in self._connection.execute(select(person_table))]
        return [person for _, person in sorted(people, key=lambda pair: pair[0])]  # not by the database's collation

    def save(self, person: Person, *, name_key: str) -> None:
        values = {
            "id": person.id,
            "name": person.name,
            "name_key": name_key,
            "display_name": person.display_name,
            "roles": json.dumps(sorted(role.value for role in person.roles)),
            "password_hash": person.password_hash,
            "created_at_ms": to_ms(person.created_at),
            "disabled": person.disabled,
        }
        try:
            _upsert(self._connection, person_table, person_table.c.id, values)
        except IntegrityError as error:
            raise Conflict(f"the name {person.name} is taken") from error


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

    def all(self) -> Sequence[Session]:
        return self._newest_first()

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
        }
        _upsert(self._connection, session_table, session_table.c.id, values)

    def remove(self, session_id: str) -> None:
        self._connection.execute(delete(session_table).where(session_table.c.id == session_id))


class SqlThrottles:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def get(self, key: str) -> Throttle | None:
        row = self._connection.execute(select(throttle_table).where(throttle_table.c.key == key)).first()
        if row is None:
            return None
        locked_until = None if row.locked_until_ms is None else from_ms(row.locked_until_ms)
        return Throttle(
            key=row.key,
            failures=row.failures,
            first_at=from_ms(row.first_at_ms),
            last_at=from_ms(row.last_at_ms),
            locked_until=locked_until,
        )

    def save(self, throttle: Throttle) -> None:
        values = {
            "key": throttle.key,
            "failures": throttle.failures,
            "first_at_ms": to_ms(throttle.first_at),
            "last_at_ms": to_ms(throttle.last_at),
            "locked_until_ms": None if throttle.locked_until is None else to_ms(throttle.locked_until),
        }
        _upsert(self._connection, throttle_table, throttle_table.c.key, values)

    def remove(self, key: str) -> None:
        self._connection.execute(delete(throttle_table).where(throttle_table.c.key == key))

    def forget(self, *, quiet_since: datetime) -> int:
        quiet_ms, locked = to_ms(quiet_since), throttle_table.c.locked_until_ms
        gone = delete(throttle_table).where(
            throttle_table.c.last_at_ms <= quiet_ms, or_(locked.is_(None), locked <= quiet_ms)
        )
        return self._connection.execute(gone).rowcount


class SqlSetup:
    def __init__(self, connection: Connection, unit: UnitOfWork) -> None:
        self._connection = connection

    def token_sha256(self) -> bytes | None:
        row = self._connection.execute(select(setup_table)).first()
        return None if row is None else bytes(row.token_sha256)

    def save(self, token_sha256: bytes) -> None:
        _upsert(self._connection, setup_table, setup_table.c.id, {"id": 1, "token_sha256": token_sha256})

    def clear(self) -> None:
        self._connection.execute(delete(setup_table))


def _person(row: Row[Any]) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        display_name=row.display_name,
        roles=frozenset(Role(value) for value in json.loads(row.roles)),
        password_hash=row.password_hash,
        created_at=from_ms(row.created_at_ms),
        disabled=bool(row.disabled),
    )


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
    )


STORES: Mapping[type[Any], type[Any]] = {
    PersonStore: SqlPeople,
    SessionStore: SqlSessions,
    ThrottleStore: SqlThrottles,
    SetupStore: SqlSetup,
}

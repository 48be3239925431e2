"""Tables of people, sessions, failed sign-ins and the set-up token."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
    update,
)

metadata = MetaData()


person_table = Table(
    "access_person",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False, comment="as entered; shown"),
    Column("name_key", String(255), nullable=False, unique=True, comment="rules.name_key: what makes names equal"),
    Column("display_name", Text, nullable=False),
    Column(
        "roles", Text, nullable=False, comment="JSON list of Role values: what the grants in force say, kept for lists"
    ),
    Column("password_hash", Text, nullable=False, comment="Argon2id PHC text"),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column(
        "organisation_id",
        String(32),
        nullable=False,
        server_default="",
        comment="who may change them; empty: the city's",
    ),
)

grant_table = Table(
    "access_grant",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("role", String(32), nullable=False),
    Column("effect", String(8), nullable=False, comment="allow or forbid"),
    Column("permissions", Text, nullable=False, comment="JSON list of Permission values; empty: all of the role"),
    Column("organisation_id", String(32), nullable=False, comment="with all below it; empty: everywhere"),
    Column("area_code", String(12), nullable=False, comment="GB/T 2260; empty: everywhere"),
    Column("point_classes", Text, nullable=False, comment="JSON list of 1, 2, 3, 9; empty: all"),
    Column("valid_until_ms", BigInteger, nullable=True),
    Column("granted_by", String(64), nullable=False, comment="user id, or system:..."),
    Column("granted_at_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at_ms", BigInteger, nullable=True, comment="taken back, or its time was over; rows stay"),
    Column("ended_by", String(64), nullable=False),
    Column("end_reason", Text, nullable=False),
)

approval_table = Table(
    "access_approval",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("act", String(32), nullable=False, comment="ApprovedAct"),
    Column("object", String(128), nullable=False, comment="person:<id>, clip:<id>"),
    Column("terms", Text, nullable=False, comment="JSON: exactly what was asked for"),
    Column("title", Text, nullable=False, comment="what it is about, for people"),
    Column("organisation_id", String(32), nullable=False),
    Column("area_code", String(12), nullable=False),
    Column("point_class", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(32), nullable=False, index=True),
    Column("asked_by_name", Text, nullable=False),
    Column("asked_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, index=True, comment="ApprovalState"),
    Column("decided_by", String(32), nullable=False),
    Column("decided_by_name", Text, nullable=False),
    Column("decided_at_ms", BigInteger, nullable=True),
    Column("note", Text, nullable=False, comment="of whoever decided, or why it could not be done"),
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
    Column("proven_by", String(64), nullable=False, server_default="password", comment="how the person was recognised"),
    Column("due", Text, nullable=False, server_default="[]", comment="JSON list of Due values: no rights until done"),
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


def upsert(connection: Connection, table: Table, key: Column[Any], values: dict[str, Any]) -> None:
    """Update, else insert: portable, and safe because a unit that writes is serialised with its rivals."""
    changed = connection.execute(update(table).where(key == values[key.name]).values(**values))
    if changed.rowcount == 0:
        connection.execute(insert(table).values(**values))

"""Two roles of PostgreSQL: the owner migrates and redacts, the application serves and cannot change what was written down.

`secure` gives the application what it needs and no more; it is told again after each upgrade. `powers` says what a role
could do to the append-only tables: empty is what it should be. Triggers (migration 0002) are the second layer: they also
stop the owner's mistakes.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from fengtai.storage.postgres.connections import CONNECT_TIMEOUT_SECONDS, libpq_url
from fengtai.vocabulary.errors import Conflict, Unavailable

APPEND_ONLY = ("audit_line", "audit_checkpoint", "signal_journal")
"""Rows are added and read, and that is all."""
UNCHANGED = ("event_log",)
"""Rows are added, and trimmed when they are old; never changed."""
READ_ONLY = ("alembic_version",)

_POWERS = """
SELECT t.relname, p.power FROM pg_class t, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p(power)
WHERE t.relkind = 'r' AND t.relname = ANY(%(tables)s) AND t.relnamespace = current_schema()::regnamespace
  AND has_table_privilege(current_user, t.oid, p.power)
UNION ALL
SELECT t.relname, 'OWNER' FROM pg_class t
WHERE t.relkind = 'r' AND t.relname = ANY(%(tables)s) AND t.relnamespace = current_schema()::regnamespace
  AND pg_has_role(current_user, t.relowner, 'MEMBER')
UNION ALL
SELECT t.relname, 'UPDATE of ' || a.attname FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
WHERE t.relname = ANY(%(tables)s) AND t.relnamespace = current_schema()::regnamespace AND NOT a.attisdropped
  AND has_column_privilege(current_user, t.oid, a.attnum, 'UPDATE')
  AND NOT has_table_privilege(current_user, t.oid, 'UPDATE')
ORDER BY 1, 2
"""


def secure(owner_url: str, application: str, password: str = "") -> None:
    """As the owner: make the role if there is none (then with this password), and give it exactly its rights. Raise
    Conflict when the address is not the owner's or the role is too mighty, Unavailable when PostgreSQL refuses."""
    try:
        with _connected(owner_url) as connection:
            _refuse_others_than_the_owner(connection)
            if not _exists(connection, application):
                _make(connection, application, password)
            elif password:
                _set_password(connection, application, password)
            _refuse_the_mighty(connection, application)
            _grant(connection, application)
    except psycopg.Error as error:
        raise Unavailable(f"the roles cannot be set up: {str(error).strip()}") from error


def powers(url: str) -> Sequence[str]:
    """What the role of this address could do to append-only tables beyond adding: empty once `secure` was run."""
    try:
        with _connected(url) as connection:
            found = connection.execute(_POWERS, {"tables": list(APPEND_ONLY)}).fetchall()
    except psycopg.Error as error:
        raise Unavailable(f"the roles cannot be looked at: {str(error).strip()}") from error
    return [f"{power} {table}" for table, power in found]


def _connected(url: str) -> psycopg.Connection[tuple[str, str]]:
    return psycopg.connect(libpq_url(url), connect_timeout=CONNECT_TIMEOUT_SECONDS)


def _refuse_others_than_the_owner(connection: psycopg.Connection[tuple[str, str]]) -> None:
    """GRANT by somebody who may not grant is a warning, not an error: it would look as if all were well."""
    found = connection.execute(
        "SELECT relname, pg_has_role(current_user, relowner, 'MEMBER')::text FROM pg_class "
        "WHERE relname = ANY(%s) AND relnamespace = current_schema()::regnamespace",
        ([*APPEND_ONLY, *UNCHANGED, *READ_ONLY],),
    ).fetchall()
    if {name for name, _ in found} != {*APPEND_ONLY, *UNCHANGED, *READ_ONLY}:
        raise Conflict(
            "the database does not have this version's tables yet: run fengtai db upgrade as the owner first"
        )
    if any(owns != "true" for _, owns in found):
        raise Conflict("this address is not the owner's: roles are set up by the role that owns the tables")


def _exists(connection: psycopg.Connection[tuple[str, str]], role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def _make(connection: psycopg.Connection[tuple[str, str]], role: str, password: str) -> None:
    name = sql.Identifier(role)
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS").format(name)
    )
    if password:
        _set_password(connection, role, password)


def _set_password(connection: psycopg.Connection[tuple[str, str]], role: str, password: str) -> None:
    # Hashed here (SCRAM-SHA-256): a password in a statement may end in the server's log.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)),
    )


def _refuse_the_mighty(connection: psycopg.Connection[tuple[str, str]], role: str) -> None:
    mighty = connection.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s AND (rolsuper OR rolcreaterole OR rolreplication)", (role,)
    ).fetchone()
    if mighty:
        raise Conflict(f"the role {role} may do anything: name another one, which has no rights of its own")
    owns = connection.execute(
        "SELECT 1 FROM pg_class WHERE relname = ANY(%s) AND relnamespace = current_schema()::regnamespace "
        "AND pg_has_role(%s, relowner, 'MEMBER')",
        (list(APPEND_ONLY), role),
    ).fetchone()
    if owns:
        raise Conflict(f"the role {role} owns the tables of the audit log: the application needs another role")


def _grant(connection: psycopg.Connection[tuple[str, str]], role: str) -> None:
    name = sql.Identifier(role)

    def do(statement: str, tables: Sequence[str] = ()) -> None:
        told = sql.SQL(", ").join(map(sql.Identifier, tables))
        connection.execute(sql.SQL(statement).format(role=name, tables=told))

    do("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {role}")
    do("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}")
    do("GRANT USAGE ON SCHEMA public TO {role}")
    do("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    do("REVOKE UPDATE, DELETE ON {tables} FROM {role}", APPEND_ONLY)
    do("REVOKE UPDATE ON {tables} FROM {role}", UNCHANGED)
    do("REVOKE INSERT, UPDATE, DELETE ON {tables} FROM {role}", READ_ONLY)
    do("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    # what later migrations of this owner make; append-only tables among it are closed by telling `secure` again
    do("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}")
    do("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}")

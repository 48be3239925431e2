"""What was written down is not changed: triggers on the audit log, its checkpoints, the signal journal, the event log.

They stop mistakes and the platform's own role; whoever owns the database can drop them, and then the signed checkpoints
tell (docs/design/audit-log.md). One change of an audit line is defined: redaction, which erases record and salt.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

REDACTION = (
    "NEW.record IS NULL AND NEW.salt IS NULL AND NEW.actor = '' AND NEW.object = '' AND NEW.seq = OLD.seq "
    "AND NEW.at_ms = OLD.at_ms AND NEW.action = OLD.action AND NEW.outcome = OLD.outcome AND NEW.act = OLD.act "
    "AND NEW.leaf = OLD.leaf"
)
UNCHANGING = ("audit_checkpoint", "signal_journal", "event_log")
UNDELETED = ("audit_line", "audit_checkpoint", "signal_journal")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _sqlite()
    else:
        _postgres()


def _sqlite() -> None:
    refuse = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(
        f"CREATE TRIGGER audit_line_no_update BEFORE UPDATE ON audit_line WHEN NOT ({REDACTION}) "
        + refuse.format(table="audit_line")
    )
    for table in UNCHANGING:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} " + refuse.format(table=table))
    for table in UNDELETED:
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} " + refuse.format(table=table))


def _postgres() -> None:
    op.execute(
        "CREATE FUNCTION fengtai_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    call = "EXECUTE FUNCTION fengtai_append_only()"
    op.execute(
        f"CREATE TRIGGER audit_line_no_update BEFORE UPDATE ON audit_line FOR EACH ROW WHEN (NOT ({REDACTION})) {call}"
    )
    for table in UNCHANGING:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {call}")
    for table in UNDELETED:
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {call}")
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}")


def downgrade() -> None:
    raise NotImplementedError("append-only tables stay append-only")

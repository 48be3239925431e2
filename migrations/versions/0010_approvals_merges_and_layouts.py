"""approvals, merges and layouts"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "access_approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False, comment="ApprovedAct"),
        sa.Column("object", sa.String(length=128), nullable=False, comment="person:<id>, clip:<id>"),
        sa.Column("terms", sa.Text(), nullable=False, comment="JSON: exactly what was asked for"),
        sa.Column("title", sa.Text(), nullable=False, comment="what it is about, for people"),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("point_class", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="ApprovalState"),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_by_name", sa.Text(), nullable=False),
        sa.Column("decided_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False, comment="of whoever decided, or why it could not be done"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_access_approval_asked_by"), "access_approval", ["asked_by"], unique=False)
    op.create_index(op.f("ix_access_approval_state"), "access_approval", ["state"], unique=False)
    op.create_table(
        "live_layout",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False, comment="person"),
        sa.Column("owner_name", sa.Text(), nullable=False, comment="when it was kept"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False, comment="whether everybody may open it"),
        sa.Column("panes", sa.Integer(), nullable=False, comment="pictures at once"),
        sa.Column("point_ids", sa.Text(), nullable=False, comment="JSON list by pane; empty words for empty panes"),
        sa.Column("turn_seconds", sa.Integer(), nullable=False, comment="seconds; 0: the points stand"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_live_layout_owner_id"), "live_layout", ["owner_id"], unique=False)
    op.create_index(op.f("ix_live_layout_shared"), "live_layout", ["shared"], unique=False)
    op.add_column(
        "access_person",
        sa.Column(
            "organisation_id",
            sa.String(length=32),
            server_default="",
            nullable=False,
            comment="who may change them; empty: the city's",
        ),
    )
    op.add_column(
        "incidents_incident",
        sa.Column(
            "joined_to", sa.String(length=32), server_default="", nullable=False, comment="id; empty: for itself"
        ),
    )
    op.create_index(op.f("ix_incidents_incident_joined_to"), "incidents_incident", ["joined_to"], unique=False)
    op.add_column(
        "incidents_hand_over",
        sa.Column(
            "left_out",
            sa.Text(),
            server_default="{}",
            nullable=False,
            comment="JSON: kind, and how many are not in items",
        ),
    )
    op.add_column(
        "webhooks_webhook",
        sa.Column(
            "owner_id",
            sa.String(length=32),
            server_default="",
            nullable=False,
            comment="whose rights it has; empty: nobody's",
        ),
    )
    op.add_column("webhooks_webhook", sa.Column("owner_name", sa.Text(), server_default="", nullable=False))
    op.drop_column("webhooks_webhook", "permissions")
    _give_what_stands_its_owners()
    _index_audit_lines_by_point()


def _index_audit_lines_by_point() -> None:
    """Hand-written: lines that name a point among their details (`domain/audit/store.py`, `_NAMED_POINT`)."""
    expressions = {
        "sqlite": ("json_extract(record, '$.details.point_id')", "instr(record, '\"point_id\":') > 0"),
        "postgresql": ("(record::jsonb #>> '{details,point_id}')", "strpos(record, '\"point_id\":') > 0"),
    }
    named, condition = expressions[op.get_bind().dialect.name]
    op.execute(f"CREATE INDEX audit_line_by_point ON audit_line ({named}, seq) WHERE {condition}")


def _give_what_stands_its_owners() -> None:
    """Hand-written: people are the city's until somebody says where they belong, and a webhook belongs to whoever saved it
    last, as the audit tells; one of which it does not tell has no owner and is told nothing until somebody saves it."""
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "UPDATE access_person SET organisation_id = coalesce("
            "(SELECT min(id) FROM organisations_organisation WHERE parent_id = ''), '')"
        )
    )
    saved = sa.text(
        "SELECT actor FROM audit_line WHERE object = :object AND action IN ('webhook.create', 'webhook.change') "
        "ORDER BY seq DESC LIMIT 1"
    )
    for (webhook_id,) in connection.execute(sa.text("SELECT id FROM webhooks_webhook")).all():
        actor = connection.execute(saved, {"object": f"webhook:{webhook_id}"}).scalar() or ""
        if actor.startswith("user:"):
            owner = {"id": webhook_id, "owner_id": actor.removeprefix("user:")}
            connection.execute(
                sa.text(
                    "UPDATE webhooks_webhook SET owner_id = :owner_id, owner_name = coalesce("
                    "(SELECT display_name FROM access_person WHERE id = :owner_id), '') WHERE id = :id"
                ),
                owner,
            )

"""Rights are grants with a place; alarms and incidents keep the place of the moment they were raised.

Hand-written: what people hold as roles they hold as grants without limits, which is what a role meant until now. Alarms and
incidents of before have no place, so they are for those who serve the whole city.
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

PLACED = ("alarms_alarm", "incidents_incident")


def upgrade() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("effect", sa.String(8), nullable=False, comment="allow or forbid"),
        sa.Column(
            "permissions", sa.Text, nullable=False, comment="JSON list of Permission values; empty: all of the role"
        ),
        sa.Column("organisation_id", sa.String(32), nullable=False, comment="with all below it; empty: everywhere"),
        sa.Column("area_code", sa.String(12), nullable=False, comment="GB/T 2260; empty: everywhere"),
        sa.Column("point_classes", sa.Text, nullable=False, comment="JSON list of 1, 2, 3, 9; empty: all"),
        sa.Column("valid_until_ms", sa.BigInteger, nullable=True),
        sa.Column("granted_by", sa.String(64), nullable=False, comment="user id, or system:..."),
        sa.Column("granted_at_ms", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger, nullable=True, comment="taken back, or its time was over; rows stay"),
        sa.Column("ended_by", sa.String(64), nullable=False),
        sa.Column("end_reason", sa.Text, nullable=False),
    )
    op.create_index(op.f("ix_access_grant_user_id"), "access_grant", ["user_id"], unique=False)
    for table in PLACED:
        op.add_column(table, sa.Column("organisation_id", sa.String(32), nullable=False, server_default=""))
        op.add_column(table, sa.Column("area_code", sa.String(12), nullable=False, server_default=""))
    op.create_index("alarms_alarm_organisation", "alarms_alarm", ["organisation_id", "raised_at_ms"], unique=False)
    op.create_index(
        op.f("ix_incidents_incident_organisation_id"), "incidents_incident", ["organisation_id"], unique=False
    )
    _grant_what_people_hold()


def _grant_what_people_hold() -> None:
    connection = op.get_bind()
    people = connection.execute(sa.text("SELECT id, roles, created_at_ms FROM access_person")).all()
    grant = sa.text(
        "INSERT INTO access_grant (id, user_id, role, effect, permissions, organisation_id, area_code, point_classes, "
        "granted_by, granted_at_ms, reason, ended_by, end_reason) VALUES (:id, :user_id, :role, 'allow', '[]', '', '', "
        "'[]', 'system:upgrade', :at_ms, 'held before rights had places', '', '')"
    )
    for person in people:
        for role in json.loads(person.roles):
            digest = hashlib.sha256(f"{person.id} {role}".encode()).hexdigest()
            row = {
                "id": f"{person.created_at_ms:012x}{digest[:20]}",  # in the order of time, like all ids
                "user_id": person.id,
                "role": role,
                "at_ms": person.created_at_ms,
            }
            connection.execute(grant, row)


def downgrade() -> None:
    """Rights with a place are lost; the roles that people are called by stay."""
    op.drop_index(op.f("ix_incidents_incident_organisation_id"), table_name="incidents_incident")
    op.drop_index("alarms_alarm_organisation", table_name="alarms_alarm")
    for table in PLACED:
        op.drop_column(table, "area_code")
        op.drop_column(table, "organisation_id")
    op.drop_index(op.f("ix_access_grant_user_id"), table_name="access_grant")
    op.drop_table("access_grant")

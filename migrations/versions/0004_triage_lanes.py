"""Two lanes of triage: each signal of the journal has one, and each lane a cursor of its own.

Signals of before have the urgent lane: those that wait to be judged at this moment go first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "signal_journal",
        sa.Column("lane", sa.SmallInteger(), nullable=False, server_default="0", comment="alarms.model.TriageLane"),
    )
    op.create_index("signal_journal_lane", "signal_journal", ["lane", "seq"], unique=False)
    lanes = op.create_table(
        "alarms_triage_lane",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False, comment="alarms.model.TriageLane"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="signals of this lane up to here are triaged"),
        sa.PrimaryKeyConstraint("lane"),
    )
    triaged = op.get_bind().execute(sa.text("SELECT seq FROM alarms_triage")).scalar()
    if triaged is not None:
        op.bulk_insert(lanes, [{"lane": 0, "seq": triaged}, {"lane": 1, "seq": triaged}])
    op.drop_table("alarms_triage")


def downgrade() -> None:
    raise NotImplementedError("one cursor cannot say how far two lanes are")

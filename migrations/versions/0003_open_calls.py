"""Calls that devices have answered outlive a crash; how wrong a device's clock is."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "devices_call",
        sa.Column("id", sa.String(length=255), nullable=False, comment="Call-ID"),
        sa.Column("stream_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("local", sa.Text(), nullable=False, comment="our party of the dialog, tag included"),
        sa.Column("remote", sa.Text(), nullable=False, comment="the device's party, with its tag when it gave one"),
        sa.Column("target", sa.Text(), nullable=False, comment="the device's Contact: where the BYE goes"),
        sa.Column("route", sa.Text(), nullable=False, comment="JSON list of Route values"),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="CSeq number of our last request"),
        sa.Column(
            "port",
            sa.Integer(),
            nullable=False,
            comment="of our receiver: nobody else gets it before the end is confirmed",
        ),
        sa.Column("ssrc", sa.BigInteger(), nullable=False, comment="likewise"),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False, comment="UTC milliseconds"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column(
        "devices_device",
        sa.Column(
            "clock_error_ms", sa.BigInteger(), nullable=True, comment="device's clock minus ours; NULL: not said"
        ),
    )


def downgrade() -> None:
    op.drop_column("devices_device", "clock_error_ms")
    op.drop_table("devices_call")

"""The first tables, of all folders."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "event_log",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="place in the one order, from 1, without holes",
        ),
        sa.Column(
            "at_ms",
            sa.BigInteger(),
            nullable=False,
            comment="ms since 1970 UTC; the moment of the unit, not of the commit",
        ),
        sa.Column("kind", sa.String(length=64), nullable=False, comment='"alarms.raised"; stable'),
        sa.Column(
            "needs", sa.String(length=64), nullable=False, comment="permission that a person must hold to be told"
        ),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON object"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "signal_journal",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="place in the order of arrival, from 1, without holes",
        ),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False, comment="ms since 1970 UTC, our clock"),
        sa.Column("channel", sa.String(length=16), nullable=False, comment="alarms.model.Channel"),
        sa.Column("source", sa.Text(), nullable=False, comment="gateway's name"),
        sa.Column("account", sa.Text(), nullable=False, comment="as the device says it"),
        sa.Column("receiver", sa.Text(), nullable=False, comment="DC-09 receiver number, digits"),
        sa.Column("line", sa.Text(), nullable=False, comment="DC-09 account prefix / line"),
        sa.Column("sequence", sa.Text(), nullable=False, comment="the sender's own number of the message"),
        sa.Column("code_system", sa.String(length=32), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("qualifier", sa.String(length=16), nullable=False, comment="alarms.model.Qualifier"),
        sa.Column("partition_no", sa.Text(), nullable=False, comment="panel partition"),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "device_time_ms",
            sa.BigInteger(),
            nullable=True,
            comment="ms since 1970 UTC, the device's clock; may be wrong",
        ),
        sa.Column("longitude", sa.Float(), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(), nullable=True, comment="degrees, WGS-84"),
        sa.Column("media_ref", sa.Text(), nullable=False),
        sa.Column(
            "dedup_key", sa.Text(), nullable=False, comment="equal for repeats of one message; empty: never a repeat"
        ),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False, comment="address and port it came from"),
        sa.Column("raw", sa.LargeBinary(), nullable=False, comment="the bytes as they came; for ever"),
        sa.Column("details", sa.Text(), nullable=False, comment="JSON object of strings"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "subscriber_cursor",
        sa.Column(
            "subscriber", sa.String(length=64), nullable=False, comment="name of the subscriber; stable over versions"
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="newest event of event_log that it is done with"),
        sa.PrimaryKeyConstraint("subscriber"),
    )
    op.create_table(
        "subscriber_quarantine",
        sa.Column("subscriber", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="the event of event_log that it could not handle"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="ms since 1970 UTC, when it was given up"),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("error", sa.Text(), nullable=False, comment="the last exception, as text"),
        sa.PrimaryKeyConstraint("subscriber", "seq"),
    )
    op.create_table(
        "access_person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="as entered; shown"),
        sa.Column("name_key", sa.String(length=255), nullable=False, comment="rules.name_key: what makes names equal"),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False, comment="JSON list of Role values"),
        sa.Column("password_hash", sa.Text(), nullable=False, comment="Argon2id PHC text"),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name_key"),
    )
    op.create_table(
        "access_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False, comment="the token itself is never stored"),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_at_ms", sa.BigInteger(), nullable=False, comment="last use, written in batches"),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False, comment="absolute end"),
        sa.Column("source_ip", sa.String(length=64), nullable=False),
        sa.Column("post", sa.Text(), nullable=False, comment="duty post chosen at sign-in"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_index(op.f("ix_access_session_user_id"), "access_session", ["user_id"], unique=False)
    op.create_table(
        "access_setup",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1: one token at most"),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "access_throttle",
        sa.Column("key", sa.String(length=80), nullable=False, comment="name:<digest> or address:<network>"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("first_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "alarms_alarm",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column(
            "signal_seq", sa.BigInteger(), nullable=False, comment="place in the journal of the signal that made it"
        ),
        sa.Column("state", sa.String(length=16), nullable=False, comment="alarms.model.AlarmState"),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="moves with each change; a change names the one it saw"
        ),
        sa.Column("priority", sa.Integer(), nullable=False, comment="1 fire to 9 test"),
        sa.Column("category", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, comment="meaning of the code, English"),
        sa.Column("title_zh", sa.Text(), nullable=False, comment="the same in Chinese; empty when the table lacks it"),
        sa.Column("code_system", sa.String(length=32), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False, comment="alarms.model.Channel"),
        sa.Column("source", sa.Text(), nullable=False, comment="gateway's name"),
        sa.Column("account", sa.Text(), nullable=False, comment="as the device says it"),
        sa.Column(
            "account_id", sa.String(length=32), nullable=False, comment="premises: panel account; empty when unknown"
        ),
        sa.Column(
            "raised_at_ms", sa.BigInteger(), nullable=False, comment="ms since 1970 UTC: when the signal was received"
        ),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column(
            "reason", sa.Text(), nullable=False, comment="id, version and words of the rule that made it what it is"
        ),
        sa.Column("premises_id", sa.String(length=32), nullable=False),
        sa.Column("premises_name", sa.Text(), nullable=False, comment="as it was then"),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("zone_name", sa.Text(), nullable=False, comment="as it was then"),
        sa.Column("partition_no", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("point_ids", sa.Text(), nullable=False, comment="JSON list of cameras, best first"),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("on_test", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("restored_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("held_by", sa.String(length=32), nullable=False, comment="user id"),
        sa.Column("held_by_name", sa.Text(), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("escalate_at_ms", sa.BigInteger(), nullable=True, comment="when it escalates if nobody has taken it"),
        sa.Column("escalations", sa.Integer(), nullable=False),
        sa.Column("shelved_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("shelved_reason", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=False, comment="of its first signal; empty: never repeated"),
        sa.Column("path", sa.Text(), nullable=False, comment="receiver, line and address of its first signal"),
        sa.Column(
            "condition",
            sa.Text(),
            nullable=False,
            comment="account, code and zone joined by line feeds: what it is told by",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alarms_alarm_account", "alarms_alarm", ["account", "code", "state"], unique=False)
    op.create_index("alarms_alarm_condition", "alarms_alarm", ["condition", "state"], unique=False)
    op.create_index("alarms_alarm_dedup", "alarms_alarm", ["dedup_key"], unique=False)
    op.create_index("alarms_alarm_newest", "alarms_alarm", ["raised_at_ms", "id"], unique=False)
    op.create_index("alarms_alarm_queue", "alarms_alarm", ["state", "priority", "raised_at_ms", "id"], unique=False)
    op.create_table(
        "alarms_alarm_signal",
        sa.Column("alarm_id", sa.String(length=32), nullable=False),
        sa.Column("signal_seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", "signal_seq"),
    )
    op.create_table(
        "alarms_on_test",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="the account's, for the list"),
        sa.Column("zone", sa.Text(), nullable=False, comment="empty: the whole account"),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False, comment="true: alarms are marked DRILL, and not suppressed"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "alarms_step",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="order within one moment",
        ),
        sa.Column("alarm_id", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("who", sa.Text(), nullable=False, comment="a person's name, a rule's id, or timer"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index(op.f("ix_alarms_step_alarm_id"), "alarms_step", ["alarm_id"], unique=False)
    op.create_table(
        "alarms_supervision",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("last_seen_at_ms", sa.BigInteger(), nullable=False, comment="flushed every few seconds"),
        sa.Column("lost_at_ms", sa.BigInteger(), nullable=True, comment="since when its path is lost; null: it is not"),
        sa.PrimaryKeyConstraint("account_id"),
    )
    op.create_table(
        "alarms_triage",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="signals up to here are triaged"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "alarms_zone_activity",
        sa.Column("account", sa.String(length=200), nullable=False, comment="source/account"),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("alarms", sa.Integer(), nullable=False, comment="in the armed period so far"),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "zone"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column(
            "size",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="lines that the root covers",
        ),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="signed note; a copy of the book outside the database"),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "audit_line",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="place, from 1, without holes; leaf seq-1",
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False, comment="ms since 1970 UTC"),
        sa.Column("actor", sa.Text(), nullable=False, comment='"user:<id>"; empty once redacted'),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False, comment="empty once redacted"),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False, comment="ties a RESULT to its INTENT; may be empty"),
        sa.Column("record", sa.Text(), nullable=True, comment="canonical JSON, format version 1; NULL once redacted"),
        sa.Column("salt", sa.LargeBinary(), nullable=True, comment="32 random bytes; NULL once redacted"),
        sa.Column("leaf", sa.LargeBinary(), nullable=False, comment="SHA-256(0x00 || salt || record); stays for ever"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_line_by_action", "audit_line", ["action", "seq"], unique=False)
    op.create_index("audit_line_by_actor", "audit_line", ["actor", "seq"], unique=False)
    op.create_index("audit_line_by_object", "audit_line", ["object", "seq"], unique=False)
    op.create_table(
        "audit_open_act",
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False, comment="line of the INTENT"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False, comment="audit.result_missing was published"),
        sa.PrimaryKeyConstraint("act"),
    )
    op.create_index("audit_open_act_by_at", "audit_open_act", ["at_ms"], unique=False)
    op.create_table(
        "audit_tile",
        sa.Column(
            "level",
            sa.Integer(),
            nullable=False,
            comment="n: root over 256**n leaves; made again from audit_line if lost",
        ),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="from 0"),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "devices_channel",
        sa.Column("device_id", sa.String(length=32), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False, comment="20-digit code; unique on its device only"),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False, comment="Status of the catalogue item"),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("ptz_type", sa.Integer(), nullable=False, comment="GB/T 28181 PTZType; 0 not said"),
        sa.Column("parent_id", sa.String(length=64), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False, comment="missing from the last complete catalogue"),
        sa.PrimaryKeyConstraint("device_id", "id"),
    )
    op.create_table(
        "devices_device",
        sa.Column("id", sa.String(length=32), nullable=False, comment="20-digit code"),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enrolment", sa.String(length=16), nullable=False, comment="pending, accepted, refused"),
        sa.Column("presence", sa.String(length=16), nullable=False, comment="online, offline"),
        sa.Column(
            "transport",
            sa.String(length=8),
            nullable=False,
            comment="of the binding: udp, tcp; empty: there is no binding",
        ),
        sa.Column("host", sa.String(length=64), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=True, comment="UTC milliseconds, end of the registration"),
        sa.Column("edition", sa.String(length=8), nullable=False, comment="X-GB-ver"),
        sa.Column("call_id", sa.String(length=255), nullable=False),
        sa.Column("last_seen_at_ms", sa.BigInteger(), nullable=True, comment="UTC milliseconds, written in batches"),
        sa.Column("registered_at_ms", sa.BigInteger(), nullable=True, comment="UTC milliseconds, first registration"),
        sa.Column("manufacturer", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("firmware", sa.String(length=64), nullable=False),
        sa.Column(
            "sealed_password", sa.LargeBinary(), nullable=False, comment="sealed by the vault; empty: shared password"
        ),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "duty_unit",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("call_sign", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False, comment="free word of the site"),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="free, dispatched, busy, off"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column(
            "incident_id", sa.String(length=32), nullable=False, comment="no foreign key: incidents lie above duty"
        ),
        sa.Column("incident_number", sa.String(length=16), nullable=False),
        sa.Column(
            "dispatched_by",
            sa.String(length=120),
            nullable=False,
            comment="name of the person, for a second dispatcher",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_duty_unit_incident_id"), "duty_unit", ["incident_id"], unique=False)
    op.create_index(op.f("ix_duty_unit_organisation_id"), "duty_unit", ["organisation_id"], unique=False)
    op.create_table(
        "incidents_call",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("keyholder_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False, comment="as it was then"),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_incidents_call_incident_id"), "incidents_call", ["incident_id"], unique=False)
    op.create_table(
        "incidents_clip",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("alarm_id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False, comment="empty until the alarm is taken"),
        sa.Column("point_id", sa.String(length=32), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_at_ms", sa.BigInteger(), nullable=False, comment="when it is tried next"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False, comment="JSON list of {from_ms, until_ms, cause}"),
        sa.Column("reason", sa.Text(), nullable=False, comment="why it failed, or why the last try did"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("incidents_clip_due", "incidents_clip", ["state", "due_at_ms"], unique=False)
    op.create_index(op.f("ix_incidents_clip_alarm_id"), "incidents_clip", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_incidents_clip_incident_id"), "incidents_clip", ["incident_id"], unique=False)
    op.create_table(
        "incidents_day",
        sa.Column("day", sa.String(length=8), nullable=False, comment="YYYYMMDD in the site's time zone"),
        sa.Column("serial", sa.Integer(), nullable=False, comment="last number given on this day"),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "incidents_dispatch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("unit_id", sa.String(length=32), nullable=False),
        sa.Column("unit_name", sa.String(length=200), nullable=False, comment="as it was then"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("dispatched_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("dispatched_by", sa.String(length=120), nullable=False),
        sa.Column("accepted_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True, comment="feedback given, or recalled"),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_incidents_dispatch_incident_id"), "incidents_dispatch", ["incident_id"], unique=False)
    op.create_index(op.f("ix_incidents_dispatch_unit_id"), "incidents_dispatch", ["unit_id"], unique=False)
    op.create_table(
        "incidents_incident",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False, comment="YYYYMMDD-NNNN in the site's time zone"),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_at_ms", sa.BigInteger(), nullable=False, comment="when the first of its alarms was raised"),
        sa.Column("dispatched_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("arrived_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.String(length=32), nullable=False),
        sa.Column("holder_name", sa.String(length=120), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False, comment="1 is the most urgent"),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("premises_id", sa.String(length=32), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("alarm_ids", sa.Text(), nullable=False, comment="JSON list, in order of joining"),
        sa.Column("cameras", sa.Text(), nullable=False, comment="JSON list of {point_id, why, distance_m}"),
        sa.Column(
            "steps", sa.Text(), nullable=False, comment="JSON list of {index, text_zh, text_en, done_at_ms, done_by}"
        ),
        sa.Column("disposition", sa.String(length=16), nullable=False, comment="empty until closed"),
        sa.Column("closing_note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("incidents_incident_premises", "incidents_incident", ["premises_id", "opened_at_ms"], unique=False)
    op.create_index(op.f("ix_incidents_incident_state"), "incidents_incident", ["state"], unique=False)
    op.create_table(
        "incidents_log",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False, comment="from 1 within the incident"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False, comment="a word the console translates"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "line"),
    )
    op.create_table(
        "organisations_organisation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False, comment="city, district or station"),
        sa.Column("parent_id", sa.String(length=32), nullable=False, comment="empty: the root"),
        sa.Column("area_code", sa.String(length=8), nullable=False, comment="GB/T 2260; empty: that of the parent"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_organisations_organisation_parent_id"), "organisations_organisation", ["parent_id"], unique=False
    )
    op.create_table(
        "points_auto_device",
        sa.Column(
            "device_id", sa.String(length=20), nullable=False, comment="its camera channels get a point by themselves"
        ),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_table(
        "points_point",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="what an operator types"),
        sa.Column("code", sa.String(length=20), nullable=False, comment="GB/T 28181 annex E"),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("point_class", sa.Integer(), nullable=False, comment="GB/T 28181 PointType: 1, 2, 3, 9"),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("view_degrees", sa.Integer(), nullable=True, comment="clockwise from north"),
        sa.Column("view_angle_degrees", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device_id", sa.String(length=20), nullable=False, comment="empty: nothing is bound"),
        sa.Column("channel_id", sa.String(length=20), nullable=False),
        sa.Column("records", sa.Boolean(), nullable=False),
        sa.Column("audio", sa.Boolean(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False, comment="days; order 799 article 17: at least 30"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(op.f("ix_points_point_organisation_id"), "points_point", ["organisation_id"], unique=False)
    op.create_index("points_point_channel", "points_point", ["device_id", "channel_id"], unique=False)
    op.create_index("points_point_place", "points_point", ["latitude", "longitude"], unique=False)
    op.create_table(
        "premises_panel_account",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("premises_id", sa.String(length=32), nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False, comment="empty: any"),
        sa.Column("line", sa.String(length=40), nullable=False, comment="empty: any"),
        sa.Column(
            "sealed_key", sa.LargeBinary(), nullable=False, comment="AES key sealed by the vault; empty: in the clear"
        ),
        sa.Column("heartbeat_seconds", sa.Integer(), nullable=False, comment="0: not supervised"),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("channel", "number", "receiver", "line"),
    )
    op.create_index(
        op.f("ix_premises_panel_account_premises_id"), "premises_panel_account", ["premises_id"], unique=False
    )
    op.create_table(
        "premises_premises",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("longitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("latitude", sa.Float(precision=53), nullable=True, comment="degrees, WGS-84"),
        sa.Column("kind", sa.String(length=80), nullable=False, comment="free word of the site"),
        sa.Column("note", sa.Text(), nullable=False, comment="what an operator must know before sending anybody"),
        sa.Column("point_ids", sa.Text(), nullable=False, comment="JSON list, best first"),
        sa.Column("zones", sa.Text(), nullable=False, comment="JSON list of {number, partition, name, point_ids}"),
        sa.Column("keyholders", sa.Text(), nullable=False, comment="JSON list of {id, name, phone, order, note}"),
        sa.Column("steps", sa.Text(), nullable=False, comment="JSON list of prescribed actions"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        op.f("ix_premises_premises_organisation_id"), "premises_premises", ["organisation_id"], unique=False
    )
    op.create_table(
        "recordings_gap",
        sa.Column("point_id", sa.String(length=32), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False, comment="UTC ms"),
        sa.Column("until_ms", sa.BigInteger(), nullable=True, comment="UTC ms; NULL while the gap lasts"),
        sa.Column("cause", sa.String(length=32), nullable=False, comment="recordings.model.GapCause"),
        sa.PrimaryKeyConstraint("point_id", "from_ms"),
    )
    op.create_table(
        "recordings_hour",
        sa.Column("name", sa.String(length=160), nullable=False, comment="name on the shelf, without suffix"),
        sa.Column("point_id", sa.String(length=32), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False, comment="UTC ms of the first picture"),
        sa.Column("until_ms", sa.BigInteger(), nullable=False, comment="UTC ms, end of the last whole GOP known"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, comment="of the MP4; 0 while open"),
        sa.Column("index_bytes", sa.Integer(), nullable=False, comment="of the index; 0 while open"),
        sa.Column(
            "index_sha256", sa.String(length=64), nullable=False, comment="hex; the index has the CRC of every GOP (I1)"
        ),
        sa.Column("gops", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False, comment="open, closed, discarded: I2 needs all three"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("recordings_hour_age", "recordings_hour", ["state", "until_ms"], unique=False)
    op.create_index("recordings_hour_point", "recordings_hour", ["point_id", "from_ms"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("there is nothing before the first tables")

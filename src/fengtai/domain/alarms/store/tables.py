"""The tables of alarms, triage, on-test windows and supervision. The journal's table is storage's."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

alarm_table = Table(
    "alarms_alarm",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("signal_seq", BigInteger, nullable=False, comment="place in the journal of the signal that made it"),
    Column("state", String(16), nullable=False, comment="alarms.model.AlarmState"),
    Column("version", Integer, nullable=False, comment="moves with each change; a change names the one it saw"),
    Column("priority", Integer, nullable=False, comment="1 fire to 9 test"),
    Column("category", String(16), nullable=False),
    Column("title", Text, nullable=False, comment="meaning of the code, English"),
    Column("title_zh", Text, nullable=False, comment="the same in Chinese; empty when the table lacks it"),
    Column("code_system", String(32), nullable=False),
    Column("code", Text, nullable=False),
    Column("channel", String(16), nullable=False, comment="alarms.model.Channel"),
    Column("source", Text, nullable=False, comment="gateway's name"),
    Column("account", Text, nullable=False, comment="as the device says it"),
    Column("account_id", String(32), nullable=False, comment="premises: panel account; empty when unknown"),
    Column("raised_at_ms", BigInteger, nullable=False, comment="ms since 1970 UTC: when the signal was received"),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, comment="id, version and words of the rule that made it what it is"),
    Column("premises_id", String(32), nullable=False),
    Column("premises_name", Text, nullable=False, comment="as it was then"),
    Column("zone", Text, nullable=False),
    Column("zone_name", Text, nullable=False, comment="as it was then"),
    Column("partition_no", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("point_ids", Text, nullable=False, comment="JSON list of cameras, best first"),
    Column("drill", Boolean, nullable=False),
    Column("on_test", Boolean, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("restored_at_ms", BigInteger),
    Column("held_by", String(32), nullable=False, comment="user id"),
    Column("held_by_name", Text, nullable=False),
    Column("taken_at_ms", BigInteger),
    Column("escalate_at_ms", BigInteger, comment="when it escalates if nobody has taken it"),
    Column("escalations", Integer, nullable=False),
    Column("shelved_until_ms", BigInteger),
    Column("shelved_reason", Text, nullable=False),
    Column("incident_id", String(32), nullable=False),
    Column("disposition", String(16), nullable=False),
    Column("dedup_key", Text, nullable=False, comment="of its first signal; empty: never repeated"),
    Column("path", Text, nullable=False, comment="receiver, line and address of its first signal"),
    Column("organisation_id", String(32), nullable=False, server_default="", comment="whose it was when it was raised"),
    Column("area_code", String(12), nullable=False, server_default="", comment="GB/T 2260, then; empty: unknown"),
    Column(
        "condition", Text, nullable=False, comment="account, code and zone joined by line feeds: what it is told by"
    ),
    Index("alarms_alarm_queue", "state", "priority", "raised_at_ms", "id"),
    Index("alarms_alarm_organisation", "organisation_id", "raised_at_ms"),
    Index("alarms_alarm_newest", "raised_at_ms", "id"),
    Index("alarms_alarm_condition", "condition", "state"),
    Index("alarms_alarm_account", "account", "code", "state"),
    Index("alarms_alarm_dedup", "dedup_key"),
)

step_table = Table(
    "alarms_step",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, comment="order within one moment"),
    Column("alarm_id", String(32), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("step", String(24), nullable=False),
    Column("who", Text, nullable=False, comment="a person's name, a rule's id, or timer"),
    Column("text", Text, nullable=False),
)

link_table = Table(
    "alarms_alarm_signal",
    metadata,
    Column("alarm_id", String(32), primary_key=True),
    Column("signal_seq", BigInteger, primary_key=True, autoincrement=False),
    Index("alarms_alarm_signal_seq", "signal_seq"),
)

triage_table = Table(
    "alarms_triage_lane",
    metadata,
    Column("lane", Integer, primary_key=True, autoincrement=False, comment="alarms.model.TriageLane"),
    Column("seq", BigInteger, nullable=False, comment="signals of this lane up to here are triaged"),
)

activity_table = Table(
    "alarms_zone_activity",
    metadata,
    Column("account", String(200), primary_key=True, comment="source/account"),
    Column("zone", String(64), primary_key=True),
    Column("alarms", Integer, nullable=False, comment="in the armed period so far"),
    Column("last_at_ms", BigInteger, nullable=False),
)

on_test_table = Table(
    "alarms_on_test",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account_id", String(32), nullable=False),
    Column("number", Text, nullable=False, comment="the account's, for the list"),
    Column("zone", Text, nullable=False, comment="empty: the whole account"),
    Column("until_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("drill", Boolean, nullable=False, comment="true: alarms are marked DRILL, and not suppressed"),
)

supervision_table = Table(
    "alarms_supervision",
    metadata,
    Column("account_id", String(32), primary_key=True),
    Column("last_seen_at_ms", BigInteger, nullable=False, comment="flushed every few seconds"),
    Column("lost_at_ms", BigInteger, comment="since when its path is lost; null: it is not"),
)

call_table = Table(
    "alarms_call",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("registered_at_ms", BigInteger, nullable=False),
    Column("caller_number", String(64), nullable=False, comment="without blanks; empty: withheld"),
    Column("caller_name", Text, nullable=False),
    Column("category", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("address", Text, nullable=False, comment="as the caller told it"),
    Column("premises_id", String(32), nullable=False),
    Column("point_id", String(32), nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column(
        "repeats_alarm_id", String(32), nullable=False, comment="the alarm that it is about, as the call-taker says"
    ),
    Column("drill", Boolean, nullable=False),
    Column("took_seconds", Float(53), nullable=False, comment="from the first key to registering"),
    Column("by_id", String(32), nullable=False),
    Column("by_name", Text, nullable=False, comment="as it was then"),
    Column("organisation_id", String(32), nullable=False),
    Column("area_code", String(12), nullable=False, comment="GB/T 2260; empty: unknown"),
    Column("signal_seq", BigInteger, nullable=False, comment="place in the journal; 0: not there yet"),
    Index("alarms_call_number", "caller_number", "registered_at_ms"),
    Index("alarms_call_signal", "signal_seq"),
)

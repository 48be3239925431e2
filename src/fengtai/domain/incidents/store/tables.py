"""The tables. Ids of alarms, points, premises and units are kept without foreign keys: they lie in other folders."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

incident_table = Table(
    "incidents_incident",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(16), nullable=False, unique=True, comment="YYYYMMDD-NNNN in the site's time zone"),
    Column("state", String(16), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("opened_at_ms", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False, comment="when the first of its alarms was raised"),
    Column("dispatched_at_ms", BigInteger),
    Column("arrived_at_ms", BigInteger),
    Column("closed_at_ms", BigInteger),
    Column("holder_id", String(32), nullable=False),
    Column("holder_name", String(120), nullable=False),
    Column("title", Text, nullable=False),
    Column("category", String(32), nullable=False),
    Column("priority", Integer, nullable=False, comment="1 is the most urgent"),
    Column("drill", Boolean, nullable=False),
    Column("premises_id", String(32), nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("alarm_ids", Text, nullable=False, comment="JSON list, in order of joining"),
    Column("cameras", Text, nullable=False, comment="JSON list of {point_id, why, distance_m}"),
    Column("steps", Text, nullable=False, comment="JSON list of {index, text_zh, text_en, done_at_ms, done_by}"),
    Column("disposition", String(16), nullable=False, comment="empty until closed"),
    Column("closing_note", Text, nullable=False),
    Column("organisation_id", String(32), nullable=False, server_default="", index=True, comment="of its first alarm"),
    Column("area_code", String(12), nullable=False, server_default="", comment="GB/T 2260; empty: unknown"),
    Column("joined_to", String(32), nullable=False, server_default="", index=True, comment="id; empty: for itself"),
    Index("incidents_incident_premises", "premises_id", "opened_at_ms"),
)

day_table = Table(
    "incidents_day",
    metadata,
    Column("day", String(8), primary_key=True, comment="YYYYMMDD in the site's time zone"),
    Column("serial", Integer, nullable=False, comment="last number given on this day"),
)

dispatch_table = Table(
    "incidents_dispatch",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), nullable=False, index=True),
    Column("unit_id", String(32), nullable=False, index=True),
    Column("unit_name", String(200), nullable=False, comment="as it was then"),
    Column("state", String(16), nullable=False),
    Column("dispatched_at_ms", BigInteger, nullable=False),
    Column("dispatched_by", String(120), nullable=False),
    Column("accepted_at_ms", BigInteger),
    Column("arrived_at_ms", BigInteger),
    Column("finished_at_ms", BigInteger, comment="feedback given, or recalled"),
    Column("feedback", Text, nullable=False),
)

call_table = Table(
    "incidents_call",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("incident_id", String(32), nullable=False, index=True),
    Column("keyholder_id", String(32), nullable=False),
    Column("name", String(200), nullable=False, comment="as it was then"),
    Column("result", String(16), nullable=False),
    Column("note", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by_name", String(120), nullable=False),
)

log_table = Table(
    "incidents_log",
    metadata,
    Column("incident_id", String(32), primary_key=True),
    Column("line", Integer, primary_key=True, comment="from 1 within the incident"),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String(120), nullable=False),
    Column("kind", String(32), nullable=False, comment="a word the console translates"),
    Column("text", Text, nullable=False),
)

clip_table = Table(
    "incidents_clip",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("alarm_id", String(32), nullable=False, index=True),
    Column("incident_id", String(32), nullable=False, index=True, comment="empty until the alarm is taken"),
    Column("point_id", String(32), nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("due_at_ms", BigInteger, nullable=False, comment="when it is tried next"),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("file_key", Text, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("gaps", Text, nullable=False, comment="JSON list of {from_ms, until_ms, cause}"),
    Column("reason", Text, nullable=False, comment="why it failed, or why the last try did"),
    Index("incidents_clip_due", "state", "due_at_ms"),
)

hand_over_table = Table(
    "incidents_hand_over",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(16), nullable=False, comment="waiting, accepted, withdrawn"),
    Column("post", String(120), nullable=False, comment="duty post of the writer"),
    Column("version", Integer, nullable=False),
    Column("written_by", String(32), nullable=False),
    Column("written_by_name", Text, nullable=False, comment="as it was then"),
    Column("written_at_ms", BigInteger, nullable=False),
    Column("notes", Text, nullable=False),
    Column("on_duty", Text, nullable=False, comment="JSON list of names"),
    Column("items", Text, nullable=False, comment="JSON list of {kind, id, facts}: as it stood then"),
    Column("dark_devices", Integer, nullable=False, comment="how many; the items name the first of them"),
    Column("left_out", Text, nullable=False, server_default="{}", comment="JSON: kind, and how many are not in items"),
    Column("accepted_by", String(32), nullable=False, comment="empty until accepted; never the writer"),
    Column("accepted_by_name", Text, nullable=False),
    Column("accepted_at_ms", BigInteger),
    Column("remark", Text, nullable=False, comment="of the one who accepted"),
    Column("organisation_id", String(32), nullable=False),
    Column("area_code", String(12), nullable=False, comment="GB/T 2260; empty: unknown"),
    Index("incidents_hand_over_post", "post", "state"),
)

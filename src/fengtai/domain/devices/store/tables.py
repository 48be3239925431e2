"""The tables of devices: what is known of each, their channels, open calls, and what they last reported."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

device_table = Table(
    "devices_device",
    metadata,
    Column("id", String(32), primary_key=True, comment="20-digit code"),
    Column("name", String(255), nullable=False),
    Column("enrolment", String(16), nullable=False, comment="pending, accepted, refused"),
    Column("presence", String(16), nullable=False, comment="online, offline"),
    Column("transport", String(8), nullable=False, comment="of the binding: udp, tcp; empty: there is no binding"),
    Column("host", String(64), nullable=False),
    Column("port", Integer, nullable=False),
    Column("expires_at_ms", BigInteger, comment="UTC milliseconds, end of the registration"),
    Column("edition", String(8), nullable=False, comment="X-GB-ver"),
    Column("call_id", String(255), nullable=False),
    Column("last_seen_at_ms", BigInteger, comment="UTC milliseconds, written in batches"),
    Column("registered_at_ms", BigInteger, comment="UTC milliseconds, first registration"),
    Column("manufacturer", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("firmware", String(64), nullable=False),
    Column("sealed_password", LargeBinary, nullable=False, comment="sealed by the vault; empty: shared password"),
    Column("organisation_id", String(32), nullable=False),
    Column("clock_error_ms", BigInteger, comment="device's clock minus ours; NULL: not said"),
    Column("user_agent", String(128), nullable=False, server_default="", comment="of its SIP stack"),
    Column("edition_choice", String(8), nullable=False, server_default="", comment="empty: what it says (edition)"),
    Column("make_choice", String(32), nullable=False, server_default="", comment="quirk profile; empty: what fits"),
    Column("charset_choice", String(16), nullable=False, server_default="", comment="gb18030, utf-8; empty: find out"),
    Column("topics_choice", Text, comment="JSON list of what we subscribe to; NULL: by the rule for its type"),
    Column("redirect_to", String(128), nullable=False, server_default="", comment="server it is sent to; empty: here"),
    Column("on_guard", Boolean, comment="armed; NULL: neither confirmed nor told"),
    Column("catalogue_at_ms", BigInteger, comment="UTC milliseconds, when it last told its catalogue"),
    Column("catalogue_note", String(255), nullable=False, server_default="", comment="what was odd about it"),
)

channel_table = Table(
    "devices_channel",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("id", String(32), primary_key=True, comment="20-digit code; unique on its device only"),
    Column("name", String(255), nullable=False),
    Column("is_on", Boolean, nullable=False, comment="Status of the catalogue item"),
    Column("manufacturer", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("longitude", Float(53), comment="degrees, WGS-84"),
    Column("latitude", Float(53), comment="degrees, WGS-84"),
    Column("ptz_type", Integer, nullable=False, comment="GB/T 28181 PTZType; 0 not said"),
    Column("parent_id", String(64), nullable=False),
    Column("stale", Boolean, nullable=False, comment="missing from the last complete catalogue"),
)

call_table = Table(
    "devices_call",
    metadata,
    Column("id", String(255), primary_key=True, comment="Call-ID"),
    Column("stream_id", String(64), nullable=False),
    Column("device_id", String(32), nullable=False),
    Column("channel_id", String(32), nullable=False),
    Column("local", Text, nullable=False, comment="our party of the dialog, tag included"),
    Column("remote", Text, nullable=False, comment="the device's party, with its tag when it gave one"),
    Column("target", Text, nullable=False, comment="the device's Contact: where the BYE goes"),
    Column("route", Text, nullable=False, comment="JSON list of Route values"),
    Column("sequence", Integer, nullable=False, comment="CSeq number of our last request"),
    Column("port", Integer, nullable=False, comment="of our receiver: nobody else gets it before the end is confirmed"),
    Column("ssrc", BigInteger, nullable=False, comment="likewise"),
    Column("started_at_ms", BigInteger, nullable=False, comment="UTC milliseconds"),
)

refusal_table = Table(
    "devices_refusal",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("topic", String(16), primary_key=True, comment="catalogue, alarm, position"),
    Column("cause", String(255), nullable=False, comment="what the device answered, as a sentence"),
    Column("at_ms", BigInteger, nullable=False, comment="UTC milliseconds"),
)

position_table = Table(
    "devices_position",
    metadata,
    Column("device_id", String(32), primary_key=True),
    Column("channel_id", String(32), primary_key=True, comment="the device's own id when the device moves"),
    Column("longitude", Float(53), nullable=False, comment="degrees, WGS-84"),
    Column("latitude", Float(53), nullable=False, comment="degrees, WGS-84"),
    Column("at_ms", BigInteger, nullable=False, comment="UTC milliseconds, when we were told; only the last is kept"),
    Column("device_time_ms", BigInteger, comment="UTC milliseconds by the device's clock"),
    Column("speed_kmh", Float(53)),
    Column("direction_degrees", Float(53), comment="clockwise from north"),
    Column("altitude_m", Float(53)),
)

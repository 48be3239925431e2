"""The tables of points. The indexes by text and by place are hand-written for each database (migrations, docs/design/
register-search.md): full-text and R*Tree tables kept by triggers on SQLite, GIN and GiST indexes on PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    column,
    table,
)

metadata = MetaData()


def _point_columns() -> list[Column[object]]:
    """What a point is, twice: in the register and in the rows of an import that is being looked at."""
    return [
        Column("number", Integer, nullable=False, comment="what an operator types"),
        Column("code", String(20), nullable=False, comment="GB/T 28181 annex E"),
        Column("name", String(200), nullable=False),
        Column("organisation_id", String(32), nullable=False),
        Column("area_code", String(12), nullable=False, server_default="", comment="GB/T 2260; empty: unknown"),
        Column("point_class", Integer, nullable=False, comment="GB/T 28181 PointType: 1, 2, 3, 9"),
        Column("legal_class", String(16), nullable=False, server_default="unsaid", comment="order 799"),
        Column("counter_terror_target", Boolean, nullable=False, server_default="0", comment="90 days"),
        Column("longitude", Float(53), comment="degrees, WGS-84"),
        Column("latitude", Float(53), comment="degrees, WGS-84"),
        Column("given_datum", String(8), nullable=False, server_default="", comment="empty: given in WGS-84"),
        Column("given_longitude", Float(53), comment="degrees, in that datum"),
        Column("given_latitude", Float(53), comment="degrees, in that datum"),
        Column("view_degrees", Integer, comment="clockwise from north"),
        Column("view_angle_degrees", Integer),
        Column("address", Text, nullable=False),
        Column("device_id", String(20), nullable=False, comment="empty: nothing is bound"),
        Column("channel_id", String(20), nullable=False),
        Column("records", Boolean, nullable=False),
        Column("audio", Boolean, nullable=False),
        Column("retention_days", Integer, nullable=False, comment="days; order 799 article 17: at least 30"),
        Column("dossier", Text, nullable=False, server_default="{}", comment="JSON: model.dossier.Dossier"),
        Column("completeness", Integer, nullable=False, server_default="0", comment="percent, by its class"),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("grams", Text, nullable=False, server_default="", comment="pairs of characters, for the search"),
    ]


point_table = Table(
    "points_point",
    metadata,
    Column(
        "seat",
        Integer,
        primary_key=True,
        autoincrement=False,
        comment="2 × number, or one more: while an import is put in force, the old row and the new one of a point stand "
        "side by side; the search and place indexes know rows by it",
    ),
    Column("id", String(32), nullable=False, comment="of the point"),
    *_point_columns(),
    Column("made_by", String(32), nullable=False, server_default="", comment="import that brought this row, or empty"),
    Column("ended_by", String(32), nullable=False, server_default="", comment="import whose row replaces it, or empty"),
    Index("points_point_id", "id", "ended_by", unique=True),
    Index("points_point_number", "number", "ended_by", unique=True),
    Index("points_point_code", "code", "ended_by", unique=True),
    Index("points_point_organisation", "organisation_id", "number"),
    Index("points_point_area", "area_code", "number"),
    Index("points_point_class", "point_class", "number"),
    Index("points_point_channel", "device_id", "channel_id"),
)

switch_table = Table(
    "points_switch",
    metadata,
    Column("import_id", String(32), primary_key=True, comment="being put in force; gone when nothing old is left"),
    Column("is_on", Boolean, nullable=False, comment="whether its rows are seen instead of those that they replace"),
    Column("at_ms", BigInteger, nullable=False, comment="the moment that its history tells"),
    Column("highest_number", Integer, nullable=False, comment="of its rows: a point made meanwhile gets a higher one"),
)

auto_points_table = Table(
    "points_auto_device",
    metadata,
    Column("device_id", String(20), primary_key=True, comment="its camera channels get a point by themselves"),
)

revision_table = Table(
    "points_revision",
    metadata,
    Column("point_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by_who", Text, nullable=False, comment="as in the audit: user:<id>, system:<part>"),
    Column("by_name", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("import_id", String(32), nullable=False, comment="empty: edited one by one"),
    Column("changes", Text, nullable=False, comment="JSON: field → [before, after]"),
)

document_table = Table(
    "points_document",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("point_id", String(32), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("media_type", String(64), nullable=False, comment="by its content"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("object_key", Text, nullable=False),
    Column("added_at_ms", BigInteger, nullable=False),
    Column("by_name", Text, nullable=False),
)

upload_table = Table(
    "points_upload",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("by_who", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

piece_table = Table(
    "points_upload_piece",
    metadata,
    Column("upload_id", String(32), primary_key=True),
    Column("piece", Integer, primary_key=True, autoincrement=False, comment="from 0"),
    Column("size_bytes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

import_table = Table(
    "points_import",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(16), nullable=False, index=True),
    Column("started_at_ms", BigInteger, nullable=False, index=True),
    Column("job", Text, nullable=False, comment="JSON: model.imports.RegisterImport"),
)

import_row_table = Table(
    "points_import_row",
    metadata,
    Column("import_id", String(32), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False, comment="as a spreadsheet counts: the header is 1"),
    Column("verdict", String(16), nullable=False),
    Column("point_id", String(32), nullable=False),
    Column("seen_version", Integer, nullable=False, comment="of the point that it changes; 0: a new one"),
    Column("changes", Text, nullable=False, comment="JSON: field → [before, after]"),
    Column("problems", Text, nullable=False, comment="JSON: list of [column, reason]"),
    *_point_columns(),
    Index("points_import_row_verdict", "import_id", "verdict", "row"),
)

COPIED = [column.name for column in _point_columns()]
"""What a staged row brings to the register."""

# Kept by the database itself; named here for queries only.
place_index = table("points_place", column("id"), column("west"), column("east"), column("south"), column("north"))
search_index = table("points_search", column("rowid"), column("points_search"))

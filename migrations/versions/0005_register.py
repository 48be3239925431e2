"""The register of points and organisations as the law asks for it; search by words and by place, in each database's way.

Hand-written: search and place indexes (docs/design/register-search.md) are a full-text and an R*Tree table kept by
triggers on SQLite, a GIN and a GiST index on PostgreSQL; points that are there already get what the indexes need.
"""

import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

SQLITE = (
    "CREATE VIRTUAL TABLE points_search USING fts5(grams, content='points_point', content_rowid='seat', "
    "detail=none, columnsize=0, prefix='1', "
    "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co Cn'\")",
    "CREATE VIRTUAL TABLE points_place USING rtree(id, west, east, south, north)",
    "CREATE TRIGGER points_point_made AFTER INSERT ON points_point BEGIN "
    "INSERT INTO points_search(rowid, grams) VALUES (new.seat, new.grams); "
    "INSERT INTO points_place SELECT new.seat, new.longitude, new.longitude, new.latitude, new.latitude "
    "WHERE new.longitude IS NOT NULL AND new.latitude IS NOT NULL; END",
    "CREATE TRIGGER points_point_reworded AFTER UPDATE OF seat, grams ON points_point "
    "WHEN old.grams <> new.grams OR old.seat <> new.seat BEGIN "
    "INSERT INTO points_search(points_search, rowid, grams) VALUES ('delete', old.seat, old.grams); "
    "INSERT INTO points_search(rowid, grams) VALUES (new.seat, new.grams); END",
    "CREATE TRIGGER points_point_moved AFTER UPDATE OF seat, longitude, latitude ON points_point "
    "WHEN old.longitude IS NOT new.longitude OR old.latitude IS NOT new.latitude OR old.seat <> new.seat BEGIN "
    "DELETE FROM points_place WHERE id = old.seat; "
    "INSERT INTO points_place SELECT new.seat, new.longitude, new.longitude, new.latitude, new.latitude "
    "WHERE new.longitude IS NOT NULL AND new.latitude IS NOT NULL; END",
    "CREATE TRIGGER points_point_gone AFTER DELETE ON points_point BEGIN "
    "INSERT INTO points_search(points_search, rowid, grams) VALUES ('delete', old.seat, old.grams); "
    "DELETE FROM points_place WHERE id = old.seat; END",
    "INSERT INTO points_search(rowid, grams) SELECT seat, grams FROM points_point",
    "INSERT INTO points_place SELECT seat, longitude, longitude, latitude, latitude FROM points_point "
    "WHERE longitude IS NOT NULL AND latitude IS NOT NULL",
)
POSTGRES = (
    "CREATE INDEX points_point_grams ON points_point USING gin (string_to_array(grams, ' '))",
    "CREATE INDEX points_point_at ON points_point USING gist (point(longitude, latitude))",
)


def upgrade() -> None:
    _organisations()
    _points()
    _dossiers()
    _imports()
    _fill()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)


def _organisations() -> None:
    with op.batch_alter_table("organisations_organisation") as table:
        table.alter_column("area_code", existing_type=sa.String(8), type_=sa.String(12), existing_nullable=False)
        table.add_column(sa.Column("tenant_kind", sa.String(16), nullable=False, server_default="police"))
        table.add_column(sa.Column("credit_code", sa.String(18), nullable=False, server_default=""))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "organisations_revision",
        sa.Column("organisation_id", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by_who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
    )


def _points() -> None:
    """The table is made anew: rows have a seat as their key (two for each number, docs/decisions/0029), and ids, numbers
    and codes are unique among the rows that no import has replaced."""
    kept = ", ".join(["id", *(column.name for column in _old_columns())])
    op.execute("CREATE TABLE points_point_before AS SELECT * FROM points_point")
    op.drop_table("points_point")
    op.create_table(
        "points_point",
        sa.Column("seat", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(32), nullable=False),
        *_old_columns(),
        *_new_columns(),
        sa.Column("made_by", sa.String(32), nullable=False, server_default=""),
        sa.Column("ended_by", sa.String(32), nullable=False, server_default=""),
    )
    op.execute(f"INSERT INTO points_point (seat, {kept}) SELECT 2 * number, {kept} FROM points_point_before")  # noqa: S608 - our own columns
    op.drop_table("points_point_before")
    for name in ("id", "number", "code"):
        op.create_index(f"points_point_{name}", "points_point", [name, "ended_by"], unique=True)
    op.create_index("points_point_channel", "points_point", ["device_id", "channel_id"])
    op.create_table(
        "points_switch",
        sa.Column("import_id", sa.String(32), primary_key=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("highest_number", sa.Integer(), nullable=False),
    )
    op.create_index("points_point_organisation", "points_point", ["organisation_id", "number"])
    op.create_index("points_point_area", "points_point", ["area_code", "number"])
    op.create_index("points_point_class", "points_point", ["point_class", "number"])


def _dossiers() -> None:
    op.create_table(
        "points_revision",
        sa.Column("point_id", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by_who", sa.Text(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
    )
    op.create_table(
        "points_document",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("point_id", sa.String(32), nullable=False, index=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("added_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
    )
    op.create_table(
        "points_upload",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("by_who", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "points_upload_piece",
        sa.Column("upload_id", sa.String(32), primary_key=True),
        sa.Column("piece", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )


def _imports() -> None:
    op.create_table(
        "points_import",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False, index=True),
        sa.Column("job", sa.Text(), nullable=False),
    )
    op.create_table(
        "points_import_row",
        sa.Column("import_id", sa.String(32), primary_key=True),
        sa.Column("row", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("point_id", sa.String(32), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        *_old_columns(),
        *_new_columns(),
    )
    op.create_index("points_import_row_verdict", "points_import_row", ["import_id", "verdict", "row"])


def _old_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("organisation_id", sa.String(32), nullable=False),
        sa.Column("point_class", sa.Integer(), nullable=False),
        sa.Column("longitude", sa.Float(53)),
        sa.Column("latitude", sa.Float(53)),
        sa.Column("view_degrees", sa.Integer()),
        sa.Column("view_angle_degrees", sa.Integer()),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("device_id", sa.String(20), nullable=False),
        sa.Column("channel_id", sa.String(20), nullable=False),
        sa.Column("records", sa.Boolean(), nullable=False),
        sa.Column("audio", sa.Boolean(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
    ]


def _new_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("area_code", sa.String(12), nullable=False, server_default=""),
        sa.Column("legal_class", sa.String(16), nullable=False, server_default="unsaid"),
        sa.Column("counter_terror_target", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("given_datum", sa.String(8), nullable=False, server_default=""),
        sa.Column("given_longitude", sa.Float(53)),
        sa.Column("given_latitude", sa.Float(53)),
        sa.Column("dossier", sa.Text(), nullable=False, server_default="{}"),
        sa.Column("completeness", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("grams", sa.Text(), nullable=False, server_default=""),
    ]


def _fill() -> None:
    """Points that are there already: their area is in their code, their words are in name and address."""
    connection = op.get_bind()
    connection.execute(
        sa.text("UPDATE points_point SET area_code = substr(code, 1, 6) WHERE substr(code, 1, 2) <> '00'")
    )
    statement = sa.text("UPDATE points_point SET grams = :grams WHERE id = :id")
    for row in connection.execute(sa.text("SELECT id, name, address FROM points_point")).all():
        connection.execute(statement, {"id": row.id, "grams": " ".join(_grams(row.name, row.address))})


def _grams(*texts: str) -> Iterator[str]:
    """As the code did when this revision was written."""
    found: dict[str, None] = {}
    for text in texts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        words = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in folded).split()
        for word in words:
            found |= dict.fromkeys(word[start : start + 2] for start in range(len(word) - 1))
            found[word[-1]] = None
    return iter(found)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("made", "reworded", "moved", "gone"):
            op.execute(f"DROP TRIGGER points_point_{trigger}")
        op.execute("DROP TABLE points_search")
        op.execute("DROP TABLE points_place")
    else:
        op.drop_index("points_point_grams", "points_point")
        op.drop_index("points_point_at", "points_point")
    kept = ", ".join(["id", *(column.name for column in _old_columns())])
    op.execute(
        f"CREATE TABLE points_point_before AS SELECT {kept} FROM points_point WHERE made_by NOT IN "  # noqa: S608 - our own columns
        "(SELECT import_id FROM points_switch WHERE NOT is_on) AND ended_by NOT IN "
        "(SELECT import_id FROM points_switch WHERE is_on)"
    )
    for name in ("point", "switch", "import_row", "import", "upload_piece", "upload", "document", "revision"):
        op.drop_table(f"points_{name}")
    op.create_table(
        "points_point",
        sa.Column("id", sa.String(32), primary_key=True),
        *_old_columns(),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("number"),
    )
    op.execute(f"INSERT INTO points_point ({kept}) SELECT {kept} FROM points_point_before")  # noqa: S608 - our own columns
    op.drop_table("points_point_before")
    op.create_index("points_point_channel", "points_point", ["device_id", "channel_id"])
    op.create_index("points_point_place", "points_point", ["latitude", "longitude"])
    op.create_index("ix_points_point_organisation_id", "points_point", ["organisation_id"])
    op.drop_table("organisations_revision")
    with op.batch_alter_table("organisations_organisation") as table:
        for name in ("tenant_kind", "credit_code", "version"):
            table.drop_column(name)
        table.alter_column("area_code", existing_type=sa.String(12), type_=sa.String(8), existing_nullable=False)

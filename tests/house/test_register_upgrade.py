"""A platform that is upgraded keeps its points: found by words and by place as if they had been entered today."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from fengtai.storage import schema
from fengtai.storage.postgres.connections import driver_url

OLD_POINT = (
    "INSERT INTO points_point (id, number, code, name, organisation_id, point_class, longitude, latitude, address, "
    "device_id, channel_id, records, audio, retention_days) VALUES ('p1', 7, '21010200001320000007', '东门 East', 'o1', "
    "1, 123.43, 41.8, '长江街', '', '', true, false, 30)"
)
OLD_ORGANISATION = (
    "INSERT INTO organisations_organisation (id, name, level, parent_id, area_code) "
    "VALUES ('o1', '风台市', 'city', '', '210102')"
)
FOUND = {
    "sqlite": (
        "SELECT count(*) FROM points_search WHERE points_search MATCH '\"江街\"' AND rowid = 14",
        "SELECT count(*) FROM points_place WHERE id = 14 AND west <= 123.43 AND east >= 123.43",
    ),
    "postgres": (
        "SELECT count(*) FROM points_point WHERE string_to_array(grams, ' ') @> ARRAY['江街']",
        "SELECT count(*) FROM points_point WHERE point(longitude, latitude) <@ box(point(123, 41), point(124, 42))",
    ),
}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Its kind, and the address of an empty one."""
    if request.param == "sqlite":
        return "sqlite", f"sqlite:///{tmp_path / 'old.db'}"
    cluster = request.getfixturevalue("postgres_cluster")
    return "postgres", str(cluster.url(cluster.new_database()))


def go_to(url: str, revision: str, *, back: bool = False) -> None:
    with schema._connected(url) as connection:
        (command.downgrade if back else command.upgrade)(schema._config(connection), revision)
        connection.commit()


def test_old_points_are_found_after_the_upgrade(database: tuple[str, str]) -> None:
    kind, url = database
    go_to(url, "0004")
    engine = create_engine(url if kind == "sqlite" else driver_url(url))
    with engine.begin() as connection:
        connection.execute(text(OLD_ORGANISATION))
        connection.execute(text(OLD_POINT))

    schema.upgrade(url)

    with engine.begin() as connection:
        for statement in FOUND[kind]:
            assert connection.execute(text(statement)).scalar() == 1
        row = connection.execute(text("SELECT area_code, version, legal_class, dossier FROM points_point")).one()
        assert tuple(row) == ("210102", 1, "unsaid", "{}")
        kept = connection.execute(text("SELECT tenant_kind, version FROM organisations_organisation")).one()
        assert tuple(kept) == ("police", 1)
    engine.dispose()


def test_going_back_leaves_what_the_old_version_knew(database: tuple[str, str]) -> None:
    kind, url = database
    go_to(url, "0004")
    engine = create_engine(url if kind == "sqlite" else driver_url(url))
    with engine.begin() as connection:
        connection.execute(text(OLD_POINT))
    go_to(url, "0005")

    go_to(url, "0004", back=True)

    with engine.begin() as connection:
        assert connection.execute(text("SELECT name FROM points_point")).scalar() == "东门 East"
        connection.execute(text("UPDATE points_point SET name = '西门', number = 8"))
    engine.dispose()

"""People who held roles before rights had places hold the same afterwards."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from fengtai.storage import schema


@pytest.fixture
def before(tmp_path: Path) -> str:
    """A database as it was when people had roles only, with two people."""
    url = f"sqlite:///{tmp_path / 'fengtai.db'}"
    with schema._connected(url) as connection:
        command.upgrade(schema._config(connection), "0005")
        connection.execute(
            text(
                "INSERT INTO access_person (id, name, name_key, display_name, roles, password_hash, created_at_ms, disabled)"
                " VALUES ('p1', 'zhang', 'zhang', 'Zhang', '[\"dispatcher\", \"operator\"]', 'h', 1000, 0),"
                " ('p2', 'lin', 'lin', 'Lin', '[\"auditor\"]', 'h', 2000, 1)"
            )
        )
        connection.commit()
    return url


def test_every_role_becomes_a_grant_without_limits(before: str) -> None:
    schema.upgrade(before)
    with create_engine(before).connect() as connection:
        rows = connection.execute(
            text(
                "SELECT user_id, role, effect, permissions, organisation_id, area_code, point_classes, valid_until_ms,"
                " ended_at_ms, granted_at_ms, length(id) FROM access_grant ORDER BY user_id, role"
            )
        ).all()
    nowhere_limited = ("allow", "[]", "", "", "[]", None, None)
    assert [tuple(row) for row in rows] == [
        ("p1", "dispatcher", *nowhere_limited, 1000, 32),
        ("p1", "operator", *nowhere_limited, 1000, 32),
        ("p2", "auditor", *nowhere_limited, 2000, 32),
    ]

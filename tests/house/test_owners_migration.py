"""After the upgrade people are the city's, and a webhook belongs to whoever saved it last, as the audit tells."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from fengtai.storage import schema

LINE = (
    "INSERT INTO audit_line (seq, at_ms, actor, action, object, outcome, act, leaf)"
    " VALUES (:seq, 1, :actor, :action, :object, 'done', '', x'00')"
)
HOOK = (
    "INSERT INTO webhooks_webhook (id, name, url, kinds, permissions, secret, enabled, created_at_ms, told_seq, failures,"
    " last_outcome, version) VALUES (:id, 'n', 'https://example.com/', '[]', '[]', x'00', 1, 1, 0, 0, '', 1)"
)


@pytest.fixture
def before(tmp_path: Path) -> str:
    """A database of the version before, with a city, two people, and three webhooks."""
    url = f"sqlite:///{tmp_path / 'fengtai.db'}"
    with schema._connected(url) as connection:
        command.upgrade(schema._config(connection), "0009")
        connection.execute(
            text(
                "INSERT INTO organisations_organisation (id, name, level, parent_id, area_code) VALUES"
                " ('city', '市局', 'city', '', '3101'), ('east', '东区', 'district', 'city', '310115')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO access_person (id, name, name_key, display_name, roles, password_hash, created_at_ms, disabled)"
                " VALUES ('p1', 'zhang', 'zhang', '张', '[]', 'h', 1000, 0), ('p2', 'lin', 'lin', '林', '[]', 'h', 2000, 0)"
            )
        )
        for hook in ("made", "changed", "unknown"):
            connection.execute(text(HOOK), {"id": hook})
        for seq, actor, action, object_ in (
            (1, "user:p1", "webhook.create", "webhook:made"),
            (2, "user:p1", "webhook.create", "webhook:changed"),
            (3, "user:p2", "webhook.change", "webhook:changed"),
            (4, "user:p2", "webhook.test", "webhook:made"),
        ):
            connection.execute(text(LINE), {"seq": seq, "actor": actor, "action": action, "object": object_})
        connection.commit()
    return url


def test_what_stands_gets_its_owners(before: str) -> None:
    schema.upgrade(before)
    with create_engine(before).connect() as connection:
        people = connection.execute(text("SELECT id, organisation_id FROM access_person ORDER BY id")).all()
        hooks = connection.execute(text("SELECT id, owner_id, owner_name FROM webhooks_webhook ORDER BY id")).all()
    assert [tuple(row) for row in people] == [("p1", "city"), ("p2", "city")]
    assert [tuple(row) for row in hooks] == [("changed", "p2", "林"), ("made", "p1", "张"), ("unknown", "", "")]

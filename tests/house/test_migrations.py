"""The tables in the code and the history of migrations agree, on both databases; what was written down stays."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from fengtai.apps.schema import collected_metadata
from fengtai.storage.postgres.connections import driver_url
from fengtai.storage.schema import differences, is_current, upgrade

LINE = (
    "INSERT INTO audit_line (seq, at_ms, actor, action, object, outcome, act, record, salt, leaf) "
    "VALUES (1, 0, 'user:1', 'a.b', 'c:1', 'done', '', '{}', :salt, :leaf)"
)
CHECKPOINT = "INSERT INTO audit_checkpoint (size, root, at_ms, note) VALUES (1, :leaf, 0, 'note')"
EVENT = "INSERT INTO event_log (seq, at_ms, kind, needs, payload) VALUES (1, 0, 'k', 'n', '{}')"
SIGNAL = (
    "INSERT INTO signal_journal (seq, received_at_ms, channel, source, account, receiver, line, sequence, code_system, "
    "code, qualifier, partition_no, zone, text, media_ref, dedup_key, drill, peer, raw, details) "
    "VALUES (1, 0, 'fixed', 's', 'a', '', '', '', '', '', 'new', '', '', '', '', '', false, '', :leaf, '{}')"
)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'folder' / 'empty.db'}"
    cluster = request.getfixturevalue("postgres_cluster")
    return str(cluster.url(cluster.new_database()))


def test_a_migrated_database_has_the_tables_of_the_code(url: str) -> None:
    upgrade(url)
    assert differences(url, collected_metadata()) == [], "run: python -m fengtai.apps.schema '<what changed>'"


def test_a_difference_would_be_seen(url: str) -> None:
    upgrade(url)
    assert differences(url, collected_metadata()[1:])


def test_migrating_again_changes_nothing(url: str) -> None:
    assert not is_current(url)
    upgrade(url)
    assert is_current(url)
    upgrade(url)
    assert is_current(url)


def test_a_new_database_file_is_for_its_owner_only(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'new.sqlite'}")
    assert stat.S_IMODE((tmp_path / "new.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_line SET actor = 'user:2'",
        "UPDATE audit_line SET record = NULL, salt = NULL, actor = '', object = '', leaf = :leaf",
        "UPDATE audit_line SET record = '{\"x\": 1}', salt = NULL, actor = '', object = ''",
        "DELETE FROM audit_line",
        "UPDATE audit_checkpoint SET note = 'other'",
        "DELETE FROM audit_checkpoint",
        "UPDATE signal_journal SET account = 'b'",
        "DELETE FROM signal_journal",
        "UPDATE event_log SET payload = '[]'",
    ],
)
def test_what_was_written_down_is_not_changed(url: str, statement: str) -> None:
    upgrade(url)
    engine = create_engine(url if url.startswith("sqlite") else driver_url(url))
    with engine.begin() as connection:
        for insert in (LINE, CHECKPOINT, EVENT, SIGNAL):
            connection.execute(text(insert), {"salt": b"s", "leaf": b"l"})

    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement), {"leaf": b"x"} if ":leaf" in statement else {})
    engine.dispose()


def test_a_line_can_be_redacted_and_keeps_its_leaf(url: str) -> None:
    upgrade(url)
    engine = create_engine(url if url.startswith("sqlite") else driver_url(url))
    with engine.begin() as connection:
        connection.execute(text(LINE), {"salt": b"s", "leaf": b"l"})
        connection.execute(text("UPDATE audit_line SET record = NULL, salt = NULL, actor = '', object = ''"))
        assert connection.execute(text("SELECT leaf FROM audit_line")).scalar() == b"l"
    engine.dispose()

"""Keys that follow each other: the auditor's first key leads to all of them, and a retired one signs nothing new."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fengtai.storage.audit_key import CHANGES, NEXT_KEY, SIGNING_KEY, AuditKey
from fengtai_audit_verify.checkpoints import Unreadable, VerifierKey, read_checkpoints
from fengtai_audit_verify.key_changes import KeyChain

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def note(key: AuditKey, size: int) -> str:
    root = base64.b64encode(bytes(32)).decode()
    return key.sign(f"{key.origin}\n{size}\n{root}\n") + "\n"


def signed_sizes(folder: Path, book: str, changes: str | None = None) -> list[int]:
    """Sizes of the checkpoints that hold, by the key that the auditor carried away on the first day."""
    told = (folder / CHANGES).read_text() if changes is None else changes
    chain = KeyChain(VerifierKey((folder / "public-key").read_text()), told)
    checkpoints, _ = read_checkpoints(book, chain)
    return [checkpoint.size for checkpoint in checkpoints if checkpoint.is_signed]


@pytest.fixture
def key(tmp_path: Path) -> AuditKey:
    return AuditKey(tmp_path, "city")


def test_checkpoints_of_all_keys_verify_from_the_first(tmp_path: Path, key: AuditKey):
    book = note(key, 10)
    key.change(size=10, at=AT)
    book += note(key, 20)
    key.change(size=20, at=AT)
    book += note(AuditKey(tmp_path, "city"), 30)  # as after a restart
    assert signed_sizes(tmp_path, book) == [10, 20, 30]
    assert signed_sizes(tmp_path, book, changes="") == [10]


def test_a_retired_key_signs_nothing_that_comes_later(tmp_path: Path, key: AuditKey):
    stolen = (tmp_path / SIGNING_KEY).read_bytes()
    key.change(size=10, at=AT)
    thief = tmp_path / "thief"
    thief.mkdir()
    (thief / SIGNING_KEY).write_bytes(stolen)
    forger = AuditKey(thief, "city")
    assert signed_sizes(tmp_path, note(forger, 11)) == []
    assert signed_sizes(tmp_path, note(key, 11)) == [11]


def test_the_new_key_cannot_rewrite_what_the_old_one_signed(tmp_path: Path, key: AuditKey):
    key.change(size=10, at=AT)
    assert signed_sizes(tmp_path, note(key, 10)) == []


def test_a_change_that_the_key_before_did_not_sign_is_refused(tmp_path: Path, key: AuditKey):
    (tmp_path / "stranger").mkdir()
    stranger = AuditKey(tmp_path / "stranger", "city")
    stranger.change(size=0, at=AT)
    with pytest.raises(Unreadable, match="not signed"):
        signed_sizes(tmp_path, "", changes=(tmp_path / "stranger" / CHANGES).read_text())


def test_changes_in_another_order_are_refused(tmp_path: Path, key: AuditKey):
    key.change(size=10, at=AT)
    first = (tmp_path / CHANGES).read_text()
    key.change(size=20, at=AT)
    second = (tmp_path / CHANGES).read_text().removeprefix(first)
    with pytest.raises(Unreadable):
        signed_sizes(tmp_path, "", changes=second + first)


@pytest.mark.parametrize(
    "junk", ["x\n\nnote\n\n", "city\nkey-change\n\n\u2014 city AAAA\n\n", "city\n1\n2\n3\n\n\u2014 \n\n"]
)
def test_junk_is_refused_and_a_torn_note_is_left_out(tmp_path: Path, key: AuditKey, junk: str):
    with pytest.raises(Unreadable):
        signed_sizes(tmp_path, "", changes=junk)
    assert signed_sizes(tmp_path, note(key, 5), changes="city\nkey-cha") == [5]


def test_a_crash_after_the_note_is_finished_at_the_next_start(tmp_path: Path, key: AuditKey):
    old = (tmp_path / SIGNING_KEY).read_bytes()
    key.change(size=10, at=AT)
    changed = (tmp_path / SIGNING_KEY).read_bytes()
    (tmp_path / SIGNING_KEY).write_bytes(old)
    (tmp_path / NEXT_KEY).write_bytes(changed)
    assert AuditKey(tmp_path, "city").public_key == key.public_key
    assert not (tmp_path / NEXT_KEY).exists()


def test_a_crash_before_the_note_has_changed_nothing(tmp_path: Path, key: AuditKey):
    (tmp_path / "next").mkdir()
    AuditKey(tmp_path / "next", "city")
    (tmp_path / NEXT_KEY).write_bytes((tmp_path / "next" / SIGNING_KEY).read_bytes())
    again = AuditKey(tmp_path, "city")
    assert again.public_key == key.public_key
    again.change(size=1, at=AT)
    assert signed_sizes(tmp_path, note(again, 2)) == [2]

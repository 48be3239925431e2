"""The book of checkpoints and the key that signs them."""

import stat
from pathlib import Path

import pytest

from fengtai.storage.audit_key import AuditKey
from fengtai.storage.checkpoint_book import FileCheckpointBook
from fengtai.vocabulary.errors import Unavailable
from fengtai_audit_verify.checkpoints import VerifierKey, read_checkpoints

ORIGIN = "fengtai.example/city"
TEXT = f"{ORIGIN}\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nat 2026-11-20T12:00:00.000Z\n"


async def test_a_new_book_is_empty_and_keeps_notes_in_order(tmp_path: Path) -> None:
    key, path = AuditKey(tmp_path, ORIGIN), tmp_path / "book" / "checkpoints"
    book = FileCheckpointBook(path)
    assert await book.last() is None

    first, second = key.sign(TEXT), key.sign(TEXT.replace("\n7\n", "\n8\n"))
    await book.append(first)
    await book.append(second)

    assert await FileCheckpointBook(path).last() == second
    assert path.read_text() == f"{first}\n{second}\n"


async def test_a_note_that_a_crash_cut_short_is_removed(tmp_path: Path) -> None:
    key, path = AuditKey(tmp_path, ORIGIN), tmp_path / "checkpoints"
    book = FileCheckpointBook(path)
    await book.append(key.sign(TEXT))
    whole = path.read_bytes()
    for cut in (5, len(TEXT.encode()) + 1, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])

        assert await book.last() == key.sign(TEXT)
        assert path.read_bytes() == whole


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first, again = AuditKey(tmp_path, ORIGIN), AuditKey(tmp_path, ORIGIN)

    assert first.public_key == again.public_key
    assert stat.S_IMODE((tmp_path / "signing-key.pem").stat().st_mode) == 0o600
    assert (tmp_path / "public-key").read_text() == first.public_key + "\n"


def test_a_damaged_key_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "signing-key.pem").write_text("gone")
    with pytest.raises(Unavailable, match="cannot be read"):
        AuditKey(tmp_path, ORIGIN)


def test_the_auditor_s_tool_reads_the_signature(tmp_path: Path) -> None:
    key = AuditKey(tmp_path, ORIGIN)
    note = key.sign(TEXT)

    (checkpoint,), torn = read_checkpoints(note + "\n", VerifierKey(key.public_key))

    assert (checkpoint.origin, checkpoint.size, checkpoint.is_signed, torn) == (ORIGIN, 7, True, False)
    (forged,), _ = read_checkpoints(note.replace("\n7\n", "\n9\n") + "\n", VerifierKey(key.public_key))
    assert not forged.is_signed


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "line\nbreak"])
def test_an_origin_that_a_note_cannot_carry(tmp_path: Path, origin: str) -> None:
    with pytest.raises(ValueError, match="no spaces"):
        AuditKey(tmp_path, origin)

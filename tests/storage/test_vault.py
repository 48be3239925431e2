"""Secrets at rest."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.storage.vault import FileVault
from fengtai.vocabulary.errors import Unavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "vault.key"


def test_a_secret_is_opened_by_its_label_only(path: Path) -> None:
    vault = FileVault(path)
    sealed = vault.seal(b"12345678", label="device:1")

    assert vault.open(sealed, label="device:1") == b"12345678"
    with pytest.raises(Unavailable, match="belongs to something else"):
        vault.open(sealed, label="device:2")


def test_equal_secrets_do_not_look_equal(path: Path) -> None:
    vault = FileVault(path)
    assert vault.seal(b"same", label="a") != vault.seal(b"same", label="a")


def test_the_key_file_is_for_its_owner_only_and_survives_a_restart(path: Path) -> None:
    sealed = FileVault(path).seal(b"secret", label="a")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert FileVault(path).open(sealed, label="a") == b"secret"


def test_after_a_rotation_old_secrets_open_and_new_ones_use_the_new_key(path: Path) -> None:
    vault = FileVault(path)
    old = vault.seal(b"old", label="a")
    vault.rotate()
    new = vault.seal(b"new", label="a")

    again = FileVault(path)
    assert (again.open(old, label="a"), again.open(new, label="a")) == (b"old", b"new")
    assert old[1:5] != new[1:5]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(st.integers(0, 40), st.integers(1, 255))
def test_any_changed_byte_is_noticed(tmp_path_factory: pytest.TempPathFactory, at: int, change: int) -> None:
    vault = FileVault(tmp_path_factory.mktemp("vault") / "key")
    sealed = bytearray(vault.seal(b"secret88", label="a"))
    sealed[at] ^= change
    with pytest.raises(Unavailable):
        vault.open(bytes(sealed), label="a")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x02" + bytes(60), bytes(32)])
def test_what_no_vault_sealed(path: Path, sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        FileVault(path).open(sealed, label="a")


@pytest.mark.parametrize("text", ["", "zz AAAA\n", "01020304 AAAA\n", "01020304\n"])
def test_a_damaged_key_file_is_not_replaced_by_a_fresh_one(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(Unavailable):
        FileVault(path)
    assert path.read_text() == text


def test_after_old_keys_are_forgotten_only_what_was_sealed_anew_opens(tmp_path: Path) -> None:
    vault = FileVault(tmp_path / "vault.key")
    old = vault.seal(b"secret", label="a")
    vault.rotate()
    anew = vault.seal(vault.open(old, label="a"), label="a")
    vault.forget_old_keys()
    again = FileVault(tmp_path / "vault.key")
    assert again.open(anew, label="a") == b"secret"
    with pytest.raises(Unavailable, match="is not in"):
        again.open(old, label="a")
    assert (tmp_path / "vault.key").stat().st_mode & 0o077 == 0

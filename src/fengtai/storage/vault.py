"""Secrets at rest: AES-256-GCM under a key file outside the database (0600), made at first use.

The file holds one key a line, `<id> <base64>`; the last one seals, all of them open, so that keys can be rotated:
`rotate` adds one, and what is sealed again is sealed with it. Sealed bytes: format (1), key id (4), nonce (12),
ciphertext and tag; the label is bound to them as associated data.
"""

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fengtai.vocabulary.errors import Unavailable

FORMAT = b"\x01"
KEY_ID_BYTES, NONCE_BYTES, KEY_BYTES, TAG_BYTES = 4, 12, 32, 16
_HEAD_BYTES = len(FORMAT) + KEY_ID_BYTES + NONCE_BYTES


class FileVault:
    """Implements access.ports.Vault. One process writes the file; readers may be many."""

    def __init__(self, path: Path) -> None:
        """Raise Unavailable when there is a file that cannot be used: a fresh key would orphan every secret."""
        self._path = path
        self._keys = _read(path)
        if not self._keys:
            self.rotate()

    def seal(self, secret: bytes, *, label: str) -> bytes:
        key_id, key = list(self._keys.items())[-1]
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + key_id + nonce + AESGCM(key).encrypt(nonce, secret, label.encode())

    def open(self, sealed: bytes, *, label: str) -> bytes:
        """Raise Unavailable when the key is missing or the sealed bytes were changed."""
        if len(sealed) < _HEAD_BYTES + TAG_BYTES or sealed[:1] != FORMAT:
            raise Unavailable(f"the secret of {label} is not one that this vault sealed")
        key_id, nonce = sealed[1 : 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES : _HEAD_BYTES]
        key = self._keys.get(key_id)
        if key is None:
            raise Unavailable(f"the key {key_id.hex()} that sealed the secret of {label} is not in {self._path}")
        try:
            return AESGCM(key).decrypt(nonce, sealed[_HEAD_BYTES:], label.encode())
        except InvalidTag as error:
            raise Unavailable(f"the secret of {label} was changed, or belongs to something else") from error

    def rotate(self) -> None:
        """Add a new key; from now on it seals."""
        key_id = secrets.token_bytes(KEY_ID_BYTES)
        while key_id in self._keys:
            key_id = secrets.token_bytes(KEY_ID_BYTES)
        keys = {**self._keys, key_id: secrets.token_bytes(KEY_BYTES)}
        _write(self._path, keys)
        self._keys = keys

    def forget_old_keys(self) -> None:
        """Keep only the key that seals: whatever was sealed with another is lost, so seal it all anew first."""
        key_id = list(self._keys)[-1]
        keys = {key_id: self._keys[key_id]}
        _write(self._path, keys)
        self._keys = keys


def _read(path: Path) -> dict[bytes, bytes]:
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unavailable(f"the key file {path} cannot be read: {error}") from error
    keys: dict[bytes, bytes] = {}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            key_id, _, key = line.partition(" ")
            keys[bytes.fromhex(key_id)] = base64.b64decode(key, validate=True)
        except (ValueError, binascii.Error) as error:
            raise Unavailable(f"the key file {path} is damaged in line {number}") from error
    if not keys or any(len(key_id) != KEY_ID_BYTES or len(key) != KEY_BYTES for key_id, key in keys.items()):
        raise Unavailable(f"the key file {path} is empty or damaged")
    return keys


def _write(path: Path, keys: dict[bytes, bytes]) -> None:
    """The whole file anew, then renamed into place: a crash leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    with open(descriptor, "w") as file:
        file.writelines(f"{key_id.hex()} {base64.b64encode(key).decode()}\n" for key_id, key in keys.items())
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

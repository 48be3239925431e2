"""The key that signs audit checkpoints, in a file of its own beside them, outside the database (0600).

Signed notes after C2SP signed-note with Ed25519 (signature type 0x01). The public key lies beside it as a C2SP vkey
("<name>+<key hash>+<base64>"), to be carried away by the auditor: with it and the checkpoints nobody who owns the
database can rewrite the log unseen.
"""

import base64
import hashlib
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fengtai.vocabulary.errors import Unavailable

ED25519 = b"\x01"
SIGNING_KEY, NEXT_KEY = "signing-key.pem", "signing-key.next.pem"
CHANGES = "key-changes"
"""Notes of key changes, each signed by the key before: the auditor's tool follows them (`--key-changes`)."""
CHANGE = "key-change"


class AuditKey:
    """Implements audit.ports.CheckpointSigner. The key file is made at first start."""

    def __init__(self, folder: Path, origin: str) -> None:
        """Raise Unavailable when the key file cannot be read: then nothing is signed with another one by mistake."""
        if not origin or any(sign.isspace() or sign == "+" for sign in origin):
            raise ValueError("an origin has no spaces and no plus signs (C2SP signed-note)")
        self.origin, self._folder = origin, folder
        _finish_change(folder, origin)
        self._use(_read_or_make(folder / SIGNING_KEY))

    def _use(self, key: Ed25519PrivateKey) -> None:
        self._key, origin = key, self.origin
        self.public_key = public_key_text(origin, key)
        self._key_hash = bytes.fromhex(self.public_key[len(origin) + 1 :].split("+", 1)[0])
        if not (self._folder / CHANGES).exists():  # the first key stays the auditor's anchor; changes lead on from it
            (self._folder / "public-key").write_text(self.public_key + "\n")

    def sign(self, text: str) -> str:
        signature = base64.b64encode(self._key_hash + self._key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.origin} {signature}\n"

    def change(self, *, size: int, at: datetime) -> None:
        """A new key from now on. The old one signs that it follows, for logs of more than `size` lines (that of the last
        checkpoint), and is gone: 1 new key file  2 note in `key-changes`, fsynced  3 rename. A crash after 2 is finished
        at the next start; one before 2 has changed nothing."""
        new, place = Ed25519PrivateKey.generate(), self._folder / NEXT_KEY
        place.unlink(missing_ok=True)
        _write_key(place, new)
        moment = at.isoformat(timespec="seconds").replace("+00:00", "Z")
        note = self.sign(f"{self.origin}\n{CHANGE}\n{public_key_text(self.origin, new)}\n{size}\n{moment}\n")
        with (self._folder / CHANGES).open("ab") as file:
            file.write(note.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        place.replace(self._folder / SIGNING_KEY)
        _sync_folder(self._folder)
        self._use(new)


def public_key_text(origin: str, key: Ed25519PrivateKey) -> str:
    """C2SP vkey: `<name>+<key hash>+<base64 of type and key>`."""
    typed = ED25519 + key.public_key().public_bytes_raw()
    key_hash = hashlib.sha256(origin.encode() + b"\n" + typed).digest()[:4]
    return f"{origin}+{key_hash.hex()}+{base64.b64encode(typed).decode()}"


def _finish_change(folder: Path, origin: str) -> None:
    """A crash between note and rename left the next key beside the old one, and the note names it."""
    place = folder / NEXT_KEY
    if not place.is_file():
        return
    try:
        key = serialization.load_pem_private_key(place.read_bytes(), password=None)
        changes = (folder / CHANGES).read_text(encoding="utf-8") if (folder / CHANGES).is_file() else ""
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise Unavailable(f"the next audit key {place} cannot be read: {error}") from error
    if isinstance(key, Ed25519PrivateKey) and f"\n{public_key_text(origin, key)}\n" in changes:
        place.replace(folder / SIGNING_KEY)
        _sync_folder(folder)


def _read_or_make(path: Path) -> Ed25519PrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return _make(path)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise Unavailable(f"the audit key {path} cannot be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable(f"the audit key {path} is not an Ed25519 key")
    return key


def _make(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    _write_key(path, key)
    return key


def _write_key(path: Path, key: Ed25519PrivateKey) -> None:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(encoding, form, serialization.NoEncryption())
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

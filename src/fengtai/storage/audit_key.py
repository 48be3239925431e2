"""The key that signs audit checkpoints, in a file of its own beside them, outside the database (0600).

Signed notes after C2SP signed-note with Ed25519 (signature type 0x01). The public key lies beside it as a C2SP vkey
("<name>+<key hash>+<base64>"), to be carried away by the auditor: with it and the checkpoints nobody who owns the
database can rewrite the log unseen.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fengtai.vocabulary.errors import Unavailable

ED25519 = b"\x01"


class AuditKey:
    """Implements audit.ports.CheckpointSigner. The key file is made at first start."""

    def __init__(self, folder: Path, origin: str) -> None:
        """Raise Unavailable when the key file cannot be read: then nothing is signed with another one by mistake."""
        if not origin or any(sign.isspace() or sign == "+" for sign in origin):
            raise ValueError("an origin has no spaces and no plus signs (C2SP signed-note)")
        self.origin = origin
        self._key = _read_or_make(folder / "signing-key.pem")
        public = self._key.public_key().public_bytes_raw()
        self._key_hash = hashlib.sha256(origin.encode() + b"\n" + ED25519 + public).digest()[:4]
        self.public_key = f"{origin}+{self._key_hash.hex()}+{base64.b64encode(ED25519 + public).decode()}"
        (folder / "public-key").write_text(self.public_key + "\n")

    def sign(self, text: str) -> str:
        signature = base64.b64encode(self._key_hash + self._key.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.origin} {signature}\n"


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
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(encoding, form, serialization.NoEncryption())
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    return key

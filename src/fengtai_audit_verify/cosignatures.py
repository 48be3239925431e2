"""What a witness adds to a checkpoint: C2SP tlog-cosignature, "cosignature/v1", Ed25519 (signature type 0x04).

It says: at this moment I saw this checkpoint, and every one that I had seen before is its beginning.
"""

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fengtai_audit_verify.checkpoints import DASH, Checkpoint, Unreadable

COSIGNED = b"\x04"
TIME_BYTES = 8


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + COSIGNED + public).digest()[:4]


def _message(text: str, at_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {at_seconds}\n{text}".encode()


class WitnessKey:
    """`<name>+<key hash>+<base64 of 0x04 and the public key>`, as the witness tells it to the auditor."""

    def __init__(self, text: str) -> None:
        """Raise Unreadable."""
        try:
            self.name, key_hash, encoded = text.strip().split("+", 2)
            typed = base64.b64decode(encoded, validate=True)
            self._key = Ed25519PublicKey.from_public_bytes(typed[1:])
        except ValueError as error:
            raise Unreadable(f"not a witness's key in the form name+hash+key: {error}") from error
        self._hash = _key_hash(self.name, typed[1:])
        if typed[:1] != COSIGNED or self._hash.hex() != key_hash:
            raise Unreadable("the witness's key is of another type, or its hash is wrong")

    def saw(self, checkpoint: Checkpoint) -> int | None:
        """When (seconds since 1970 UTC) this witness saw the checkpoint; None when it does not say so."""
        text, _, signatures = checkpoint.note.partition("\n\n")
        for line in signatures.splitlines():
            name, _, encoded = line.removeprefix(DASH).rpartition(" ")
            try:
                told = base64.b64decode(encoded, validate=True)
                if name != self.name or told[:4] != self._hash:
                    continue
                at_seconds = int.from_bytes(told[4 : 4 + TIME_BYTES], "big")
                self._key.verify(told[4 + TIME_BYTES :], _message(text + "\n", at_seconds))
            except (ValueError, InvalidSignature):
                continue
            return at_seconds
        return None


class WitnessSigner:
    """The witness's own key: a PEM file that only its owner reads, made when it is not there."""

    def __init__(self, name: str, path: Path) -> None:
        """Raise Unreadable."""
        if not name or any(sign.isspace() or sign == "+" for sign in name):
            raise Unreadable("a witness's name has no blanks and no +")
        self._name = name
        try:
            self._key = _loaded(path) if path.exists() else _made(path)
        except (OSError, ValueError) as error:
            raise Unreadable(f"the witness's key {path} cannot be used: {error}") from error
        self._public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def verifier(self) -> str:
        """What the auditor is given."""
        typed = base64.b64encode(COSIGNED + self._public).decode()
        return f"{self._name}+{_key_hash(self._name, self._public).hex()}+{typed}"

    def line(self, text: str, at_seconds: int) -> str:
        """The signature line over a checkpoint's text."""
        signed = at_seconds.to_bytes(TIME_BYTES, "big") + self._key.sign(_message(text, at_seconds))
        return f"{DASH}{self._name} {base64.b64encode(_key_hash(self._name, self._public) + signed).decode()}\n"


def _loaded(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("it is no Ed25519 key")
    return key


def _made(path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return key

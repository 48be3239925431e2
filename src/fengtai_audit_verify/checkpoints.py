"""Signed checkpoints: C2SP tlog-checkpoint in C2SP signed-note, Ed25519 (signature type 0x01).

A file of them is note after note, each followed by an empty line.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = b"\x01"
DASH = "\u2014 "


class Unreadable(Exception):
    """What was given cannot be read at all: there is nothing to check."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    number: int
    """place in the file, from 1"""
    origin: str
    size: int
    root: bytes
    is_signed: bool
    """by the given key, over exactly this text"""
    at_ms: int | None = None
    """the moment that its extension line tells, ms since 1970 UTC"""
    note: str = ""
    """text and signatures, as it stands in the book: what a time stamp is over"""


class VerifierKey:
    """The public key as C2SP writes it: `<name>+<key hash, 8 hexadecimal digits>+<base64 of type and key>`."""

    def __init__(self, text: str) -> None:
        """Raise Unreadable."""
        try:
            self.name, key_hash, encoded = text.strip().split("+", 2)
            typed = base64.b64decode(encoded, validate=True)
            self._key = Ed25519PublicKey.from_public_bytes(typed[1:])
        except ValueError as error:
            raise Unreadable(f"not a public key in the form name+hash+key: {error}") from error
        self._hash = hashlib.sha256(self.name.encode() + b"\n" + typed).digest()[:4]
        if typed[:1] != ED25519 or self._hash.hex() != key_hash:
            raise Unreadable("the public key's type or its hash is wrong")

    def signed_at(self, size: int, text: str, signatures: list[str]) -> bool:
        """One key for logs of every size."""
        return self.signed(text, signatures)

    def signed(self, text: str, signatures: list[str]) -> bool:
        """Whether one of the signature lines is this key's over the text."""
        return any(self._is_mine(text, line) for line in signatures)

    def _is_mine(self, text: str, line: str) -> bool:
        name, _, encoded = line.removeprefix(DASH).rpartition(" ")
        try:
            told = base64.b64decode(encoded, validate=True)
        except ValueError:
            return False
        if not line.startswith(DASH) or name != self.name or told[:4] != self._hash:
            return False
        try:
            self._key.verify(told[4:], text.encode())
        except InvalidSignature:
            return False
        return True


class Signer(Protocol):
    """Whoever may have signed: one key, or keys that followed each other."""

    def signed_at(self, size: int, text: str, signatures: list[str]) -> bool: ...


def read_checkpoints(file_text: str, key: Signer) -> tuple[list[Checkpoint], bool]:
    """All complete notes, and whether the last one is cut short. Raise Unreadable for what is no checkpoint."""
    found = []
    torn = False
    for number, (text, signatures) in enumerate(notes(file_text), 1):
        if signatures is None:
            torn = True
            break
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        except (ValueError, IndexError) as error:
            raise Unreadable(f"note {number} of the checkpoints is not a checkpoint: {error}") from error
        signed = key.signed_at(size, text, signatures)
        note = text + "\n" + "".join(f"{line}\n" for line in signatures)
        found.append(Checkpoint(number, origin, size, root, signed, _moment_ms(lines[3:]), note))
    return found, torn


def _moment_ms(extension: list[str]) -> int | None:
    for line in extension:
        try:
            at = datetime.strptime(line, "at %Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        except ValueError:
            continue
        return round(at.timestamp() * 1000)
    return None


def notes(file_text: str) -> Iterator[tuple[str, list[str] | None]]:
    """(text with its last newline, signature lines); None as signatures when the end is missing."""
    at = 0
    while at < len(file_text):
        middle = file_text.find("\n\n", at)
        end = file_text.find("\n\n", middle + 2) if middle >= 0 else -1
        if end < 0:
            yield file_text[at:], None
            return
        yield file_text[at : middle + 1], file_text[middle + 2 : end].split("\n")
        at = end + 2

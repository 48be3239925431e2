"""What access needs from outside."""

from typing import Protocol


class Vault(Protocol):
    """Seals secrets at rest (device passwords, panel keys, TOTP seeds) under a key file outside the database."""

    def seal(self, secret: bytes, *, label: str) -> bytes:
        """`label` says whose secret it is ("panel-account:1234"); the same label must be given to open it."""

    def open(self, sealed: bytes, *, label: str) -> bytes:
        """Raise Unavailable when the key is missing or the sealed bytes were changed."""

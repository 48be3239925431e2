"""Objects (clips, exports, snapshots): bytes under a key. The small face that local files and S3 share.

A key is a path of plain names. What a person or a device typed never becomes a key.
"""

import re
from collections.abc import AsyncIterator
from typing import Protocol

from fengtai.vocabulary.errors import Invalid

LONGEST_KEY = 512
PIECE_BYTES = 1 << 18
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


class ObjectStore(Protocol):
    """Raises NotFound for a key that is not there, Unavailable when the store does not answer, Invalid for a bad key."""

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        """Durable on return. Writes over what was there, at once and whole."""

    async def get(self, key: str) -> bytes: ...

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (not included), in pieces."""

    async def size_bytes(self, key: str) -> int: ...

    async def delete(self, key: str) -> None:
        """Nothing happens when it is not there."""

    def listed(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys below this folder of the tree ("" for all), in no order."""


def checked_key(key: str) -> str:
    """Raise Invalid for what is not a path of plain names: no dots first, no doubled or outer slashes."""
    if len(key) > LONGEST_KEY or not _KEY.fullmatch(key):
        raise Invalid(f"{key[:60]!r} is not an object key", field="key")
    return key

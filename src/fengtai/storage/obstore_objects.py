"""What a folder and a bucket have in common: objects through obstore, with its errors told in our words.

What the store says when it fails is told as Unavailable, without addresses that hold a secret.
"""

from collections.abc import AsyncIterator
from typing import Any

import obstore
from obstore.exceptions import BaseError

from fengtai.storage.objects import PIECE_BYTES, checked_key
from fengtai.vocabulary.errors import NotFound, Unavailable


class ObstoreObjects:
    """Implements storage.objects.ObjectStore over one of obstore's stores."""

    def __init__(self, store: Any) -> None:
        self._store = store

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        """A stream goes in by parts: a failure in the middle leaves what was there."""
        try:
            await obstore.put_async(self._store, checked_key(key), content)
        except (OSError, BaseError) as error:
            raise unavailable(key, "kept", error) from error

    async def get(self, key: str) -> bytes:
        return b"".join([piece async for piece in self.stream(key)])

    async def stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        size = await self.size_bytes(key)
        until = size if end is None else min(end, size)
        while start < until:
            stop = min(start + PIECE_BYTES, until)
            try:
                piece = await obstore.get_range_async(self._store, key, start=start, end=stop)
            except FileNotFoundError as error:
                raise NotFound(f"there is no object {key}") from error
            except (OSError, BaseError) as error:
                raise unavailable(key, "read", error) from error
            yield bytes(piece)
            if len(piece) < stop - start:
                return
            start = stop

    async def size_bytes(self, key: str) -> int:
        try:
            found = await obstore.head_async(self._store, checked_key(key))
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {key}") from error
        except (OSError, BaseError) as error:
            raise unavailable(key, "read", error) from error
        return int(found["size"])

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, checked_key(key))
        except FileNotFoundError:
            return
        except (OSError, BaseError) as error:
            raise unavailable(key, "removed", error) from error

    async def listed(self, prefix: str = "") -> AsyncIterator[str]:
        async for found in self._found(prefix):
            yield str(found["path"])

    async def settled_keys(self, before_seconds: float) -> AsyncIterator[str]:
        """Keys of what was last written before this moment (seconds since 1970 UTC)."""
        async for found in self._found(""):
            if found["last_modified"].timestamp() < before_seconds:
                yield str(found["path"])

    async def _found(self, prefix: str) -> AsyncIterator[Any]:
        try:
            async for page in obstore.list(self._store, prefix=prefix or None):
                for found in page:
                    yield found
        except (OSError, BaseError) as error:
            raise unavailable(prefix or "list", "listed", error) from error


def unavailable(key: str, done: str, error: Exception) -> Unavailable:
    """The error's first line: what follows may be a dump of the request."""
    told = next(iter(str(error).splitlines()), type(error).__name__)[:200]
    return Unavailable(f"the object {key} cannot be {done}: {told}")

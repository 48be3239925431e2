"""Objects in a local folder, through obstore; fsynced, because a clip is evidence."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore

from fengtai.storage.objects import PIECE_BYTES, checked_key
from fengtai.vocabulary.errors import NotFound, Unavailable


class LocalFiles:
    """Implements storage.objects.ObjectStore."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._store = LocalStore(folder)

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        try:
            await obstore.put_async(self._store, checked_key(key), content)
            await asyncio.to_thread(_sync, self._folder, self._folder / key)
        except OSError as error:
            raise Unavailable(f"the object {key} cannot be kept: {error}") from error

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
            except OSError as error:
                raise Unavailable(f"the object {key} cannot be read: {error}") from error
            yield bytes(piece)
            if len(piece) < stop - start:
                return
            start = stop

    async def size_bytes(self, key: str) -> int:
        try:
            found = await obstore.head_async(self._store, checked_key(key))
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {key}") from error
        except OSError as error:
            raise Unavailable(f"the object {key} cannot be read: {error}") from error
        return int(found["size"])

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, checked_key(key))
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"the object {key} cannot be removed: {error}") from error

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
        except OSError as error:
            raise Unavailable(f"the folder {self._folder} cannot be listed: {error}") from error


def _sync(root: Path, path: Path) -> None:
    """The file, and every folder from it up to the root: any of them may be new."""
    for one in (path, *path.relative_to(root).parents):
        descriptor = os.open(root / one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

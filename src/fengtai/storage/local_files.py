"""Objects in a local folder; fsynced, because a clip is evidence."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from obstore.store import LocalStore

from fengtai.storage.obstore_objects import ObstoreObjects, unavailable


class LocalFiles(ObstoreObjects):
    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(LocalStore(folder))
        self._folder = folder

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        await super().put(key, content)
        try:
            await asyncio.to_thread(_sync, self._folder, self._folder / key)
        except OSError as error:
            raise unavailable(key, "kept", error) from error


def _sync(root: Path, path: Path) -> None:
    """The file, and every folder from it up to the root: any of them may be new."""
    for one in (path, *path.relative_to(root).parents):
        descriptor = os.open(root / one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

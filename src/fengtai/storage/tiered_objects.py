"""Objects that are made in a local folder and live in a second store (S3): moved there one by one, read from wherever.

Move: 1 put into the second store  2 read it back and compare size and SHA-256  3 delete the local one. A crash between
any two steps leaves the object in at least one place; in both, the local one is read, and the next round ends the move.
While the second store does not answer, objects stay local: nothing is lost, and `waiting` says how many.
"""

import hashlib
from collections.abc import AsyncIterator

import structlog

from fengtai.storage.local_files import LocalFiles
from fengtai.storage.objects import ObjectStore
from fengtai.vocabulary.errors import NotFound, Unavailable

log = structlog.get_logger()

MOVES_A_ROUND = 50


class TieredObjects:
    """Implements storage.objects.ObjectStore."""

    def __init__(self, local: LocalFiles, remote: ObjectStore) -> None:
        self._local, self._remote = local, remote
        self.waiting = 0
        self.fault = ""

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None:
        await self._local.put(key, content)

    async def get(self, key: str) -> bytes:
        return await (await self._place(key)).get(key)

    async def stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        place = await self._place(key)
        given = 0
        try:
            async for piece in place.stream(key, start=start, end=end):
                given += len(piece)
                yield piece
            return
        except NotFound:
            if place is self._remote:
                raise
        async for piece in self._remote.stream(key, start=start + given, end=end):  # moved while it was read
            yield piece

    async def size_bytes(self, key: str) -> int:
        return await (await self._place(key)).size_bytes(key)

    async def delete(self, key: str) -> None:
        await self._remote.delete(key)
        await self._local.delete(key)

    async def listed(self, prefix: str = "") -> AsyncIterator[str]:
        local = {key async for key in self._local.listed(prefix)}
        for key in local:
            yield key
        async for key in self._remote.listed(prefix):
            if key not in local:
                yield key

    async def move_settled(self, older_than_seconds: float, now_seconds: float) -> int:
        """Move what has not been written to for so long; how many. Stops at the first that fails, and says so."""
        settled = [key async for key in self._local.settled_keys(now_seconds - older_than_seconds)]
        moved = 0
        for key in settled[:MOVES_A_ROUND]:
            try:
                await self._move(key)
            except (Unavailable, NotFound) as error:
                self.fault = str(error)
                log.warning("objects.move_failed", key=key, error=str(error))
                break
            self.fault = ""
            moved += 1
        self.waiting = len(settled) - moved
        return moved

    async def _move(self, key: str) -> None:
        size = await self._local.size_bytes(key)
        await self._remote.put(key, self._local.stream(key))
        here, there = await digest_of(self._local, key), await digest_of(self._remote, key)
        if here != there or here[1] != size:
            await self._remote.delete(key)
            raise Unavailable(f"the object {key} came back from the second store with other bytes")
        await self._local.delete(key)

    async def _place(self, key: str) -> ObjectStore:
        try:
            await self._local.size_bytes(key)
        except NotFound:
            return self._remote
        return self._local


async def digest_of(store: ObjectStore, key: str) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    async for piece in store.stream(key):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size

"""Time-stamp tokens over checkpoints: one file for each, `<size>.tsr` (RFC 3161, 2.4.2, DER), outside the database.

A file is written whole or not at all, and never written again.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from fengtai.vocabulary.errors import Unavailable

SUFFIX = ".tsr"


class TokenFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def sizes(self) -> Sequence[int]:
        """The sizes of the checkpoints that have a token, smallest first."""
        return await asyncio.to_thread(self._sizes)

    async def read(self, size: int) -> bytes:
        """Raise Unavailable."""
        return await asyncio.to_thread(self._read, size)

    async def keep(self, size: int, token: bytes) -> None:
        """Return when it is durable. Raise Unavailable."""
        await asyncio.to_thread(self._keep, size, token)

    def _sizes(self) -> list[int]:
        try:
            names = [path.stem for path in self._folder.glob(f"*{SUFFIX}")]
        except OSError as error:
            raise Unavailable(f"the folder of time stamps {self._folder} cannot be read: {error}") from error
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def _place(self, size: int) -> Path:
        return self._folder / f"{size:012d}{SUFFIX}"

    def _read(self, size: int) -> bytes:
        try:
            return self._place(size).read_bytes()
        except OSError as error:
            raise Unavailable(f"the time stamp over {size} lines cannot be read: {error}") from error

    def _keep(self, size: int, token: bytes) -> None:
        place = self._place(size)
        half = place.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with half.open("wb") as file:
                file.write(token)
                file.flush()
                os.fsync(file.fileno())
            os.link(half, place)  # fails where there is one already: a token is never replaced
            half.unlink()
            _sync_folder(self._folder)
        except FileExistsError:
            half.unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"the time stamp {place} cannot be written: {error}") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The book of audit checkpoints: signed notes one after the other in an append-only file, fsynced, outside the database.

Each note ends with an empty line. A note that a crash cut short is removed before the next one is written: its
checkpoint was never told to anybody.
"""

import asyncio
import os
from pathlib import Path

import structlog

from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()


class FileCheckpointBook:
    """Implements audit.ports.CheckpointBook."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def last(self) -> str | None:
        return await asyncio.to_thread(self._last)

    async def append(self, note: str) -> None:
        await asyncio.to_thread(self._append, note)

    async def peek(self) -> str | None:
        """As `last`, for whoever looks on while another process writes: a note that is being written is left alone."""
        return await asyncio.to_thread(lambda: self._last(mends=False))

    def _last(self, *, mends: bool = True) -> str | None:
        try:
            written = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"the book of checkpoints {self._path} cannot be read: {error}") from error
        notes, whole_bytes = _whole_notes(written)
        if mends and whole_bytes < len(written):
            log.warning("checkpoints.torn", path=str(self._path), cut_bytes=len(written) - whole_bytes)
            os.truncate(self._path, whole_bytes)
        return notes[-1] if notes else None

    def _append(self, note: str) -> None:
        try:
            is_new = not self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(note.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                _sync_folder(self._path.parent)
        except OSError as error:
            raise Unavailable(f"the book of checkpoints {self._path} cannot be written: {error}") from error


def _whole_notes(written: bytes) -> tuple[list[str], int]:
    """The complete notes, and how many bytes they take."""
    notes: list[str] = []
    at = 0
    while (end_of_text := written.find(b"\n\n", at)) >= 0:
        end = written.find(b"\n\n", end_of_text + 2)
        if end < 0:
            break
        notes.append(written[at : end + 1].decode())
        at = end + 2
    return notes, at


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
